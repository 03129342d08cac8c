import { Directive, Field, ID, ObjectType } from "type-graphql";
import { connectionType } from "#shared/graphql/pagination.ts";

/** A run whose kind is SKILL, as those see it who use a skill: there is no second record of it. Its object is that of the run. */
@Directive('@key(fields: "id")')
@ObjectType({
  description:
    "A skill at work: a view of a run whose kind is SKILL. It has the run's id; status, output, steps, usage and events are run's.",
})
export class SkillRun {
  @Field(() => ID, { description: "The id of the run." })
  id!: string;

  @Field(() => Date, { description: "When it was created." })
  createdAt!: Date;
}

/** Pages of skill runs. */
export const SkillRunConnection = connectionType("SkillRun", () => SkillRun);
