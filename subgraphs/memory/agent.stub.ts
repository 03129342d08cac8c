import { Directive, Field, ID, ObjectType } from "type-graphql";

/** An agent of the agent subgraph, by id. */
@Directive('@key(fields: "id")')
@ObjectType("Agent")
export class AgentStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}
