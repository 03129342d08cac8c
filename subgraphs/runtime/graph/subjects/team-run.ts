import { Directive, Field, ID, ObjectType } from "type-graphql";
import { connectionType } from "#shared/graphql/pagination.ts";

/** A run whose kind is TEAM, as those see it who ask a team: there is no second record of it. Its object is that of the run. */
@Directive('@key(fields: "id")')
@ObjectType({
  description:
    "A team at work: a view of a run whose kind is TEAM. It has the run's id; status, output, steps, usage and events are run's.",
})
export class TeamRun {
  @Field(() => ID, { description: "The id of the run." })
  id!: string;

  @Field(() => Date, { description: "When it was created." })
  createdAt!: Date;
}

/** Pages of team runs. */
export const TeamRunConnection = connectionType("TeamRun", () => TeamRun);
