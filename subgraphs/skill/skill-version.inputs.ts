import { Field, ID, InputType } from "type-graphql";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { SkillRuntimeType } from "./runtime-type.ts";
import { SkillVersionStatus } from "./skill-version.entity.ts";

/** A new version of a skill, never changed again. */
@InputType({ description: "A new version of a skill; it is never changed again." })
export class CreateSkillVersionInput {
  @Field(() => ID, { description: "The skill." })
  skillId!: string;

  @Field(() => SkillVersionStatus, { defaultValue: SkillVersionStatus.DRAFT, nullable: true, description: "DRAFT or PUBLISHED." })
  status?: SkillVersionStatus | null;

  @Field(() => SkillRuntimeType, { description: "How the skill is done." })
  runtimeType!: SkillRuntimeType;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description: "JSON Schema of what the skill takes; {} (anything) unless given. At most 64 KiB.",
  })
  parameterSchema?: JsonObject | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description: "JSON Schema of what the skill gives; {} (anything) unless given. At most 64 KiB.",
  })
  outputSchema?: JsonObject | null;

  @Field(() => JsonObjectScalar, {
    description:
      "TEMPLATE: { template }. CODE: { language: python or javascript, code }. HTTP: { tool_binding_id, ... }. PROMPT: { prompt, system_prompt?, model? }. At most 256 KiB.",
  })
  implementation!: JsonObject;
}
