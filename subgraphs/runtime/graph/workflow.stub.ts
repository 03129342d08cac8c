import { Directive, Field, ID, ObjectType } from "type-graphql";

/** A workflow, by its key; this subgraph adds its runs. */
@Directive('@key(fields: "id")')
@ObjectType("Workflow")
export class WorkflowStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}

/** A workflow version, by its key; the workflow subgraph has the rest. */
@Directive('@key(fields: "id", resolvable: false)')
@ObjectType("WorkflowVersion")
export class WorkflowVersionStub {
  @Field(() => ID, { description: "Opaque id." })
  id!: string;
}
