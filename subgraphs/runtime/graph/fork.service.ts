/** New runs that begin again at a node of a finished one, with all that was finished before it. */
import { suggester } from "#shared/dsl/suggest.ts";
import { checkJson, excerpt } from "#shared/fields.ts";
import { newId } from "#shared/ids.ts";
import type { JsonObject } from "#shared/json.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import { NoTurn } from "#shared/turn-queue.ts";
import { segmentNodeId } from "../engine/path.ts";
import type { CompiledPlan, PlanDocument } from "../engine/plan.ts";
import { planRows } from "../control/new-run.ts";
import { runtimeErrors } from "../errors.ts";
import { gateOf } from "../nodes/evaluation/concurrency-key.ts";
import { compileRun, versionDocument, type CompiledRun } from "../plan/compile.ts";
import { allBefore, nodeChanges, withAllBehind, type NodeChange } from "../plan/fork-changes.ts";
import { withoutMocks } from "../plan/run-mocks.ts";
import { planOfRun } from "../plan/stored-plan.sql.ts";
import type { Fork } from "../queue/fork.sql.ts";
import { isTerminal, nodeRunStatusWord, runStatusNumber, runStatusWord } from "../queue/statuses.ts";
import { givenOfRun, nodesOfRun, type ForkedNode } from "./fork.sql.ts";
import type { Run } from "./run.entity.ts";
import { checkInput } from "./run-input.ts";
import type { ForkPatchInput } from "./run.inputs.ts";
import { checkRunId, inputBytes, isTrialRun, runById } from "./run.service.ts";
import type { RuntimeContext } from "./runtime.context.ts";

/** What a new run is asked for with. */
export interface ForkQuestion {
  id: string;
  fromNode: string;
  workflowVersionId?: string | null;
  patch?: ForkPatchInput | null;
}

const finished = [runStatusNumber("COMPLETED"), runStatusNumber("FAILED"), runStatusNumber("CANCELLED")];

/**
 * Makes a new run of a finished one that begins again at a node.
 *
 * @throws AppError RUN_NOT_FOUND, RUN_NOT_FORKABLE, FORK_NODE_UNKNOWN, FORK_NODE_NESTED, FORK_NODE_NOT_RUN, FORK_INCOMPATIBLE, FORK_VERSION_OF_AGENT,
 *   FORK_MOCK_UNKNOWN, FORK_MOCKS_FROZEN, FORK_MOCKS_MISFIT, FORKS_BUSY, QUOTA_EXCEEDED, those of compileRun, checkInput and checkJson
 */
export async function forkRun(context: RuntimeContext, question: ForkQuestion): Promise<Run> {
  const old = await oldRun(context, question);
  const { patch } = question;
  const input = patch?.input == null ? undefined : checkJson("patch.input", { ...old.input, ...patch.input }, inputBytes);
  const state = patch?.state == null ? undefined : checkJson("patch.state", patch.state, inputBytes);
  return context.services.quotas.admitted(context.db.tenantId, () => forkAdmitted(context, question, { old, input, state }));
}

async function forkAdmitted(
  context: RuntimeContext,
  question: ForkQuestion,
  { old, input, state }: { old: OldRun; input: JsonObject | undefined; state: JsonObject | undefined },
): Promise<Run> {
  const { db, services, requestId, traceparent } = context;
  const { id } = old.run;
  const other = await otherVersion(context, old, question);
  await inputFits(context, { old, other, input });
  const gate = await otherGate(context, { old, other, input });
  const newRunId = newId();
  const made = await services.control.forkRun({
    tenantId: db.tenantId,
    runId: id,
    newRunId,
    requestId,
    ...(traceparent && { traceparent }),
    statuses: finished,
    dropped: [...(other?.dropped ?? withAllBehind([{ edges: edgesOf(old.plan) }], [question.fromNode]))],
    ...(other && { version: versionOf(old.run, other) }),
    input,
    state,
    gate,
  });
  if (made === "created") return runById(context, newRunId);
  if (made instanceof NoTurn) throw runtimeErrors.FORKS_BUSY({ retryAfterMs: made.retryAfterMs });
  throw runtimeErrors.RUN_NOT_FOUND({ id });
}

/** What is executed instead. Who only tries it sees that it fails. */
function versionOf({ execution }: Run, { compiled, mocks }: OtherVersion): Fork["version"] {
  const { plan, workflowVersionId, onFailure } = compiled;
  const isTrial = isTrialRun({ execution, mocks });
  return { plans: planRows(plan), workflowVersionId, onFailure: isTrial ? undefined : onFailure };
}

interface OldRun {
  run: Run;
  plan: CompiledPlan;
  nodes: readonly ForkedNode[];
  input: JsonObject;
  initialNode: string | null;
}

async function oldRun(context: RuntimeContext, { id, fromNode }: ForkQuestion): Promise<OldRun> {
  const run = await runById(context, checkRunId(id));
  const status = runStatusWord(run.status);
  if (!isTerminal(status)) throw runtimeErrors.RUN_NOT_FORKABLE({ id, status });
  return context.db.read(async (tx) => {
    const plan = await planOfRun(tx, id);
    const given = await givenOfRun(tx, id);
    if (plan === undefined || given === undefined) throw runtimeErrors.RUN_NOT_FOUND({ id });
    const nodes = await nodesOfRun(tx, id, [...plan.indexById.keys()]);
    checkFromNode(plan, nodes, { id, fromNode });
    return { run, plan, nodes, ...given };
  });
}

function checkFromNode(plan: CompiledPlan, nodes: readonly ForkedNode[], { id, fromNode }: { id: string; fromNode: string }): void {
  const field = "fromNode";
  if (!plan.indexById.has(fromNode)) {
    const nodeId = excerpt(fromNode);
    const around = segmentNodeId(fromNode.split("/")[0] ?? "");
    if (around !== fromNode && plan.indexById.has(around)) throw runtimeErrors.FORK_NODE_NESTED({ field, nodeId, around });
    const meant = suggester([...plan.indexById.keys()])(fromNode);
    throw runtimeErrors.FORK_NODE_UNKNOWN({ field, nodeId, id, meant: meant ?? null });
  }
  const row = nodes.find(({ path }) => path === fromNode);
  const status = row === undefined ? "QUEUED" : nodeRunStatusWord(row.status);
  if (row === undefined || status === "SKIPPED") throw runtimeErrors.FORK_NODE_NOT_RUN({ nodeId: fromNode, id, status });
}

function edgesOf({ nodes }: CompiledPlan): PlanDocument["edges"] {
  return nodes.flatMap(({ id: source, outgoing }) => outgoing.map(({ target }) => ({ source, target: nodes[target]?.id ?? "" })));
}

/** What is taken over was computed by the old input; what comes fits the schema of what executes it. */
async function inputFits(
  context: RuntimeContext,
  { old, other, input }: { old: OldRun; other: OtherVersion | undefined; input: JsonObject | undefined },
): Promise<void> {
  if (input === undefined && other === undefined) return;
  const schema = other === undefined ? old.plan.inputSchema : other.compiled.inputSchema;
  const versionId = other?.compiled.workflowVersionId ?? old.run.workflowVersionId ?? "";
  await checkInput(context.db.tenantId, { versionId, schema, input: input ?? old.input, field: "patch.input" });
}

/** The line of what executes other things, or by another input; undefined: it stands where the old run stood. */
async function otherGate(
  { services, db }: RuntimeContext,
  { old, other, input }: { old: OldRun; other: OtherVersion | undefined; input: JsonObject | undefined },
): Promise<Fork["gate"]> {
  if (input === undefined && other === undefined) return undefined;
  const { run, plan } = old;
  const { concurrency } = other?.compiled ?? plan;
  if (concurrency === undefined || run.dryRun || run.workflowId === null) return null;
  const line = { tenantId: db.tenantId, workflowId: run.workflowId, input: input ?? old.input, sessionId: run.sessionId ?? undefined };
  return gateOf(services.evaluation, concurrency, line);
}

interface OtherVersion {
  compiled: CompiledRun;
  /** Those that it takes over. */
  mocks: JsonObject;
  dropped: ReadonlySet<string>;
}

/** The plan of another version, and what of the run it does anew; undefined: the run stays on its own. */
async function otherVersion(context: RuntimeContext, old: OldRun, question: ForkQuestion): Promise<OtherVersion | undefined> {
  const { run, plan, initialNode } = old;
  const { fromNode, workflowVersionId: id, patch } = question;
  const dropped = patch?.dropMocks ?? [];
  const mocks = withoutMocks(plan.mocks ?? {}, dropped, run.id);
  if (id == null || id === run.workflowVersionId) {
    if (dropped.length > 0) throw runtimeErrors.FORK_MOCKS_FROZEN({ field: "patch.dropMocks", id: run.id });
    return undefined;
  }
  if (run.workflowVersionId === null) throw runtimeErrors.FORK_VERSION_OF_AGENT({ field: "workflowVersionId", id: run.id });
  const host = { call: context.call, documents: context.services.documents };
  const info = requestInfoOf(context);
  const names = { workflowId: run.workflowId, workflowVersionId: id };
  const compiled = await compileRun(host, info, {
    ...names,
    initialNode: initialNode === null ? null : { nodeId: initialNode },
    mocks,
    mocksOf: run.id,
  });
  const before = await versionDocument(host, info, run.workflowVersionId);
  const after = await versionDocument(host, info, id);
  if (!after.nodes.some((node) => node.id === fromNode)) throw incompatible(question, [{ nodeId: fromNode, message: "it is gone." }]);
  return { compiled, mocks, dropped: droppedOf(old, question, { before, after }) };
}

/** @throws AppError FORK_INCOMPATIBLE */
function droppedOf(
  { nodes }: OldRun,
  question: ForkQuestion,
  { before, after }: { before: PlanDocument; after: PlanDocument },
): Set<string> {
  const earlier = allBefore(before, question.fromNode);
  const rows = new Set(nodes.map(({ path }) => path));
  const changes = nodeChanges(before, after).filter(({ nodeId }) => rows.has(nodeId));
  const problems = changes.filter(({ nodeId }) => earlier.has(nodeId));
  if (problems.length > 0) throw incompatible(question, problems);
  // A composite that would go on has opened by its old plan: beside the node it begins anew.
  const open = nodes.filter((node) => !isKept(node)).map(({ path }) => path);
  return withAllBehind([before, after], [question.fromNode, ...changes.map(({ nodeId }) => nodeId), ...open]);
}

function isKept({ status, isHandled }: ForkedNode): boolean {
  const word = nodeRunStatusWord(status);
  return word === "COMPLETED" || word === "SKIPPED" || (word === "FAILED" && isHandled);
}

function incompatible({ fromNode, workflowVersionId }: ForkQuestion, problems: readonly NodeChange[]): Error {
  return runtimeErrors.FORK_INCOMPATIBLE({
    nodeId: fromNode,
    workflowVersionId: workflowVersionId ?? "",
    problems: problems.map((problem) => ({ ...problem })),
  });
}
