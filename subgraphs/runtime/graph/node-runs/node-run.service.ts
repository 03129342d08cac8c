import { checkStorableInTurns, checkStorableText, checkText } from "#shared/fields.ts";
import { NoTurn } from "#shared/turn-queue.ts";
import { runtimeErrors } from "../../errors.ts";
import type { NodeRun } from "./node-run.entity.ts";
import type { ClaimInput, ExecuteInput, ExecuteRunInput, UpdateNodeRunStatusInput } from "./node-run.inputs.ts";
import { checkPart, checkRoute } from "../outside-route.ts";
import { nodeRunId } from "../../queue/node-run-id.ts";
import { runStatusWord } from "../../queue/statuses.ts";
import type { Run } from "../run.entity.ts";
import type { StopReason } from "../run.enums.ts";
import { checkRange, checkRunId, runById } from "../run.service.ts";
import type { RuntimeContext } from "../runtime.context.ts";
import type { NodeUpdate } from "../../control/outside-report.ts";
import type { OwnResult } from "../../control/run-control.ts";
import { fittingAnswer } from "../waiting/answer.rules.ts";
import { answererOf, keyOf, nodeRunById } from "../waiting/answer.service.ts";

/** How long until one of several runs that calls execute has probably been let go. */
const runsAgainMs = 1_000;

/** What executing a run has done. */
export interface Executed {
  run: Run;
  executed: NodeRun[];
  stopReason: StopReason;
}

/** Takes what an outside executor reports (S-28); docs/run-states.md has the transitions. @throws AppError STATUS_NOT_SETTABLE, NODE_RUN_NOT_FOUND, NODE_RUN_NOT_SETTABLE, ROUTE_UNKNOWN, AGENT_PART_NOT_SKIPPABLE, AGENT_MESSAGE_INVALID, REPORTS_BUSY */
export async function updateNodeRunStatus(context: RuntimeContext, id: string, input: UpdateNodeRunStatusInput): Promise<NodeRun> {
  const { status, workerKey, errorCode, errorMessage } = input;
  if (status === "QUEUED" || status === "WAITING" || status === "CANCELLED") {
    throw runtimeErrors.STATUS_NOT_SETTABLE({ status, settable: ["RUNNING", "COMPLETED", "FAILED", "SKIPPED"] });
  }
  const key = keyOf(id);
  const report = {
    ...(workerKey != null && { workerKey: checkWorkerKey(workerKey) }),
    ...(await outputOf(input)),
    ...(errorCode != null && { errorCode: checkStorableText("errorCode", checkText("errorCode", errorCode, { min: 1, max: 100 })) }),
    ...(errorMessage != null && {
      errorMessage: checkStorableText("errorMessage", checkText("errorMessage", errorMessage, { max: 10_000 })),
    }),
  };
  const { db, services } = context;
  if (status === "COMPLETED" || status === "SKIPPED") await checkPart(context, key, { isSkipped: status === "SKIPPED", ...report });
  const answered = status === "COMPLETED" ? await completion(context, id, report) : report;
  const posted = await services.control.updateNode({ tenantId: db.tenantId, ...key, status, by: answererOf(context), ...answered });
  if (posted instanceof NoTurn) throw runtimeErrors.REPORTS_BUSY({ id: key.runId, retryAfterMs: posted.retryAfterMs });
  const nodeRun = await nodeRunById(context, id);
  if (posted === "conflict")
    throw runtimeErrors.NODE_RUN_NOT_SETTABLE({ id, from: nodeRun.status, to: status, waitReason: nodeRun.waitReason ?? null });
  return nodeRun;
}

/** What completes it; of what waits it is to fit as any answer is. What waits for an approval is for a person, and refused where it is posted. */
async function completion(context: RuntimeContext, id: string, report: Pick<NodeUpdate, "outputText" | "outputJson">) {
  const row = await context.loaders.waiting.load(id);
  if (row?.nodeType !== "human-input") await checkRoute(context, keyOf(id), report.outputJson);
  if (row?.isOpen !== true || row.reason === "APPROVAL") return report;
  const fitting = await fittingAnswer(context.db.tenantId, row, report);
  if (fitting.kind === "decision" || fitting.outcome.kind !== "completed") return report;
  const { kind: _kind, ...outcome } = fitting.outcome;
  return { ...report, ...outcome };
}

/** Executes one queued node run here, and waits (S-35). @throws AppError NODE_RUN_NOT_FOUND, NODE_RUN_NOT_QUEUED, RUN_OWNED, RUN_FINISHED */
export async function executeNodeRun(context: RuntimeContext, id: string, { workerKey }: ExecuteInput): Promise<NodeRun> {
  const { runId, path } = keyOf(id);
  const before = await nodeRunById(context, id);
  const result = await own(context, { runId, workerKey, mode: { kind: "node", path } });
  if (result.kind === "terminal") {
    const run = await runById(context, runId);
    throw runtimeErrors.RUN_FINISHED({ id: runId, status: runStatusWord(run.status) });
  }
  const nodeRun = await nodeRunById(context, id);
  if (result.kind !== "not-ready") return nodeRun;
  // Somebody may have executed it since it was looked at, or made it ready.
  const status = before.status === "QUEUED" ? nodeRun.status : before.status;
  throw runtimeErrors.NODE_RUN_NOT_QUEUED({ id, status });
}

/** Executes the run's next queued node (S-36); null when none is queued. @throws AppError RUN_NOT_FOUND, RUN_OWNED */
export async function executeNextNode(context: RuntimeContext, runId: string, { workerKey }: ExecuteInput): Promise<NodeRun | null> {
  const result = await own(context, { runId, workerKey, mode: { kind: "steps", max: 1 } });
  const [path] = result.kind === "done" ? result.executed : [];
  return path === undefined ? null : nodeRunById(context, nodeRunId(runId, path));
}

/** Executes queued nodes until the run finishes, waits, or maxSteps have run (S-37, S-38). @throws AppError RUN_NOT_FOUND, RUN_OWNED */
export async function executeRun(context: RuntimeContext, runId: string, { workerKey, maxSteps }: ExecuteRunInput): Promise<Executed> {
  const max = checkRange("maxSteps", maxSteps ?? 16, 1, 10_000);
  const result = await own(context, { runId, workerKey, mode: { kind: "steps", max } });
  const run = await runById(context, runId);
  if (result.kind !== "done") return { run, executed: [], stopReason: "FINISHED" };
  const executed = await Promise.all(result.executed.map((path) => nodeRunById(context, nodeRunId(runId, path))));
  return { run, executed, stopReason: result.stopReason };
}

/** Claims and executes one queued node run of any run of the tenant (S-39); null when the queue is empty. */
export async function executeNextNodeRun(context: RuntimeContext, { workerKey, leaseSeconds }: ClaimInput): Promise<NodeRun | null> {
  const leaseMs = checkRange("leaseSeconds", leaseSeconds ?? 300, 1, 3_600) * 1_000;
  const { db, services, signal } = context;
  const call = { tenantId: db.tenantId, workerKey: checkWorkerKey(workerKey), leaseMs, ...(signal && { signal }) };
  const done = await services.control.executeNextNodeRun(call);
  return done === null ? null : nodeRunById(context, nodeRunId(done.runId, done.path));
}

type OwnCall = Parameters<RuntimeContext["services"]["control"]["ownRun"]>[0];

/** Owns a run of the tenant as far as `mode` says. @throws AppError RUN_NOT_FOUND, RUN_OWNED, RUNS_BUSY */
export async function own(
  { db, services, signal }: RuntimeContext,
  { runId, workerKey, mode }: Pick<OwnCall, "runId" | "workerKey" | "mode">,
): Promise<Exclude<OwnResult, { kind: "owned" | "in-line" | "busy" | "unknown" }>> {
  const call = { tenantId: db.tenantId, runId: checkRunId(runId), workerKey: checkWorkerKey(workerKey), mode, ...(signal && { signal }) };
  const result = await services.control.ownRun(call);
  if (result.kind === "unknown") throw runtimeErrors.RUN_NOT_FOUND({ id: runId });
  if (result.kind === "owned") throw runtimeErrors.RUN_OWNED({ id: runId });
  if (result.kind === "in-line") throw runtimeErrors.RUN_IN_LINE({ id: runId });
  if (result.kind === "busy") throw runtimeErrors.RUNS_BUSY({ id: runId, retryAfterMs: runsAgainMs });
  return result;
}

async function outputOf({
  outputText,
  outputJson,
}: UpdateNodeRunStatusInput): Promise<Pick<UpdateNodeRunStatusInput, "outputJson"> & { outputText?: string }> {
  return {
    ...(outputText != null && { outputText: checkStorableText("outputText", outputText) }),
    ...(outputJson !== undefined && { outputJson: await checkStorableInTurns("outputJson", outputJson) }),
  };
}

/** @throws AppError TEXT_TOO_SHORT, TEXT_TOO_LONG, TEXT_NOT_STORABLE */
export function checkWorkerKey(workerKey: string): string {
  return checkStorableText("workerKey", checkText("workerKey", workerKey, { min: 1, max: 200 }));
}
