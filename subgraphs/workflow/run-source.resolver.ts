import { Arg, Ctx, Directive, Field, ID, InputType, ObjectType, Query, Resolver } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { JsonScalar } from "#shared/graphql/scalars.ts";
import type { Json } from "#shared/json.ts";
import { findRunSource, type RunSourceRow } from "./run-source.service.ts";
import type { WorkflowContext } from "./workflow.context.ts";

/** The ids that a run was asked for with. */
@InputType({ description: "The ids that a run was asked for with." })
@Directive("@inaccessible")
class RunSourceInput {
  @Field(() => ID, { nullable: true, description: "The app, where it was named." })
  appId?: string | null;

  @Field(() => ID, { nullable: true, description: "The app version, where it was named." })
  appVersionId?: string | null;

  @Field(() => ID, { nullable: true, description: "The workflow, whose published version is meant unless a version is named." })
  workflowId?: string | null;

  @Field(() => ID, { nullable: true, description: "The version, where it was named." })
  workflowVersionId?: string | null;

  @Field(() => [ID], { description: "Versions whose documents the caller has; they are left out." })
  knownVersionIds!: string[];
}

/** What decides whether and what a run may run. */
@ObjectType({ description: "What decides whether and what a run may run; null where there is no such thing." })
@Directive("@inaccessible")
class RunSource implements RunSourceRow {
  @Field(() => ID, { nullable: true, description: "The version." })
  versionId!: string | null;

  @Field(() => String, { nullable: true, description: "DRAFT, PUBLISHED or ARCHIVED." })
  versionStatus!: string | null;

  @Field(() => JsonScalar, { nullable: true, description: "The version's document; null for a known one." })
  dsl!: Json;

  @Field(() => ID, { nullable: true, description: "The version's workflow, else the one that was named." })
  workflowId!: string | null;

  @Field(() => ID, { nullable: true, description: "The workflow's app." })
  workflowAppId!: string | null;

  @Field(() => Boolean, { nullable: true, description: "Whether the workflow was deleted." })
  workflowDeleted!: boolean | null;

  @Field(() => ID, { nullable: true, description: "The app that was named." })
  appId!: string | null;

  @Field(() => ID, { nullable: true, description: "The app version that was named." })
  appVersionId!: string | null;

  @Field(() => ID, { nullable: true, description: "Its app." })
  appVersionAppId!: string | null;
}

/** For the runtime subgraph only; the public graph does not have it. */
@Resolver()
export class RunSourceResolver {
  @Needs("workflow:read")
  @Query(() => RunSource, { description: "Internal: everything that createRun needs to know, in one read." })
  @Directive("@inaccessible")
  runSource(@Arg("input", () => RunSourceInput) input: RunSourceInput, @Ctx() context: WorkflowContext): Promise<RunSourceRow> {
    return findRunSource(context, input);
  }
}
