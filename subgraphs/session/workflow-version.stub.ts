import { Directive, Field, ID, ObjectType } from "type-graphql";

/** A workflow version, by its key; the workflow subgraph has the rest. */
@Directive('@key(fields: "id", resolvable: false)')
@ObjectType("WorkflowVersion")
export class WorkflowVersionStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}
