import { Directive, Field, ID, ObjectType } from "type-graphql";
import { connectionType } from "#shared/graphql/pagination.ts";

/** A run whose kind is AGENT, as those see it who ask an agent: there is no second record of it. Its object is that of the run. */
@Directive('@key(fields: "id")')
@ObjectType({
  description:
    "An agent at work: a view of a run whose kind is AGENT. It has the run's id; status, output, steps, usage and events are run's.",
})
export class AgentRun {
  @Field(() => ID, { description: "The id of the run." })
  id!: string;

  @Field(() => Date, { description: "When it was created." })
  createdAt!: Date;
}

/** Pages of agent runs. */
export const AgentRunConnection = connectionType("AgentRun", () => AgentRun);
