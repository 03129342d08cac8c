import type { Json, JsonObject } from "#shared/json.ts";
import type { ExistingRun } from "../queue/create.sql.ts";
import { newRunColumns, type NewRunRow, type PlanRow } from "../queue/rows.ts";
import type { Gate } from "../nodes/evaluation/concurrency-key.ts";
import type { FrozenPlan } from "../plan/frozen-plan.ts";
import { newTraceId, parseTraceparent } from "../owner/calls/span-ids.ts";

/** Columns that follow from others. */
type Derived =
  | "planId"
  | "idempotencyKey"
  | "inputHash"
  | "traceId"
  | "parentSpanId"
  | "status"
  | "input"
  | "state"
  | "history"
  | "givenState"
  | "givenStateSeq"
  | "gateKey"
  | "gatePlaces";

/** That a run was created. */
const firstEvent = 1;

/** A run to create; its id is the caller's, so that creating it twice creates it once. */
export interface NewRun
  extends Pick<NewRunRow, "id" | "tenantId" | "requestId">, Partial<Omit<NewRunRow, Derived | "id" | "tenantId" | "requestId">> {
  plan: FrozenPlan;
  traceparent?: string | undefined;
  input?: JsonObject;
  /** Its JSON, where it is written already. */
  inputText?: string | undefined;
  /** What its state is before anything is written; {} unless given. */
  state?: JsonObject | undefined;
  /** What was said in its session before it. */
  history?: Json[] | undefined;
  idempotency?: { key: string; inputHash: string } | undefined;
  /** The line that it stands in; a dry run stands in none. */
  gate?: Gate | undefined;
}

/** existing: same id, or same key with the same input. key-reused: same key with another input. id-taken: another tenant has the id. */
export type CreatedRun =
  { kind: "created"; id: string; row: NewRunRow; createdAt: Date } | { kind: "existing" | "key-reused" | "id-taken"; id: string };

/** The row of a run that nobody has begun; of one without nodes, which is completed. */
export function runRow({ plan, traceparent, input = {}, inputText, state, history, idempotency, gate, ...given }: NewRun): NewRunRow {
  const trace = parseTraceparent(traceparent);
  const row: NewRunRow = {
    kind: "WORKFLOW",
    execution: "WORKERS",
    dryRun: false,
    priority: 0,
    detached: false,
    depth: 0,
    ...given,
    planId: plan.id,
    ...(given.dryRun !== true && { gateKey: gate?.key, gatePlaces: gate?.places }),
    idempotencyKey: idempotency?.key,
    inputHash: idempotency?.inputHash,
    traceId: trace?.traceId ?? newTraceId(),
    parentSpanId: trace?.spanId,
    status: plan.isEmpty ? 3 : 0,
    input: inputText ?? JSON.stringify(input),
    ...(history !== undefined && { history: JSON.stringify(history) }),
    ...(state !== undefined && { state: JSON.stringify(state), givenState: JSON.stringify(state), givenStateSeq: firstEvent }),
  };
  const absent = Object.keys(newRunColumns).filter((field) => row[field as keyof NewRunRow] === undefined);
  return { ...row, ...Object.fromEntries(absent.map((field) => [field, null])) };
}

/** A plan, and those of the runs that its runs make. */
export function planRows({ children = [], ...plan }: FrozenPlan): [PlanRow, ...PlanRow[]] {
  const row = ({ id, tenantId, json }: FrozenPlan): PlanRow => ({ id, tenantId, json });
  return [row(plan), ...children.map(row)];
}

/**
 * What a run is that was not created, because there is one with its id or its idempotency key.
 *
 * @throws when there is none: a bug.
 */
export function existingRun(row: NewRunRow, existing: readonly ExistingRun[]): CreatedRun {
  const sameId = existing.find(({ id }) => id === row.id);
  if (sameId !== undefined) return { kind: sameId.tenantId === row.tenantId ? "existing" : "id-taken", id: row.id };
  const sameKey = existing.find(({ key, tenantId }) => key !== null && key === row.idempotencyKey && tenantId === row.tenantId);
  if (sameKey === undefined) throw new Error(`run ${row.id} was neither created nor found`);
  return { kind: sameKey.inputHash === row.inputHash ? "existing" : "key-reused", id: sameKey.id };
}
