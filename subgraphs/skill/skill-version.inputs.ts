import { Field, ID, InputType } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
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
      "TEMPLATE: { template }. CODE: { language: python or javascript, code }. HTTP: { tool_binding_id, ... }. PROMPT: { prompt, system_prompt?, model? }. At most 256 KiB. The binding of HTTP must be there (NOT_FOUND), and its tool not archived (CONFLICT, TOOL_ARCHIVED).",
  })
  implementation!: JsonObject;
}

/** One file of a folder. */
@InputType({ description: "One file of a skill's folder." })
export class SkillFileInput {
  @Field(() => String, { description: "Where it is in the folder, with / between the parts, such as scripts/sum.py: 1 to 200 characters." })
  path!: string;

  @OwnLimit()
  @Field(() => String, { description: "What is in it, in base64." })
  contentBase64!: string;
}

/** A folder that becomes a version of a skill. */
@InputType({
  description:
    "A folder in the open Agent Skills format, which becomes the skill's next version: at most 200 files and 3 MiB once unpacked. Give zipBase64 or files.",
})
export class ImportSkillInput {
  @Field(() => ID, { description: "The skill; NOT_FOUND where there is none." })
  skillId!: string;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "A ZIP archive of the folder, or of what is in it, in base64." })
  zipBase64?: string | null;

  @OwnLimit()
  @Field(() => [SkillFileInput], { nullable: true, description: "The folder's files." })
  files?: SkillFileInput[] | null;

  @Field(() => SkillVersionStatus, { defaultValue: SkillVersionStatus.DRAFT, nullable: true, description: "DRAFT or PUBLISHED." })
  status?: SkillVersionStatus | null;

  @Field(() => String, {
    nullable: true,
    description:
      "1 to 200 characters. Asking again with it and the same input gives the first version; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED.",
  })
  idempotencyKey?: string | null;
}
