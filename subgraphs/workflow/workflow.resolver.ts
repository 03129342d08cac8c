import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { Costs, heavyPoints } from "#shared/graphql/cost.ts";
import { Needs } from "#shared/graphql/needs.ts";
import { JsonObjectScalar, JsonScalar } from "#shared/graphql/scalars.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { connectionType, listPage, PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { App } from "./app.entity.ts";
import { DslIssueType } from "./dsl-issue.ts";
import { WorkflowVersion } from "./workflow-version.entity.ts";
import type { WorkflowContext } from "./workflow.context.ts";
import { Workflow } from "./workflow.entity.ts";
import { CreateWorkflowInput, CreateWorkflowVersionInput, UpdateWorkflowInput } from "./workflow.inputs.ts";
import * as service from "./workflow.service.ts";

/** Pages of workflows; apps have them too. */
export const WorkflowConnection = connectionType("Workflow", () => Workflow);
const WorkflowVersionConnection = connectionType("WorkflowVersion", () => WorkflowVersion);

/** Workflows in the graph. */
@Resolver(() => Workflow)
export class WorkflowResolver {
  @Needs("workflow:read")
  @Query(() => Workflow, { nullable: true, description: "A workflow by id, deleted ones too; null where there is none." })
  workflow(
    @Arg("id", () => ID, { description: "The workflow's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: WorkflowContext,
  ): Promise<Workflow | null> {
    return loaders.workflow.load(id);
  }

  @Needs("workflow:read")
  @Query(() => Workflow, { nullable: true, description: "A workflow by its code in an app; null where there is none." })
  workflowByCode(
    @Arg("appId", () => ID, { description: "The app that the workflow belongs to." }) appId: string,
    @Arg("code", () => String, { description: "The workflow's code; case counts." }) code: string,
    @Ctx() { db }: WorkflowContext,
  ): Promise<Workflow | null> {
    return db.read(({ em }) => em.findOne(Workflow, { appId, code, deletedAt: null }));
  }

  @Needs("workflow:read")
  @Query(() => WorkflowConnection, { nullable: true, description: "The tenant's workflows, or those of one app, newest first." })
  workflows(
    @Arg("appId", () => ID, { nullable: true, description: "Only workflows of this app." }) appId: string | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { db }: WorkflowContext,
  ): Promise<Connection<Workflow>> {
    return db.read(({ em }) => listPage(em, Workflow, page, { where: { deletedAt: null, ...(appId != null && { appId }) } }));
  }

  @Needs("workflow:read")
  @Query(() => WorkflowVersion, { nullable: true, description: "A workflow version by id; null where there is none." })
  workflowVersion(
    @Arg("id", () => ID, { description: "The workflow version's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: WorkflowContext,
  ): Promise<WorkflowVersion | null> {
    return loaders.workflowVersion.load(id);
  }

  @Needs("workflow:read")
  @Costs(heavyPoints)
  @Query(() => [DslIssueType], {
    nullable: true,
    description: "Every problem of a DSL document, without saving it. The document can run when none of them is an ERROR.",
  })
  validateDsl(
    @Arg("dsl", () => JsonScalar, { description: "As createWorkflowVersion takes it. Whatever else it is makes an issue, not an error." })
    dsl: Json,
    @Ctx() context: WorkflowContext,
  ): Promise<DslIssueType[]> {
    return service.validate(context, dsl) as Promise<DslIssueType[]>;
  }

  @Needs("workflow:write")
  @Mutation(() => Workflow, { nullable: true, description: "Makes a workflow. CONFLICT when its code is taken in the app." })
  createWorkflow(@Arg("input", () => CreateWorkflowInput) input: CreateWorkflowInput, @Ctx() context: WorkflowContext): Promise<Workflow> {
    return service.createWorkflow(context, input);
  }

  @Needs("workflow:write")
  @Mutation(() => Workflow, { nullable: true, description: "Changes what is given; the code stays for ever." })
  updateWorkflow(
    @Arg("id", () => ID, { description: "The workflow; NOT_FOUND where there is none." }) id: string,
    @Arg("input", () => UpdateWorkflowInput) input: UpdateWorkflowInput,
    @Ctx() context: WorkflowContext,
  ): Promise<Workflow> {
    return service.updateWorkflow(context, id, input);
  }

  @Needs("workflow:write")
  @Mutation(() => Workflow, {
    nullable: true,
    description: "Deletes a workflow; its runs stay and those in flight go on. Answers the workflow as it was, with its deletedAt.",
  })
  deleteWorkflow(
    @Arg("id", () => ID, { description: "The workflow; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: WorkflowContext,
  ): Promise<Workflow> {
    return service.deleteWorkflow(context, id);
  }

  @Needs("workflow:write")
  @Costs(heavyPoints)
  @Mutation(() => WorkflowVersion, {
    nullable: true,
    description:
      "Makes the workflow's next version. Its document never changes: a change is a new version. It is validated first; one with errors is refused with BAD_USER_INPUT, DSL_INVALID, its issues in extensions.issues.",
  })
  createWorkflowVersion(
    @Arg("input", () => CreateWorkflowVersionInput) input: CreateWorkflowVersionInput,
    @Ctx() context: WorkflowContext,
  ): Promise<WorkflowVersion> {
    return service.createWorkflowVersion(context, input);
  }

  @Needs("workflow:write")
  @Costs(heavyPoints)
  @Mutation(() => WorkflowVersion, {
    nullable: true,
    description:
      "Makes a version the workflow's published one, which is always the one that was published last: an older version can be published again. NOT_FOUND too when the workflow was deleted.",
  })
  publishWorkflowVersion(
    @Arg("id", () => ID, { description: "The version; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: WorkflowContext,
  ): Promise<WorkflowVersion> {
    return service.publishWorkflowVersion(context, id);
  }

  @Needs("workflow:write")
  @Mutation(() => WorkflowVersion, {
    nullable: true,
    description: "Archives a version: it starts no run any more, runs in flight go on. Publishing it again takes it back into use.",
  })
  archiveWorkflowVersion(
    @Arg("id", () => ID, { description: "The version; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: WorkflowContext,
  ): Promise<WorkflowVersion> {
    return service.archiveWorkflowVersion(context, id);
  }

  @FieldResolver(() => App, { description: "The app it belongs to." })
  app(@Root() workflow: Workflow, @Ctx() { loaders }: WorkflowContext): Promise<App | null> {
    return loaders.app.load(workflow.appId);
  }

  @FieldResolver(() => WorkflowVersion, { nullable: true, description: "The version with the highest number; null: it has none." })
  latestVersion(@Root() workflow: Workflow, @Ctx() { loaders }: WorkflowContext): Promise<WorkflowVersion | null> {
    return loaders.workflowLatest.load(workflow.id);
  }

  @FieldResolver(() => WorkflowVersion, {
    nullable: true,
    description: "The version that was published last, of those that are not archived; null: it has none.",
  })
  publishedVersion(@Root() workflow: Workflow, @Ctx() { loaders }: WorkflowContext): Promise<WorkflowVersion | null> {
    return loaders.workflowPublished.load(workflow.id);
  }

  @FieldResolver(() => WorkflowVersionConnection, { description: "Its versions, newest first." })
  versions(
    @Root() workflow: Workflow,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { loaders }: WorkflowContext,
  ): Promise<Connection<WorkflowVersion>> {
    return loaders.versionsOfWorkflow.load({ parentId: workflow.id, page });
  }
}

/** What workflow versions lead to. */
@Resolver(() => WorkflowVersion)
export class WorkflowVersionResolver {
  @FieldResolver(() => Workflow, { description: "The workflow." })
  workflow(@Root() version: WorkflowVersion, @Ctx() { loaders }: WorkflowContext): Promise<Workflow | null> {
    return loaders.workflow.load(version.workflowId);
  }

  @FieldResolver(() => JsonObjectScalar, {
    nullable: true,
    description: "A JSON Schema (2020-12) of the input that its runs are given, the document's input_schema; null: any object.",
  })
  inputSchema(@Root() { dsl }: WorkflowVersion): JsonObject | null {
    const schema = isJsonObject(dsl) ? dsl["input_schema"] : undefined;
    return isJsonObject(schema) ? schema : null;
  }
}
