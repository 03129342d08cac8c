import type { JsonObject } from "#shared/json.ts";
import type { ExistingRun, RunRow } from "../queue/create.sql.ts";
import type { FrozenPlan } from "../plan/frozen-plan.ts";
import { newTraceId, parseTraceparent } from "../owner/span-ids.ts";

/** A run to create; its id is the caller's, so that creating it twice creates it once. */
export interface NewRun {
  id: string;
  tenantId: string;
  plan: FrozenPlan;
  kind?: "WORKFLOW" | "AGENT" | "TEAM" | "SKILL";
  appId?: string;
  appVersionId?: string;
  workflowId?: string;
  workflowVersionId?: string;
  sessionId?: string;
  execution?: "WORKERS" | "MANUAL";
  dryRun?: boolean;
  /** A second of it is as good as a second of waiting. */
  priority?: number;
  requestId: string;
  traceparent?: string;
  input?: JsonObject;
  initialNode?: string;
  idempotency?: { key: string; inputHash: string };
}

/** existing: same id, or same key with the same input. key-reused: same key with another input. id-taken: another tenant has the id. */
export type CreatedRun =
  | { kind: "created"; id: string; traceId: string; createdAt: Date; isCompleted: boolean }
  | { kind: "existing" | "key-reused" | "id-taken"; id: string };

/** The row of a run that nobody has begun; of one without nodes, which is completed. */
export function runRow(run: NewRun): RunRow {
  const trace = parseTraceparent(run.traceparent);
  return {
    id: run.id,
    tenant_id: run.tenantId,
    plan_id: run.plan.id,
    kind: run.kind ?? "WORKFLOW",
    app_id: run.appId ?? null,
    app_version_id: run.appVersionId ?? null,
    workflow_id: run.workflowId ?? null,
    workflow_version_id: run.workflowVersionId ?? null,
    session_id: run.sessionId ?? null,
    execution: run.execution ?? "WORKERS",
    dry_run: run.dryRun ?? false,
    priority: run.priority ?? 0,
    request_id: run.requestId,
    idempotency_key: run.idempotency?.key ?? null,
    input_hash: run.idempotency?.inputHash ?? null,
    trace_id: trace?.traceId ?? newTraceId(),
    parent_span_id: trace?.spanId ?? null,
    initial_node: run.initialNode ?? null,
    status: run.plan.isEmpty ? 3 : 0,
    input: run.input ?? {},
  };
}

/**
 * What a run is that was not created, because there is one with its id or its idempotency key.
 *
 * @throws when there is none: a bug.
 */
export function existingRun(row: RunRow, existing: readonly ExistingRun[]): CreatedRun {
  const sameId = existing.find(({ id }) => id === row.id);
  if (sameId !== undefined) return { kind: sameId.tenantId === row.tenant_id ? "existing" : "id-taken", id: row.id };
  const sameKey = existing.find(({ key, tenantId }) => key !== null && key === row.idempotency_key && tenantId === row.tenant_id);
  if (sameKey === undefined) throw new Error(`run ${row.id} was neither created nor found`);
  return { kind: sameKey.inputHash === row.input_hash ? "existing" : "key-reused", id: sameKey.id };
}
