import { Arg, Args, Ctx, Field, FieldResolver, ID, Mutation, ObjectType, Query, Resolver, Root } from "type-graphql";
import { Costs, heavyPoints, WaitsOutside } from "#shared/graphql/cost.ts";
import { Needs } from "#shared/graphql/needs.ts";
import { JsonScalar } from "#shared/graphql/scalars.ts";
import type { Json } from "#shared/json.ts";
import { PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import type { NodeArtifact } from "./artifact.entity.ts";
import { NodeArtifactConnection, NodeRunConnection, TraceSpanConnection } from "../run-connections.ts";
import { NodeRun } from "./node-run.entity.ts";
import { ClaimInput, ExecuteInput, ExecuteRunInput, ResumeNodeRunInput, UpdateNodeRunStatusInput } from "./node-run.inputs.ts";
import { answerNodeRun } from "../waiting/answer.service.ts";
import * as nodeRuns from "./node-run.service.ts";
import { isMockedBy } from "../../engine/mocks.ts";
import { compositePathOf } from "../../engine/path.ts";
import { nodeRunId } from "../../queue/node-run-id.ts";
import { executeNode } from "./single-node.service.ts";
import { NodeScopeInput } from "../run.inputs.ts";
import { Run } from "../run.entity.ts";
import { StopReasonEnum, type StopReason } from "../run.enums.ts";
import type { RuntimeContext } from "../runtime.context.ts";
import type { TraceSpan } from "../watching/span.entity.ts";

/** What executing a run has done. */
@ObjectType({ description: "What executing a run has done." })
class ExecuteRunResult {
  @Field(() => Run, { description: "The run as it is now." })
  run!: Run;

  @Field(() => [NodeRun], { description: "What was executed, in the order in which it ended: at most maxSteps." })
  executed!: NodeRun[];

  @Field(() => StopReasonEnum, { description: "Why it stopped." })
  stopReason!: StopReason;
}

/** Node runs in the graph. */
@Resolver(() => NodeRun)
export class NodeRunResolver {
  @Needs("run:read")
  @Query(() => NodeRun, { nullable: true, description: "A node run by id, that of a ready node too; null where there is none." })
  nodeRun(
    @Arg("id", () => ID, { description: "The node run's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: RuntimeContext,
  ): Promise<NodeRun | null> {
    return loaders.nodeRun.load(id);
  }

  @Needs("run:write")
  @Mutation(() => NodeRun, {
    nullable: true,
    description:
      "Answers a node run that is WAITING: completes it with an output, or decides of a call that waits for an approval. The first answer wins; later ones are CONFLICT and say whose it was, " +
      "and so is one for a node run that does not wait. An answer that does not fit is BAD_USER_INPUT with all its problems.",
  })
  resumeNodeRun(
    @Arg("id", () => ID, { description: "The node run; NOT_FOUND where there is none." }) id: string,
    @Arg("input", () => ResumeNodeRunInput) input: ResumeNodeRunInput,
    @Ctx() context: RuntimeContext,
  ): Promise<NodeRun> {
    return answerNodeRun(context, id, input);
  }

  @Needs("run:write")
  @Costs(heavyPoints)
  @WaitsOutside()
  @Mutation(() => NodeRun, {
    nullable: true,
    description:
      "Executes one queued node run in the runtime subgraph's own process, and waits for its end. CONFLICT when it is not QUEUED, the run has finished, or a worker owns the run: create it with execution MANUAL.",
  })
  executeNodeRun(
    @Arg("id", () => ID, { description: "The node run; NOT_FOUND where there is none." }) id: string,
    @Arg("input", () => ExecuteInput) input: ExecuteInput,
    @Ctx() context: RuntimeContext,
  ): Promise<NodeRun> {
    return nodeRuns.executeNodeRun(context, id, input);
  }

  @Needs("run:write")
  @Costs(heavyPoints)
  @WaitsOutside()
  @Mutation(() => NodeRun, {
    nullable: true,
    description:
      "Executes one node of a workflow version by itself, and waits for its end: in a new MANUAL run, in which the nodes of scope.nodes are mocked and no other takes part. Returns the node run, WAITING where it waits.",
  })
  executeNode(
    @Arg("workflowVersionId", () => ID, { description: "The version; NOT_FOUND where there is none." }) workflowVersionId: string,
    @Arg("nodeId", () => String, {
      description: "The id of a node of its own graph; BAD_USER_INPUT, EXECUTED_NODE_UNKNOWN where it has none.",
    })
    nodeId: string,
    @Arg("scope", () => NodeScopeInput, { nullable: true, description: "What the node sees; nothing unless given." })
    scope: NodeScopeInput | null,
    @Ctx() context: RuntimeContext,
  ): Promise<NodeRun> {
    return executeNode(context, { workflowVersionId, nodeId, scope: scope ?? {} });
  }

  @Needs("run:write")
  @Costs(heavyPoints)
  @WaitsOutside()
  @Mutation(() => NodeRun, {
    nullable: true,
    description: "Executes the run's next queued node; null when none is queued. CONFLICT while a worker owns the run.",
  })
  executeNextNode(
    @Arg("runId", () => ID, { description: "The run; NOT_FOUND where there is none." }) runId: string,
    @Arg("input", () => ExecuteInput) input: ExecuteInput,
    @Ctx() context: RuntimeContext,
  ): Promise<NodeRun | null> {
    return nodeRuns.executeNextNode(context, runId, input);
  }

  @Needs("run:write")
  @Costs(heavyPoints)
  @WaitsOutside()
  @Mutation(() => ExecuteRunResult, {
    nullable: true,
    description:
      "Executes queued nodes of the run until it finishes, waits, or maxSteps nodes have run. CONFLICT while a worker owns the run.",
  })
  executeRun(
    @Arg("id", () => ID, { description: "The run; NOT_FOUND where there is none." }) id: string,
    @Arg("input", () => ExecuteRunInput) input: ExecuteRunInput,
    @Ctx() context: RuntimeContext,
  ): Promise<ExecuteRunResult> {
    return nodeRuns.executeRun(context, id, input);
  }

  @Needs("run:write")
  @Costs(heavyPoints)
  @WaitsOutside()
  @Mutation(() => NodeRun, {
    nullable: true,
    description:
      "Claims and executes one queued node run of any of the tenant's runs with execution WORKERS, as a worker does; null when none is queued.",
  })
  executeNextNodeRun(@Arg("input", () => ClaimInput) input: ClaimInput, @Ctx() context: RuntimeContext): Promise<NodeRun | null> {
    return nodeRuns.executeNextNodeRun(context, input);
  }

  @Needs("run:write")
  @Mutation(() => NodeRun, {
    nullable: true,
    description:
      "For executors outside the platform: sets the status of a node run that waits, or of an open one of a MANUAL run. It moves the run and queues successors as the end of a worker's execution does. CONFLICT for other node runs.",
  })
  updateNodeRunStatus(
    @Arg("id", () => ID, { description: "The node run; NOT_FOUND where there is none." }) id: string,
    @Arg("input", () => UpdateNodeRunStatusInput) input: UpdateNodeRunStatusInput,
    @Ctx() context: RuntimeContext,
  ): Promise<NodeRun> {
    return nodeRuns.updateNodeRunStatus(context, id, input);
  }

  @FieldResolver(() => Run, { description: "The run it is part of." })
  run(@Root() nodeRun: NodeRun, @Ctx() { loaders }: RuntimeContext): Promise<Run | null> {
    return loaders.run.load(nodeRun.runId);
  }

  @FieldResolver(() => Boolean, {
    description: "True: it does not run, and what it puts out is what its run was asked for with (mocks).",
  })
  async isMocked(@Root() { runId, path }: NodeRun, @Ctx() { loaders }: RuntimeContext): Promise<boolean> {
    const keys = await loaders.runMockKeys.load(runId);
    return keys.size > 0 && isMockedBy(keys, path);
  }

  @FieldResolver(() => NodeRun, {
    nullable: true,
    description:
      "The node run whose work this one is part of: the item of an iteration or the round of a loop, or the iteration or loop itself while that goes on; the sub-workflow; null: none.",
  })
  async parent(@Root() { runId, parentPath }: NodeRun, @Ctx() { loaders }: RuntimeContext): Promise<NodeRun | null> {
    if (parentPath === null) return null;
    const frame = await loaders.nodeRun.load(nodeRunId(runId, parentPath));
    // The row of an item is written when it has ended.
    return frame ?? loaders.nodeRun.load(nodeRunId(runId, compositePathOf(parentPath)));
  }

  @FieldResolver(() => Run, {
    nullable: true,
    description:
      "Of a node of mode run: the run that it has made, by its last attempt, and waits for unless that is detached. Null: none was, it is not there yet, or it was deleted.",
  })
  childRun(@Root() { childRunId }: NodeRun, @Ctx() { loaders }: RuntimeContext): Promise<Run | null> | null {
    return childRunId === null ? null : loaders.run.load(childRunId);
  }

  @FieldResolver(() => NodeRunConnection, {
    description:
      "The node runs that are part of its work, in the order of creation: of an iteration or a loop its items or rounds that have ended, in the order of their ends; of an item, a round or a sub-workflow what ran for it. The page of any other is empty.",
  })
  children(
    @Root() { runId, path }: NodeRun,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { loaders }: RuntimeContext,
  ): Promise<Connection<NodeRun>> {
    return loaders.nodeRunPage.load({ runId, path, page });
  }

  @FieldResolver(() => Date, {
    nullable: true,
    description:
      "RUNNING or QUEUED: when the lease of the run's owner ends, or that of the worker which has taken this node; null: nobody has one.",
  })
  async leaseExpiresAt(@Root() { id, runId, status }: NodeRun, @Ctx() { loaders }: RuntimeContext): Promise<Date | null> {
    if (status !== "RUNNING" && status !== "QUEUED") return null;
    const [offered, owner] = await Promise.all([loaders.leaseEnd.load(id), loaders.leaseEnd.load(runId)]);
    return offered ?? owner;
  }

  @FieldResolver(() => JsonScalar, {
    nullable: true,
    description:
      "What it is given, also while it is QUEUED or waits: its config with the templates rendered as they stood when it began, without code and documents, credentials as ***. " +
      "For if-else also `values`, what the expression reads, by path. Null where a template cannot be rendered: errorMessage says why.",
  })
  input(@Root() { id }: NodeRun, @Ctx() { loaders }: RuntimeContext): Promise<Json> {
    return loaders.nodeInput.load(id);
  }

  @FieldResolver(() => String, { nullable: true, description: "The output's text, however long; null: it has none." })
  async outputText(@Root() { id }: NodeRun, @Ctx() { loaders }: RuntimeContext): Promise<string | null> {
    return (await loaders.nodeRunOutput.load(id))?.outputText ?? null;
  }

  @FieldResolver(() => JsonScalar, { nullable: true, description: "The output's data, however large; null: it has none." })
  async outputJson(@Root() { id }: NodeRun, @Ctx() { loaders }: RuntimeContext): Promise<Json> {
    return (await loaders.nodeRunOutput.load(id))?.outputJson ?? null;
  }

  @FieldResolver(() => NodeArtifactConnection, { description: "What it left behind, oldest first." })
  artifacts(
    @Root() { runId, path }: NodeRun,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { loaders }: RuntimeContext,
  ): Promise<Connection<NodeArtifact>> {
    return loaders.artifactPage.load({ runId, path, page });
  }

  @FieldResolver(() => TraceSpanConnection, { description: "Its own span and those of its calls, oldest first." })
  traceSpans(
    @Root() { runId, path }: NodeRun,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { loaders }: RuntimeContext,
  ): Promise<Connection<TraceSpan>> {
    return loaders.spanPage.load({ runId, path, page });
  }
}
