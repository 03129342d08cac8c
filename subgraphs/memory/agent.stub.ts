import { Directive, Field, ID, ObjectType } from "type-graphql";

/** An agent of the agent subgraph, by id. */
@Directive('@key(fields: "id")')
@ObjectType("Agent", { description: "Who does work with a model." })
export class AgentStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}
