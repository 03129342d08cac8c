import { Directive, Field, ID, ObjectType } from "type-graphql";

/** A run, by its key; the runtime subgraph has the rest. */
@Directive('@key(fields: "id", resolvable: false)')
@ObjectType("Run")
export class RunStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}
