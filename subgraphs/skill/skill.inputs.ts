import { Field, InputType } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { SkillStatus } from "./skill.entity.ts";

/** A new skill. */
@InputType({ description: "A new skill." })
export class CreateSkillInput {
  @Field(() => String, { description: "Unique in the tenant: 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first." })
  code!: string;

  @Field(() => String, { description: "For people: 1 to 200 characters." })
  name!: string;

  @Field(() => String, { defaultValue: "template", nullable: true, description: "A word for clients: 1 to 64 characters." })
  skillType?: string | null;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "For people: up to 5,000 characters." })
  description?: string | null;
}

/** What to change; what is left out stays. */
@InputType({ description: "What to change of a skill; what is left out stays." })
export class UpdateSkillInput {
  @Field(() => String, { nullable: true, description: "For people: 1 to 200 characters; null leaves it." })
  name?: string | null;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "For people: up to 5,000 characters; null clears it." })
  description?: string | null;

  @Field(() => SkillStatus, {
    nullable: true,
    description: "ARCHIVED hides nothing; it says that the skill is no longer in use. null leaves it.",
  })
  status?: SkillStatus | null;
}
