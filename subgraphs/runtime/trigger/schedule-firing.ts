import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import { AppError } from "#shared/errors.ts";
import type { Evaluator } from "#shared/evaluation/job.ts";
import { newId } from "#shared/ids.ts";
import type { JsonObject } from "#shared/json.ts";
import { runRow } from "../control/new-run.ts";
import { checkInput } from "../graph/run-input.ts";
import { gateOf } from "../nodes/evaluation/concurrency-key.ts";
import { compileRun } from "../plan/compile.ts";
import type { DocumentCache } from "../plan/document-cache.ts";
import type { FrozenPlan } from "../plan/frozen-plan.ts";
import type { NewRunRow } from "../queue/rows.ts";
import type { DueScheduleRow, RefusedSchedule } from "../queue/schedule.sql.ts";

/** What makes a run of a schedule. */
export interface FiringHost {
  call: SubgraphCaller;
  documents: DocumentCache;
  evaluation: Evaluator;
}

/** Less than the 30 s for which the schedule is this process's. */
const compileDeadlineMs = 15_000;
const firstPauseMs = 1_000;
const longestPauseMs = 5 * 60_000;

/** The run of a schedule for a planned time, not created yet. @throws AppError of compileRun and checkInput */
export async function firedRun(host: FiringHost, row: DueScheduleRow, plannedAt: Date): Promise<{ run: NewRunRow; plan: FrozenPlan }> {
  const { tenantId, workflowId, workflowVersionId } = row;
  const requestId = `schedule-${row.id}`;
  const info = { tenantId, requestId, signal: AbortSignal.timeout(compileDeadlineMs) };
  const {
    plan,
    inputSchema: schema,
    history: _nobodyAsks,
    concurrency,
    ...names
  } = await compileRun(host, info, { workflowId, workflowVersionId });
  // What its owner gave is checked: what the platform adds is no fault of theirs.
  await checkInput(tenantId, { versionId: names.workflowVersionId, schema, input: row.input });
  const input = firedInput(row, plannedAt);
  const line = { tenantId, workflowId: names.workflowId, input, sessionId: undefined };
  const gate = concurrency && (await gateOf(host.evaluation, concurrency, line));
  return { run: runRow({ id: newId(), tenantId, requestId, plan, ...names, input, gate }), plan };
}

/** The schedule's input, with what tells this run from the others. */
function firedInput({ id, name, input }: DueScheduleRow, plannedAt: Date): JsonObject {
  return { schedule: { id, name, plannedAt: plannedAt.toISOString() }, ...input };
}

/** What its owner is told of a firing that made no run, and when it is tried again: later each time, five minutes at most. */
export function refusalOf({ id, revision, attempts }: DueScheduleRow, cause: unknown): RefusedSchedule {
  const pauseMs = Math.min(firstPauseMs * 2 ** attempts, longestPauseMs);
  if (!(cause instanceof AppError)) {
    const message = "The platform failed; its operator finds why in the log. It is tried again.";
    return { id, revision, pauseMs, code: "INTERNAL", reason: "INTERNAL", message };
  }
  const { code, reason, message, facts } = cause;
  const asked = typeof facts["retryAfterMs"] === "number" ? facts["retryAfterMs"] : 0;
  return { id, revision, pauseMs: Math.min(Math.max(pauseMs, asked), longestPauseMs), code, reason, message };
}
