import { Arg, Args, Ctx, Field, FieldResolver, ID, Int, Mutation, ObjectType, Query, Resolver, Root } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { JsonObjectScalar, JsonScalar } from "#shared/graphql/scalars.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { listPage, PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { agentRunOf } from "./subjects/agent-run.resolver.ts";
import { AgentRun } from "./subjects/agent-run.ts";
import { skillRunOf } from "./subjects/skill-run.resolver.ts";
import { SkillRun } from "./subjects/skill-run.ts";
import { teamRunOf } from "./subjects/team-run.resolver.ts";
import { TeamRun } from "./subjects/team-run.ts";
import { AppStub, AppVersionStub } from "./app.stub.ts";
import type { NodeArtifact } from "./node-runs/artifact.entity.ts";
import { NodeArtifactConnection, NodeRunConnection, RunConnection, TraceSpanConnection } from "./run-connections.ts";
import { NodeRun } from "./node-runs/node-run.entity.ts";
import { nodeRunId } from "../queue/node-run-id.ts";
import { runStatusWord, type NodeRunStatus, type RunStatus } from "../queue/statuses.ts";
import { RunLine } from "./run-line.ts";
import { Run, Usage } from "./run.entity.ts";
import { NodeRunStatusEnum, RunStatusEnum } from "./run.enums.ts";
import { forkRun } from "./fork.service.ts";
import { CancelRunsFilter, CreateRunInput, DeleteRunsFilter, ForkPatchInput, RunFilter } from "./run.inputs.ts";
import * as runs from "./run.service.ts";
import type { RuntimeContext } from "./runtime.context.ts";
import { SessionStub } from "./session.stub.ts";
import type { TraceSpan } from "./watching/span.entity.ts";
import { WorkflowStub, WorkflowVersionStub } from "./workflow.stub.ts";

/** What cancelRuns has done. */
@ObjectType({ description: "What cancelRuns has done." })
class CancelRunsResult {
  @Field(() => Int, {
    description:
      "How many runs it has cancelled: each is CANCELLED as soon as whoever owns it has read so, whatever else happens. Those cancelled before are not counted again.",
  })
  accepted!: number;

  @Field(() => ID, {
    nullable: true,
    description:
      "Where there may be more, as a call has 5 seconds and 10,000 runs: call again, with it as after. Null: all that match were found.",
  })
  cursor!: string | null;
}

/** What deleteRuns has done. */
@ObjectType({ description: "What deleteRuns has done." })
class DeleteRunsResult {
  @Field(() => Int, { description: "How many runs it has deleted. Nobody sees them any more; their rows are gone within a while." })
  deleted!: number;

  @Field(() => ID, {
    nullable: true,
    description:
      "Where there may be more, as a call has 5 seconds and 10,000 runs: call again, with it as after. Null: all that match were found.",
  })
  cursor!: string | null;
}

/** Runs in the graph. */
@Resolver(() => Run)
export class RunResolver {
  @Needs("run:read")
  @Query(() => Run, { nullable: true, description: "A run by id; null where there is none." })
  run(
    @Arg("id", () => ID, { description: "The run's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: RuntimeContext,
  ): Promise<Run | null> {
    return loaders.run.load(id);
  }

  @Needs("run:read")
  @Query(() => RunConnection, { nullable: true, description: "The tenant's runs, newest first." })
  runs(
    @Arg("filter", () => RunFilter, { nullable: true, description: "Which ones; all unless given." }) filter: RunFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { db }: RuntimeContext,
  ): Promise<Connection<Run>> {
    return db.read(({ em }) => listPage(em, Run, page, { where: runs.runCondition(filter) }));
  }

  @Needs("run:write")
  @Mutation(() => Run, {
    nullable: true,
    description:
      "Creates a run and queues its first nodes: initialNode where given, else the nodes without incoming edges. A run of a workflow without nodes is COMPLETED at once.",
  })
  createRun(@Arg("input", () => CreateRunInput) input: CreateRunInput, @Ctx() context: RuntimeContext): Promise<Run> {
    return runs.createRun(context, input);
  }

  @Needs("run:write")
  @Mutation(() => Run, {
    nullable: true,
    description: "Cancels a run; a node that runs is stopped within a second. CONFLICT when the run has finished.",
  })
  cancelRun(
    @Arg("id", () => ID, { description: "The run; NOT_FOUND where there is none." }) id: string,
    @Arg("reason", () => String, { nullable: true, description: "For people: up to 1,000 characters." }) reason: string | null,
    @Ctx() context: RuntimeContext,
  ): Promise<Run> {
    return runs.cancelRun(context, id, reason);
  }

  @Needs("run:write")
  @Mutation(() => CancelRunsResult, {
    nullable: true,
    description:
      "Cancels all runs that match a filter, the oldest first, and does not wait until they have ended. May be called again with the same arguments. RESOURCE_EXHAUSTED, CANCELS_BUSY when more than ten such calls of the tenant are under way.",
  })
  cancelRuns(
    @Arg("filter", () => CancelRunsFilter, { description: "Which runs." }) filter: CancelRunsFilter,
    @Arg("reason", () => String, { nullable: true, description: "For people: up to 1,000 characters." }) reason: string | null,
    @Arg("after", () => ID, { nullable: true, description: "The cursor of the call before, where there were more." }) after: string | null,
    @Ctx() context: RuntimeContext,
  ): Promise<CancelRunsResult> {
    return runs.cancelRuns(context, { filter, reason, after });
  }

  @Needs("run:delete")
  @Mutation(() => Run, {
    nullable: true,
    description:
      "Deletes a finished run with its node runs, events, artifacts and spans, and gives it as it was. Nobody sees it from then on; its idempotency key is free. CONFLICT, RUN_NOT_FINISHED where it has not finished: cancelRun ends it first. What a run has that was made of it (retryRun) stays.",
  })
  deleteRun(
    @Arg("id", () => ID, { description: "The run; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: RuntimeContext,
  ): Promise<Run> {
    return runs.deleteRun(context, id);
  }

  @Needs("run:delete")
  @Mutation(() => DeleteRunsResult, {
    nullable: true,
    description:
      "Deletes all finished runs that match a filter, as deleteRun does, the oldest first. May be called again with the same arguments. RESOURCE_EXHAUSTED, DELETES_BUSY when more than ten such calls of the tenant are under way.",
  })
  deleteRuns(
    @Arg("filter", () => DeleteRunsFilter, { description: "Which runs." }) filter: DeleteRunsFilter,
    @Arg("after", () => ID, { nullable: true, description: "The cursor of the call before, where there were more." }) after: string | null,
    @Ctx() context: RuntimeContext,
  ): Promise<DeleteRunsResult> {
    return runs.deleteRuns(context, { filter, after });
  }

  @Needs("run:write")
  @Mutation(() => Run, {
    nullable: true,
    description:
      "Makes a new run of a FAILED one: what completed is taken over, what failed is queued again. Returns the new run, whose originRun is the old one. CONFLICT when the run is not FAILED; each call makes another run.",
  })
  retryRun(
    @Arg("id", () => ID, { description: "The run; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: RuntimeContext,
  ): Promise<Run> {
    return runs.retryRun(context, id);
  }

  @Needs("run:write")
  @Mutation(() => Run, {
    nullable: true,
    description:
      "Makes a new run of a finished one that begins again at a node: that node, and all that it leads to, is done anew; what else was finished is taken over, and its model calls are not paid again (reusedUsage). " +
      "On another version of the workflow CONFLICT, FORK_INCOMPATIBLE where a node before it is another there; nodes beside it that are run anew. Returns the new run, whose originRun is the old one; each call makes another run.",
  })
  forkRun(
    @Arg("id", () => ID, { description: "The run; NOT_FOUND where there is none, CONFLICT where it has not finished." }) id: string,
    @Arg("fromNode", () => String, {
      description:
        "The id of a node of the run's own graph that has run; of one within an iteration, a loop, a sub-workflow or an agent that node's.",
    })
    fromNode: string,
    @Arg("workflowVersionId", () => ID, {
      nullable: true,
      description: "The version that the new run executes, of the same workflow; the old run's unless given.",
    })
    workflowVersionId: string | null,
    @Arg("patch", () => ForkPatchInput, { nullable: true, description: "What is other than in the old run." }) patch: ForkPatchInput | null,
    @Ctx() context: RuntimeContext,
  ): Promise<Run> {
    return forkRun(context, { id, fromNode, workflowVersionId, patch });
  }

  @Needs("run:write")
  @Mutation(() => Run, {
    nullable: true,
    description:
      "For executors outside the platform: sets a MANUAL run to RUNNING, COMPLETED, FAILED or CANCELLED. CONFLICT for other runs and finished ones.",
  })
  updateRunStatus(
    @Arg("id", () => ID, { description: "The run; NOT_FOUND where there is none." }) id: string,
    @Arg("status", () => RunStatusEnum, { description: "What it becomes; QUEUED and WAITING cannot be set: BAD_USER_INPUT." })
    status: RunStatus,
    @Ctx() context: RuntimeContext,
  ): Promise<Run> {
    return runs.updateRunStatus(context, id, status);
  }

  @FieldResolver(() => RunStatusEnum, { description: "Where it stands." })
  status(@Root() run: Run): RunStatus {
    return runStatusWord(run.status);
  }

  @FieldResolver(() => RunLine, {
    nullable: true,
    description: "QUEUED: where it waits for other runs of its key, as the concurrency of its document says. Null: it waits for none.",
  })
  async line(@Root() run: Run, @Ctx() { loaders }: RuntimeContext): Promise<RunLine | null> {
    // One that was cancelled in its line leaves it a moment later.
    return runStatusWord(run.status) === "QUEUED" ? loaders.runLine.load(run.id) : null;
  }

  @FieldResolver(() => AppStub, {
    nullable: true,
    description: "The app it was run for, a deleted one too; null: none, or the workflow subgraph does not answer.",
  })
  app(@Root() run: Run): AppStub | null {
    return stub(run.appId);
  }

  @FieldResolver(() => AppVersionStub, { nullable: true, description: "The app version it was run for; null: none was given." })
  appVersion(@Root() run: Run): AppVersionStub | null {
    return stub(run.appVersionId);
  }

  @FieldResolver(() => WorkflowStub, {
    nullable: true,
    description: "The workflow, a deleted one too; null where the workflow subgraph does not answer.",
  })
  workflow(@Root() run: Run): WorkflowStub | null {
    return stub(run.workflowId);
  }

  @FieldResolver(() => WorkflowVersionStub, {
    nullable: true,
    description: "The version that runs; null where the workflow subgraph does not answer.",
  })
  workflowVersion(@Root() run: Run): WorkflowVersionStub | null {
    return stub(run.workflowVersionId);
  }

  @FieldResolver(() => SessionStub, { nullable: true, description: "The conversation that gets its answer; null: none." })
  session(@Root() run: Run): SessionStub | null {
    return stub(run.sessionId);
  }

  @FieldResolver(() => AgentRun, {
    nullable: true,
    description: "The same run as an agent's, where kind is AGENT; else null. It has the run's id.",
  })
  agentRun(@Root() run: Run): Run | null {
    return agentRunOf(run);
  }

  @FieldResolver(() => TeamRun, {
    nullable: true,
    description: "The same run as a team's, where kind is TEAM; else null. It has the run's id.",
  })
  teamRun(@Root() run: Run): Run | null {
    return teamRunOf(run);
  }

  @FieldResolver(() => SkillRun, {
    nullable: true,
    description: "The same run as a skill's, where kind is SKILL; else null. It has the run's id.",
  })
  skillRun(@Root() run: Run): Run | null {
    return skillRunOf(run);
  }

  @FieldResolver(() => JsonObjectScalar, { description: "What templates see as input." })
  async input(@Root() run: Run, @Ctx() { loaders }: RuntimeContext): Promise<JsonObject> {
    return (await loaders.runInput.load(run.id))?.input ?? {};
  }

  @FieldResolver(() => JsonObjectScalar, { description: "What assigner nodes have written so far." })
  async state(@Root() run: Run, @Ctx() { loaders }: RuntimeContext): Promise<JsonObject> {
    return (await loaders.runState.load(run.id))?.state ?? {};
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      "COMPLETED: the texts of the answer nodes in document order, joined by a blank line; without completed answer nodes those of the last nodes. Else null.",
  })
  async outputText(@Root() run: Run, @Ctx() { loaders }: RuntimeContext): Promise<string | null> {
    return (await loaders.runOutput.load(run.id))?.outputText ?? null;
  }

  @FieldResolver(() => JsonScalar, {
    nullable: true,
    description:
      "COMPLETED: the data of the last answer node; without completed answer nodes that of the last nodes, by node id where there are several. Else null.",
  })
  async outputJson(@Root() run: Run, @Ctx() { loaders }: RuntimeContext): Promise<Json> {
    return (await loaders.runOutput.load(run.id))?.outputJson ?? null;
  }

  @FieldResolver(() => Run, { nullable: true, description: "The run that this one retries or forks; null: none." })
  originRun(@Root() run: Run, @Ctx() { loaders }: RuntimeContext): Promise<Run | null> | null {
    return run.originRunId === null ? null : loaders.run.load(run.originRunId);
  }

  @FieldResolver(() => Run, {
    nullable: true,
    description:
      "The run that has made this one: by a node of mode run, or by its failure (on_failure). Null: none has, or it was deleted.",
  })
  parentRun(@Root() run: Run, @Ctx() { loaders }: RuntimeContext): Promise<Run | null> | null {
    return run.parentRunId === null ? null : loaders.run.load(run.parentRunId);
  }

  @FieldResolver(() => NodeRun, {
    nullable: true,
    description: "The node run that has made this run, and waits for it unless detached; null: none has, or it was deleted.",
  })
  parentNodeRun(@Root() { parentRunId, parentPath }: Run, @Ctx() { loaders }: RuntimeContext): Promise<NodeRun | null> | null {
    return parentRunId === null || parentPath === null ? null : loaders.nodeRun.load(nodeRunId(parentRunId, parentPath));
  }

  @FieldResolver(() => RunConnection, {
    description:
      "Runs that this one has made, newest first: by its nodes of mode run, one for each attempt, and by its failure (on_failure).",
  })
  childRuns(@Root() run: Run, @Args(() => PageArgs) page: PageArgs, @Ctx() { loaders }: RuntimeContext): Promise<Connection<Run>> {
    return loaders.runsOfRun.load({ parentId: run.id, page });
  }

  @FieldResolver(() => Usage, {
    description: "Model calls of all its nodes; those of a run that a node has waited for count as the node's.",
  })
  usage(@Root() { modelCalls, promptTokens, completionTokens }: Run): Usage {
    return { modelCalls, promptTokens, completionTokens };
  }

  @FieldResolver(() => Usage, {
    description:
      "The part of usage that it has taken over from originRun: calls that were not made, and are not paid, again. Zeros for a run that was made of none.",
  })
  reusedUsage(@Root() { keptModelCalls, keptPromptTokens, keptCompletionTokens }: Run): Usage {
    return { modelCalls: keptModelCalls ?? 0, promptTokens: keptPromptTokens ?? 0, completionTokens: keptCompletionTokens ?? 0 };
  }

  @FieldResolver(() => NodeRunConnection, {
    description: "Every node run of the tree, in the order of creation. Ready nodes that nobody has started are QUEUED and come last.",
  })
  nodeRuns(
    @Root() run: Run,
    @Arg("status", () => [NodeRunStatusEnum], {
      nullable: true,
      description: "Only node runs that now have one of these statuses; an empty list: none.",
    })
    statuses: NodeRunStatus[] | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { loaders }: RuntimeContext,
  ): Promise<Connection<NodeRun>> {
    return loaders.nodeRunPage.load({ runId: run.id, page, statuses });
  }

  @FieldResolver(() => NodeArtifactConnection, { description: "What its nodes left behind, oldest first." })
  artifacts(@Root() run: Run, @Args(() => PageArgs) page: PageArgs, @Ctx() { loaders }: RuntimeContext): Promise<Connection<NodeArtifact>> {
    return loaders.artifactPage.load({ runId: run.id, page });
  }

  @FieldResolver(() => TraceSpanConnection, {
    description: "Its trace, oldest first: the run itself, its node runs and the calls that they made.",
  })
  traceSpans(@Root() run: Run, @Args(() => PageArgs) page: PageArgs, @Ctx() { loaders }: RuntimeContext): Promise<Connection<TraceSpan>> {
    return loaders.spanPage.load({ runId: run.id, page });
  }
}

function stub(id: string | null): { id: string } | null {
  return id === null ? null : { id };
}
