import { Directive, Field, ID, ObjectType } from "type-graphql";

/** A tool binding of the tool subgraph, by id. */
@Directive('@key(fields: "id", resolvable: false)')
@ObjectType("ToolBinding", { description: "A tool, bound to a configuration." })
export class ToolBindingStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}
