import { defineStatement, keysOf, rowsOf, type Queryable } from "./statement.ts";

/** The answer of a finished run, to be told to its session. */
export interface OutboxRow {
  runId: string;
  tenantId: string;
  sessionId: string;
  outputText: string;
  /** How often it was taken before. */
  attempts: number;
}

// Index: outbox_due. Whoever takes a row has 30 s; when it dies on the way, somebody else takes it then.
const take = defineStatement({
  name: "outbox_take",
  text: `
with due as materialized (select run_id from runtime.outbox where visible_at <= now() order by visible_at limit $1 for update skip locked)
update runtime.outbox o set visible_at = clock_timestamp() + interval '30 s', attempts = least(o.attempts + 1, 1000)
where o.run_id = ${keysOf("run_id from due")}
returning o.run_id as "runId", o.tenant_id as "tenantId", o.session_id as "sessionId", o.output_text as "outputText", (o.attempts - 1)::int as attempts`,
});

// Index: outbox_session; sorted outside, or a plan of an empty table would walk the whole outbox in order. Others may be about to deliver them: a session
// takes each once.
const ofSession = defineStatement({
  name: "outbox_of_session",
  text: `
with theirs as materialized (select * from runtime.outbox where session_id = $2 and tenant_id = $1)
select run_id as "runId", tenant_id as "tenantId", session_id as "sessionId", output_text as "outputText", attempts::int as attempts
from theirs order by run_id limit 20`,
});

const remove = defineStatement({ name: "outbox_remove", text: "delete from runtime.outbox where run_id = any($1)" });

const putBack = defineStatement({
  name: "outbox_put_back",
  text: `update runtime.outbox o set visible_at = clock_timestamp() + b.ms * interval '1 millisecond'
from unnest($1::text[], $2::float8[]) as b(run_id, ms) where o.run_id = any($1) and o.run_id = b.run_id`,
});

/** Takes up to `limit` rows that are due. */
export function outboxTake(db: Queryable, limit: number): Promise<OutboxRow[]> {
  return rowsOf(db, take, [limit]);
}

/** Answers that a session is still to be told, the oldest run's first. */
export function outboxOfSession(db: Queryable, { tenantId, sessionId }: { tenantId: string; sessionId: string }): Promise<OutboxRow[]> {
  return rowsOf(db, ofSession, [tenantId, sessionId]);
}

/** Forgets rows that were delivered, or never can be. */
export async function outboxRemove(db: Queryable, runIds: readonly string[]): Promise<void> {
  await rowsOf(db, remove, [runIds]);
}

/** Lets rows become due again after a pause. */
export async function outboxPutBack(db: Queryable, rows: readonly { runId: string; pauseMs: number }[]): Promise<void> {
  await rowsOf(db, putBack, [rows.map(({ runId }) => runId), rows.map(({ pauseMs }) => pauseMs)]);
}
