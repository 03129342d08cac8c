import { endedColumns, endsTold, failuresTold } from "./run-end.sql.ts";
import { defineStatement, keyOf, keysOf, type Queryable, rowsOf } from "./statement.ts";
import { outboxKinds } from "./statuses.ts";

// $3: where a node is marked as the culprit it does not hold; the engine fails that node alone. Not "exists", which PostgreSQL may answer by reading all
// node runs. Served by the primary keys and work_offers.
const deadLetter = defineStatement({
  name: "dead_letter",
  text: `
with r as (update runtime.run r set status = 4, lease = null, event_seq = event_seq + 1, ended_at = clock_timestamp(),
    error_code = $4, error_message = $5
  where id = $1 and lease = $2 and not ($3 and (select true from runtime.node_run n where n.run_id = r.id and n.alone and n.status = 1 limit 1) is true)
  returning ${endedColumns}, r.event_seq),
n as (update runtime.node_run x set status = 5, ended_at = clock_timestamp(), error_code = 'SIBLING_FAILED' from r where x.run_id = ${keyOf("r.id")} and x.status < 3
  returning x.run_id, x.tenant_id, x.path, x.wait_reason, x.child_run_id),
e as (insert into runtime.run_story (run_id, seq, type, status, at, tenant_id) select id, event_seq, 0, 4, clock_timestamp(), tenant_id from r),
i as (delete from runtime.inbox m where m.run_id = ${keysOf("id from r")}),
w as (delete from runtime.work w where w.key = ${keysOf("id from r")}),
o as (delete from runtime.work w where w.run_id = ${keysOf("id from r")} and w.path is not null),
oe as (${endsTold("r")}),
fa as (${failuresTold("r")}),
oc as (insert into runtime.outbox (run_id, tenant_id, kind, target_run_id, target_path)
  select run_id, tenant_id, ${outboxKinds.cancel}, child_run_id, path from n where wait_reason = 'CHILD' and child_run_id is not null)
select id from r`,
});

/** Fails a run without loading it, for one that ends whoever loads it. @returns whether it did. */
export async function runDeadLetter(db: Queryable, run: { runId: string; lease: string }): Promise<boolean> {
  const message = "Taking over the run ended every worker that tried.";
  return (await rowsOf(db, deadLetter, [run.runId, run.lease, true, "WORKER_CRASHED", message])).length > 0;
}

/** Fails a run with nothing of what its owner could not store. @returns whether it did. */
export async function runFailUnstored(db: Queryable, run: { runId: string; lease: string }): Promise<boolean> {
  const message = "What the run did could not be stored.";
  return (await rowsOf(db, deadLetter, [run.runId, run.lease, false, "INTERNAL", message])).length > 0;
}

/** Fails a run that nobody could take over, time after time, for what is stored of it. @returns whether it did. */
export async function runFailDamaged(db: Queryable, run: { runId: string; lease: string }): Promise<boolean> {
  const message =
    "What is stored of the run does not fit together, so nobody can go on with it. Create a new run; the operator's log has the cause under its id.";
  return (await rowsOf(db, deadLetter, [run.runId, run.lease, false, "RUN_DAMAGED", message])).length > 0;
}

/** Fails a run that has more than PostgreSQL puts into one answer, so that nobody can take it over. @returns whether it did. */
export async function runFailUnloadable(db: Queryable, run: { runId: string; lease: string }): Promise<boolean> {
  const message = "The run has more than can be taken over; split the work into several runs.";
  return (await rowsOf(db, deadLetter, [run.runId, run.lease, false, "RUN_TOO_LARGE", message])).length > 0;
}
