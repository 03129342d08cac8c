import { Directive, Field, ID, ObjectType } from "type-graphql";

/** A tool binding of the tool subgraph, by id. */
@Directive('@key(fields: "id", resolvable: false)')
@ObjectType("ToolBinding")
export class ToolBindingStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}
