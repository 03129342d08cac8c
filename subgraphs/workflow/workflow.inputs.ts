import { Field, ID, InputType } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { JsonScalar } from "#shared/graphql/scalars.ts";
import type { Json } from "#shared/json.ts";
import { VersionStatus } from "./version-status.ts";

/** A new workflow. */
@InputType({ description: "A new workflow of an app." })
export class CreateWorkflowInput {
  @Field(() => ID, { description: "The app it belongs to." })
  appId!: string;

  @Field(() => String, { description: "Unique in the app: 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first." })
  code!: string;

  @Field(() => String, { description: "For people: 1 to 200 characters." })
  name!: string;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "For people: up to 5,000 characters." })
  description?: string | null;
}

/** What to change; what is left out stays. */
@InputType({ description: "What to change of a workflow; what is left out stays." })
export class UpdateWorkflowInput {
  @Field(() => String, { nullable: true, description: "For people: 1 to 200 characters; null leaves it." })
  name?: string | null;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "For people: up to 5,000 characters; null clears it." })
  description?: string | null;
}

/** A new version: a DSL document that is never changed again. */
@InputType({ description: "A new version of a workflow: a DSL document that is never changed again." })
export class CreateWorkflowVersionInput {
  @Field(() => ID, { description: "The workflow." })
  workflowId!: string;

  @Field(() => JsonScalar, { description: "{ nodes: [{ id, type, config }], edges: [{ source, target, condition? }] }, at most 1 MiB." })
  dsl!: Json;

  @Field(() => VersionStatus, { defaultValue: VersionStatus.DRAFT, nullable: true, description: "DRAFT or PUBLISHED." })
  status?: VersionStatus | null;
}
