import { Directive, Field, ID, ObjectType } from "type-graphql";

/** An agent, by its key; this subgraph adds its runs. */
@Directive('@key(fields: "id")')
@ObjectType("Agent")
export class AgentStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}

/** An agent version, by its key; the agent subgraph has the rest. */
@Directive('@key(fields: "id", resolvable: false)')
@ObjectType("AgentVersion")
export class AgentVersionStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}
