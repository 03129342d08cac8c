import type { FilterQuery } from "@mikro-orm/postgresql";
import { checkItems, checkJson, checkStorableText, checkText } from "#shared/fields.ts";
import { checkIdempotencyKey, idempotencyKeyReused, inputHash } from "#shared/graphql/idempotency.ts";
import { newId } from "#shared/ids.ts";
import type { JsonObject } from "#shared/json.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import { NoTurn } from "#shared/turn-queue.ts";
import { runtimeErrors } from "../errors.ts";
import { gateOf } from "../nodes/evaluation/concurrency-key.ts";
import { compileRun } from "../plan/compile.ts";
import { readHistory } from "../plan/session-history.ts";
import { isTerminal, runStatusNumber, runStatusWord, type RunStatus } from "../queue/statuses.ts";
import type { DeletedBatch } from "../queue/removal.sql.ts";
import type { RunCondition } from "../queue/run-condition.ts";
import { Run } from "./run.entity.ts";
import { checkInput } from "./run-input.ts";
import type { CancelRunsFilter, CreateRunInput, DeleteRunsFilter, RunFilter } from "./run.inputs.ts";
import type { RunExecution } from "./run.enums.ts";
import type { RuntimeContext } from "./runtime.context.ts";
import type { BulkCancelled } from "../control/bulk-cancel.ts";
import type { CreatedRun, NewRun } from "../control/new-run.ts";

/** What a run is given, each part of it. */
export const inputBytes = 256 * 1024;
const reasonLength = 1_000;
const maxNamedIds = 1_000;
const cancelAgainMs = 1_000;
const untoldMs = 1_000;

/** Creates a run and its first nodes. @throws AppError of compileRun and checkInput; IDEMPOTENCY_KEY_REUSED, QUOTA_EXCEEDED, NUMBER_OUT_OF_RANGE, those of checkJson */
export async function createRun(context: RuntimeContext, given: CreateRunInput): Promise<Run> {
  const priority = checkRange("priority", given.priority ?? 0, -100, 100);
  const input = checkJson("input", given.input ?? {}, inputBytes);
  const mocks = given.mocks == null ? undefined : checkJson("mocks", given.mocks, inputBytes);
  return createKeyedRun(context, { ...given, mocks }, { input, priority, idempotency: idempotencyOf(given) });
}

/** The parts of a run that whoever asks for it has checked. */
export interface CheckedRun {
  input: JsonObject;
  /** The input's JSON, where it is written already. */
  inputText?: string;
  priority: number;
  idempotency: Idempotency | undefined;
}

/** Creates a run, or finds the one that was created with its key. @throws AppError of compileRun and checkInput; IDEMPOTENCY_KEY_REUSED, QUOTA_EXCEEDED */
export async function createKeyedRun(
  context: RuntimeContext,
  given: Omit<CreateRunInput, "input" | "priority" | "idempotencyKey" | "mocks"> & { mocks?: JsonObject | undefined },
  checked: CheckedRun,
): Promise<Run> {
  const { idempotency } = checked;
  const known = idempotency && (await findByKey(context, idempotency));
  if (known) return known;
  return context.services.quotas.admitted(context.db.tenantId, () => compileAndCreate(context, given, checked));
}

async function compileAndCreate(
  context: RuntimeContext,
  given: Parameters<typeof createKeyedRun>[1],
  { input, inputText, priority, idempotency }: CheckedRun,
): Promise<Run> {
  const { db, services, call, requestId, traceparent } = context;
  const info = requestInfoOf(context);
  const {
    plan,
    inputSchema,
    history: asked,
    concurrency,
    ...names
  } = await compileRun({ call, documents: services.documents }, info, given);
  await checkInput(context.db.tenantId, { versionId: names.workflowVersionId, schema: inputSchema, input });
  const { sessionId } = names;
  const history =
    asked && sessionId !== undefined ? await readHistory({ call, info }, { sessionId, asked, query: input["query"] }) : undefined;
  const execution = given.execution ?? "WORKERS";
  const line = { tenantId: db.tenantId, workflowId: names.workflowId, input, sessionId };
  const gate = concurrency && (await gateOf(services.evaluation, concurrency, line));
  return runCreate(context, {
    id: newId(),
    tenantId: db.tenantId,
    plan,
    ...names,
    ...(isTrialRun({ execution, mocks: given.mocks }) && { onFailure: undefined }),
    execution,
    priority,
    dryRun: given.dryRun ?? false,
    requestId,
    traceparent,
    input,
    inputText,
    history,
    idempotency,
    gate,
  });
}

/** Whether a run is tried, or executed by hand: whoever does sees that it fails, and its document's `on_failure` is not asked. */
export function isTrialRun({ execution, mocks = {} }: { execution: RunExecution; mocks?: JsonObject | undefined }): boolean {
  return execution === "MANUAL" || Object.keys(mocks).length > 0;
}

/** The key that a run is asked for with, and what was asked. @throws AppError IDEMPOTENCY_KEY_INVALID */
export function idempotencyOf(given: { idempotencyKey?: string | null }): Idempotency | undefined {
  if (given.idempotencyKey == null) return undefined;
  const key = checkIdempotencyKey(given.idempotencyKey);
  return { key, inputHash: inputHash(given) };
}

type Idempotency = NonNullable<NewRun["idempotency"]>;

/** @throws AppError IDEMPOTENCY_KEY_REUSED */
export async function runCreate(context: RuntimeContext, run: NewRun): Promise<Run> {
  const [created] = await context.services.control.createRuns([run]);
  if (created?.kind === "key-reused") throw idempotencyKeyReused(run.idempotency?.key ?? "", created.id);
  if (created === undefined || created.kind === "id-taken") throw new Error(`the id ${run.id} of a new run is taken`);
  return created.kind === "created" ? newRun(created) : runById(context, created.id);
}

/** The run as its insert left it: reading it back would cost as much as creating it. */
function newRun({ row, createdAt }: Extract<CreatedRun, { kind: "created" }>): Run {
  const { input: _input, state: _state, history: _history, givenState: _given, ...columns } = row;
  const ended = isTerminal(runStatusWord(row.status)) ? createdAt : null;
  const unused = { modelCalls: 0, promptTokens: 0, completionTokens: 0 };
  const rest = {
    originRunId: null,
    parentRunId: null,
    parentPath: null,
    errorCode: null,
    errorMessage: null,
    cancelReason: null,
    startedAt: ended,
    endedAt: ended,
  };
  return Object.assign(new Run(), columns, unused, rest, { createdAt });
}

/** Cancels a run, whoever owns it. @throws AppError RUN_NOT_FOUND, RUN_FINISHED */
export async function cancelRun(context: RuntimeContext, id: string, reason: string | null | undefined): Promise<Run> {
  const call = {
    tenantId: context.db.tenantId,
    runId: checkRunId(id),
    ...(reason != null && { reason: checkReason(reason) }),
  };
  const posted = await context.services.control.cancel(call);
  // It may have been made since: it has not been told.
  if (posted === "unknown") throw runtimeErrors.RUN_NOT_FOUND({ id });
  const run = await runById(context, id);
  if (posted === "conflict") throw runtimeErrors.RUN_FINISHED({ id, status: runStatusWord(run.status) });
  return run;
}

/** Cancels whatever runs match, for some seconds. @throws AppError RUNS_NOT_NAMED, LIST_TOO_LONG, CANCELS_BUSY, those of checkStorableText */
export async function cancelRuns(
  { db, services, signal }: RuntimeContext,
  call: { filter: CancelRunsFilter; reason?: string | null; after?: string | null },
): Promise<BulkCancelled> {
  const named = namedRuns(call);
  const reason = call.reason == null ? null : checkReason(call.reason);
  if (named === undefined) return { accepted: 0, cursor: null };
  const cancelled = await services.control.cancelAll({ tenantId: db.tenantId, ...named, reason, signal });
  if (cancelled === "full") throw runtimeErrors.CANCELS_BUSY({ retryAfterMs: cancelAgainMs });
  return cancelled;
}

/** Deletes a finished run. @returns it as it was. @throws AppError RUN_NOT_FOUND, RUN_NOT_FINISHED, RUN_NOT_TOLD */
export async function deleteRun(context: RuntimeContext, id: string): Promise<Run> {
  const run = await runById(context, checkRunId(id));
  const status = runStatusWord(run.status);
  // What is answered is what was read here: one that ended since would be deleted, and shown as if it had not.
  if (!isTerminal(status)) throw runtimeErrors.RUN_NOT_FINISHED({ id, status });
  const deleted = await context.services.control.deleteRun({ tenantId: context.db.tenantId, runId: id });
  if (deleted === "unknown") throw runtimeErrors.RUN_NOT_FOUND({ id });
  if (deleted === "open") throw runtimeErrors.RUN_NOT_TOLD({ id, retryAfterMs: untoldMs });
  return run;
}

/** Deletes whatever finished runs match, for some seconds. @throws AppError RUNS_NOT_NAMED, LIST_TOO_LONG, DELETES_BUSY */
export async function deleteRuns(
  { db, services, signal }: RuntimeContext,
  call: { filter: DeleteRunsFilter; after?: string | null },
): Promise<DeletedBatch> {
  const named = namedRuns(call);
  if (named === undefined) return { deleted: 0, cursor: null };
  const deleted = await services.control.deleteAll({ tenantId: db.tenantId, ...named, signal });
  if (deleted === "full") throw runtimeErrors.DELETES_BUSY({ retryAfterMs: cancelAgainMs });
  return deleted;
}

/** Which runs a filter names; undefined: none that can be. @throws AppError RUNS_NOT_NAMED, LIST_TOO_LONG */
function namedRuns(call: {
  filter: CancelRunsFilter | DeleteRunsFilter;
  after?: string | null;
}): { condition: RunCondition; after: string } | undefined {
  const { all, status, ids, ...others } = call.filter;
  const given = Object.fromEntries(Object.entries(others).filter(([, value]) => value != null));
  if (ids != null) checkItems("filter.ids", ids, maxNamedIds);
  if (all !== true && ids == null && status == null && Object.keys(given).length === 0)
    throw runtimeErrors.RUNS_NOT_NAMED({ field: "filter" });
  const after = call.after ?? "";
  // PostgreSQL would refuse it; no run has such an id.
  if ([after, ...Object.values(given)].some((value) => typeof value === "string" && value.includes("\u0000"))) return undefined;
  const condition = {
    ...given,
    ...(ids != null && { ids: ids.filter((id) => !id.includes("\u0000")) }),
    ...(status != null && { statuses: status.map(runStatusNumber) }),
  };
  return { condition, after };
}

function checkReason(reason: string): string {
  return checkStorableText("reason", checkText("reason", reason, { max: reasonLength }));
}

/** Makes a new run of a FAILED one. @throws AppError RUN_NOT_FOUND, RUN_NOT_FAILED, FORKS_BUSY, QUOTA_EXCEEDED */
export async function retryRun(context: RuntimeContext, id: string): Promise<Run> {
  return context.services.quotas.admitted(context.db.tenantId, () => retryAdmitted(context, id));
}

async function retryAdmitted(context: RuntimeContext, id: string): Promise<Run> {
  const { db, services, requestId, traceparent } = context;
  const newRunId = newId();
  const call = { tenantId: db.tenantId, runId: checkRunId(id), newRunId, requestId, ...(traceparent && { traceparent }) };
  let made = await services.control.retryRun(call);
  if (made === "other-status" || made === "unknown") {
    const status = runStatusWord((await runById(context, id)).status);
    if (status !== "FAILED") throw runtimeErrors.RUN_NOT_FAILED({ id, status });
    // It has failed since, and stays so.
    made = await services.control.retryRun(call);
  }
  if (made === "created") return runById(context, newRunId);
  if (made instanceof NoTurn) throw runtimeErrors.FORKS_BUSY({ retryAfterMs: made.retryAfterMs });
  throw runtimeErrors.RUN_NOT_FOUND({ id });
}

/** Sets the status of a MANUAL run (S-29); the transitions are in docs/run-states.md. @throws AppError STATUS_NOT_SETTABLE, RUN_NOT_FOUND, RUN_FINISHED, RUN_NOT_MANUAL, REPORTS_BUSY */
export async function updateRunStatus(context: RuntimeContext, id: string, status: RunStatus): Promise<Run> {
  if (status === "QUEUED" || status === "WAITING")
    throw runtimeErrors.STATUS_NOT_SETTABLE({ status, settable: ["RUNNING", "COMPLETED", "FAILED", "CANCELLED"] });
  const posted = await context.services.control.updateRun({ tenantId: context.db.tenantId, runId: checkRunId(id), status });
  if (posted === "unknown") throw runtimeErrors.RUN_NOT_FOUND({ id });
  if (posted instanceof NoTurn) throw runtimeErrors.REPORTS_BUSY({ id, retryAfterMs: posted.retryAfterMs });
  const run = await runById(context, id);
  const current = runStatusWord(run.status);
  if (posted !== "conflict") return run;
  if (isTerminal(current)) throw runtimeErrors.RUN_FINISHED({ id, status: current });
  if (run.execution === "WORKERS") throw runtimeErrors.RUN_NOT_MANUAL({ id });
  // A MANUAL run refuses only what changes nothing.
  return run;
}

/** For the engine's statements, which PostgreSQL would refuse: an id that no run can have is an unknown one. @throws AppError RUN_NOT_FOUND */
export function checkRunId(id: string): string {
  if (id.includes("\u0000")) throw runtimeErrors.RUN_NOT_FOUND({ id });
  return id;
}

/** The run as it is now. @throws AppError RUN_NOT_FOUND */
export async function runById({ loaders }: RuntimeContext, id: string): Promise<Run> {
  const run = await loaders.run.clear(id).load(id);
  if (run === null) throw runtimeErrors.RUN_NOT_FOUND({ id });
  return run;
}

/** The condition that a filter stands for. */
export function runCondition(filter: RunFilter | null | undefined): FilterQuery<Run> {
  const { status, createdAfter, createdBefore, ...equal } = filter ?? {};
  const given = Object.fromEntries(Object.entries(equal).filter(([, value]) => value != null));
  const createdAt = { ...(createdAfter && { $gte: createdAfter }), ...(createdBefore && { $lt: createdBefore }) };
  return {
    ...given,
    ...(status && { status: { $in: status.map(runStatusNumber) } }),
    ...(Object.keys(createdAt).length > 0 && { createdAt }),
  };
}

/** @throws AppError NUMBER_OUT_OF_RANGE */
export function checkRange(field: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw runtimeErrors.NUMBER_OUT_OF_RANGE({ field, value, min, max });
}

/** The run that was made with a key. @throws AppError IDEMPOTENCY_KEY_REUSED */
export async function findByKey({ db }: RuntimeContext, { key, inputHash: hash }: Idempotency): Promise<Run | undefined> {
  return db.read(async (tx) => {
    const [first] = await tx.sql<{ id: string; input_hash: string }>(
      "select id, input_hash from runtime.run where tenant_id = $1 and idempotency_key = $2",
      [tx.tenantId, key],
    );
    if (first === undefined) return undefined;
    if (first.input_hash !== hash) throw idempotencyKeyReused(key, first.id);
    return (await tx.em.findOne(Run, { id: first.id })) ?? undefined;
  });
}
