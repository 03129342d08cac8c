/**
 * What runs tell others once they are stored: their answer to a session, their end to the node run that waits for them, that a run is to be created, or cancelled.
 * A message stays until it was delivered, however often that takes; each delivery does no harm when it is made twice.
 */
import type { JsonObject } from "#shared/json.ts";
import { defineStatement, keysOf, rowsOf, type Queryable } from "./statement.ts";
import { inboxKinds, outboxKinds } from "./statuses.ts";

/** Which message it is. A run has one of a kind for each run, or session, that it tells something. */
export interface OutboxKey {
  /** The run that tells. */
  runId: string;
  kind: number;
  /** The run that is told, created or cancelled; "" for a session. */
  targetRunId: string;
  /** Of the run that waits, or that made it: the path of the node run. */
  targetPath: string;
}

/** A message. */
export interface OutboxMessage extends OutboxKey {
  tenantId: string;
  /** answer: the session, and what it is told; null where that is long. */
  sessionId: string | null;
  outputText: string | null;
  /** What it is told is read by itself ({@link outboxAnswer}). */
  isLong: boolean;
  /** create: what the run is, but for its input. */
  body: JsonObject | null;
  /** How often it was taken before. */
  attempts: number;
}

/** A run's answer may have 50 MiB: longer ones do not come with the other messages of their batch. */
const shortBytes = 65_536;

const key = "run_id, kind, target_run_id, target_path";
const keyOf = (row: string) =>
  `${row}.run_id as "runId", ${row}.kind, ${row}.target_run_id as "targetRunId", ${row}.target_path as "targetPath"`;
const columnsOf = (row: string) =>
  `${keyOf(row)}, ${row}.tenant_id as "tenantId", ${row}.session_id as "sessionId", ${row}.body,
  case when octet_length(${row}.output_text) <= ${shortBytes} then ${row}.output_text end as "outputText",
  coalesce(octet_length(${row}.output_text) > ${shortBytes}, false) as "isLong"`;

// Index: outbox_lanes. An equal share of each tenant that has some, so nobody waits behind the ten thousand of another. Whoever takes a row has it for a while;
// when it dies on the way, somebody else takes it then.
const take = defineStatement({
  name: "outbox_take",
  text: `
with recursive t as (
  (select tenant_id from runtime.outbox order by tenant_id limit 1) union all
  select (select o.tenant_id from runtime.outbox o where o.tenant_id > t.tenant_id order by o.tenant_id limit 1) from t where t.tenant_id is not null),
lanes as materialized (select tenant_id from t where tenant_id is not null order by random()),
due as materialized (select d.* from lanes, lateral (
  select o.run_id, o.kind, o.target_run_id, o.target_path from runtime.outbox o
  where o.tenant_id = lanes.tenant_id and o.visible_at <= now() and o.kind = any($2::smallint[])
  order by o.visible_at limit greatest(1, $1::int / (select count(*) from lanes)) for update skip locked) d limit $1::int)
update runtime.outbox o set visible_at = clock_timestamp() + $3::float8 * interval '1 millisecond', attempts = least(o.attempts + 1, 1000)
from due where o.run_id = ${keysOf("run_id from due")} and (o.run_id, o.kind, o.target_run_id, o.target_path) = (due.run_id, due.kind, due.target_run_id, due.target_path)
returning ${columnsOf("o")}, (o.attempts - 1)::int as attempts`,
});

// Index: outbox_session; materialized, or an order by the primary key would read all of it. Others may be about to deliver them: a session takes each once.
const ofSession = defineStatement({
  name: "outbox_of_session",
  text: `with o as materialized (select * from runtime.outbox where session_id = $2 and tenant_id = $1)
select ${columnsOf("o")}, o.attempts::int as attempts from o order by o.run_id limit 20`,
});

const named = "unnest($1::text[], $2::smallint[], $3::text[], $4::text[])";

const remove = defineStatement({
  name: "outbox_remove",
  text: `delete from runtime.outbox o using ${named} as b(${key})
where o.run_id = any($1) and (o.run_id, o.kind, o.target_run_id, o.target_path) = (b.run_id, b.kind, b.target_run_id, b.target_path)`,
});

const answer = defineStatement({
  name: "outbox_answer",
  text: `select output_text as "outputText" from runtime.outbox where (${key}) = ($1, $2, $3, $4)`,
});

const putBack = defineStatement({
  name: "outbox_put_back",
  text: `update runtime.outbox o set visible_at = clock_timestamp() + b.ms * interval '1 millisecond', attempts = coalesce(b.attempts, o.attempts)
from unnest($1::text[], $2::smallint[], $3::text[], $4::text[], $5::float8[], $6::smallint[]) as b(${key}, ms, attempts)
where o.run_id = any($1) and (o.run_id, o.kind, o.target_run_id, o.target_path) = (b.run_id, b.kind, b.target_run_id, b.target_path)`,
});

// Index: outbox_lanes. Those that somebody has in hand may be among them: a run is made once, however often it is asked for.
const hasten = defineStatement({
  name: "outbox_hasten",
  text: `
with due as materialized (select run_id, kind, target_run_id, target_path from runtime.outbox
  where tenant_id = $1 and visible_at > now() and kind = ${outboxKinds.create} order by visible_at limit $2 for update skip locked)
update runtime.outbox o set visible_at = now() from due
where o.run_id = ${keysOf("run_id from due")} and (o.run_id, o.kind, o.target_run_id, o.target_path) = (due.run_id, due.kind, due.target_run_id, due.target_path)
returning true`,
});

// Index: outbox_lanes.
const wait = defineStatement({
  name: "outbox_waits",
  text: `
select exists (select from runtime.outbox where tenant_id = $1 and visible_at > now() and kind = ${outboxKinds.create}) as wait`,
});

const usage = `'usage', json_build_object('modelCalls', c.model_calls, 'promptTokens', c.prompt_tokens, 'completionTokens', c.completion_tokens)`;

/** SQL: what a run `c` put out. A workflow gives what it gives as a part of a run: its result and its state. */
const output = `case when c.kind = 'WORKFLOW' then json_build_object('result', coalesce(c.output_json, to_json(c.output_text)), 'state', c.state) else c.output_json end`;

/** SQL: what came of a run `c` as the outcome of the node run that waits for it. An outcome without a text has none, not null. */
const outcome = `case
    when c.id is null then json_build_object('kind', 'failed', 'code', 'CHILD_RUN_FAILED', 'retryable', false,
      'message', 'Run ' || $1 || ' is gone: nobody knows how it ended.')
    when c.status = 3 and c.output_text is null then json_build_object('kind', 'completed', 'outputJson', ${output}, ${usage})
    when c.status = 3 then json_build_object('kind', 'completed', 'outputText', c.output_text, 'outputJson', ${output}, ${usage})
    else json_build_object('kind', 'failed', 'code', 'CHILD_RUN_FAILED', 'retryable', c.status = 4,
      'message', 'Run ' || $1 || case when c.status = 4 then ' failed: ' || coalesce(c.error_code, '') || ': ' || coalesce(c.error_message, '')
        else ' was cancelled' || coalesce(': ' || c.cancel_reason, '') || '.' end,
      'outputJson', json_build_object('runId', c.id, 'errorCode', c.error_code, 'errorMessage', c.error_message), ${usage}) end`;

/**
 * Tells a node run how the run ended that it waits for, if it still does, and no other since; a run that has ended itself is told nothing. What came of the run is
 * read from its row, so that it lies nowhere twice but in the inbox. Locks: the run that waits. Served by the primary keys.
 */
const endPost = defineStatement({
  name: "outbox_end_post",
  text: `
with l as materialized (select id, tenant_id from runtime.run where id = $2 and tenant_id = $4 and status < 3 for update),
n as (select x.path, x.attempt from runtime.node_run x, l
  where x.run_id = l.id and x.path = $3 and x.status = 2 and x.wait_reason = 'CHILD' and x.child_run_id = $1),
r as (update runtime.run set mail = mail + 1 from n where run.id = $2 returning run.id, run.tenant_id, mail, lease, n.path, n.attempt),
m as (insert into runtime.inbox (run_id, seq, tenant_id, kind, path, attempt, body)
  select r.id, r.mail, r.tenant_id, ${inboxKinds.childOutcome}, r.path, r.attempt, json_build_object('childRunId', $1::text, 'outcome', ${outcome})
  from r left join runtime.run c on c.id = $1 and c.tenant_id = $4),
w as (insert into runtime.work (key, run_id, tenant_id) select id, id, tenant_id from r where lease is null
  on conflict (key) do update set visible_at = least(work.visible_at, now()))
select (select count(*)::int from r) as posted, (select count(*)::int from runtime.run p where p.id = $2) as parents`,
});

const asked = defineStatement({
  name: "outbox_asked",
  text: `select ${columnsOf("o")}, o.attempts::int as attempts from runtime.outbox o
where o.target_run_id = $1 and o.kind = ${outboxKinds.create} and o.tenant_id = $2`,
});

const input = defineStatement({
  name: "outbox_input",
  text: `select o.input from runtime.outbox o where (o.run_id, o.kind, o.target_run_id, o.target_path) = ($1, $2::smallint, $3, $4)`,
});

// Once more for node runs that wait for a run which is over, or gone, and nothing is on its way to them. Served by node_run_awaits, the primary keys and
// outbox_target; in subselects that are asked row by row.
const repeat = defineStatement({
  name: "outbox_repeat",
  text: `
with x as materialized (select n.run_id, n.path, n.tenant_id, n.child_run_id from runtime.node_run n
  where n.wait_reason = 'CHILD' and n.status = 2 and (n.run_id, n.path) > ($1, $2) order by n.run_id, n.path limit $3),
lost as (select x.* from x where x.child_run_id is not null
  and coalesce((select c.status from runtime.run c where c.id = x.child_run_id), 3) >= 3
  and (select true from runtime.outbox o where o.target_run_id = x.child_run_id and o.kind = ${outboxKinds.create} limit 1) is null
  and (select true from runtime.outbox o where o.run_id = x.child_run_id and o.kind = ${outboxKinds.ended} limit 1) is null
  and (select true from runtime.inbox m where m.run_id = x.run_id and m.kind = ${inboxKinds.childOutcome} and m.path = x.path limit 1) is null),
o as (insert into runtime.outbox (run_id, tenant_id, kind, target_run_id, target_path)
  select child_run_id, tenant_id, ${outboxKinds.ended}, run_id, path from lost on conflict do nothing returning run_id)
select (select count(*)::int from o) as repeated, x.run_id as "runId", x.path from x order by x.run_id desc, x.path desc limit 1`,
});

/** What the run that a message asks for is given; {} where the message is gone. Served by the primary key. */
export async function outboxInput(db: Queryable, { runId, kind, targetRunId, targetPath }: OutboxKey): Promise<JsonObject> {
  const [row] = await rowsOf<{ input: JsonObject | null }>(db, input, [runId, kind, targetRunId, targetPath]);
  return row?.input ?? {};
}

/**
 * Posts the end of a run to whoever waits for it.
 *
 * @returns whether somebody does; gone: the run that waited was deleted.
 */
export async function endPostTo(
  db: Queryable,
  { runId, targetRunId, targetPath, tenantId }: OutboxMessage,
): Promise<"posted" | "dropped" | "gone"> {
  const [answer] = await rowsOf<{ posted: number; parents: number }>(db, endPost, [runId, targetRunId, targetPath, tenantId]);
  if (answer === undefined) throw new Error("the post of an end has no answer");
  if (answer.posted > 0) return "posted";
  return answer.parents > 0 ? "dropped" : "gone";
}

/** The message that asks for a run, where it was not delivered. */
export async function outboxAsked(db: Queryable, run: { runId: string; tenantId: string }): Promise<OutboxMessage | undefined> {
  const [message] = await rowsOf<OutboxMessage>(db, asked, [run.runId, run.tenantId]);
  return message;
}

/** Where a look for lost ends goes on. */
export interface AwaitingPlace {
  runId: string;
  path: string;
}

/** Tells once more what nobody tells any more of a batch of node runs that wait for other runs. @returns undefined when there are no more. */
export async function endsRepeat(
  db: Queryable,
  after: AwaitingPlace,
  limit: number,
): Promise<(AwaitingPlace & { repeated: number }) | undefined> {
  const [last] = await rowsOf<AwaitingPlace & { repeated: number }>(db, repeat, [after.runId, after.path, limit]);
  return last;
}

/** What a session is told by a message that is long; undefined: the message was delivered meanwhile. Served by the primary key. */
export async function outboxAnswer(db: Queryable, { runId, kind, targetRunId, targetPath }: OutboxKey): Promise<string | undefined> {
  const [row] = await rowsOf<{ outputText: string | null }>(db, answer, [runId, kind, targetRunId, targetPath]);
  return row?.outputText ?? undefined;
}

/** Removes messages that were delivered, or never can be. */
export async function outboxRemove(db: Queryable, keys: readonly OutboxKey[]): Promise<void> {
  await rowsOf(db, remove, columnsOfKeys(keys));
}

/** Takes up to so many messages of some kinds that are due; nobody else does for so long. */
export function outboxTake(
  db: Queryable,
  { batchSize, kinds, holdMs }: { batchSize: number; kinds: readonly number[]; holdMs: number },
): Promise<OutboxMessage[]> {
  return rowsOf(db, take, [batchSize, kinds, holdMs]);
}

/** Answers that a session is still to be told, the oldest run's first. */
export function outboxOfSession(db: Queryable, { tenantId, sessionId }: { tenantId: string; sessionId: string }): Promise<OutboxMessage[]> {
  return rowsOf(db, ofSession, [tenantId, sessionId]);
}

/** Whether any of a tenant's messages that ask for runs is put off, or in somebody's hand. */
export async function createsWait(db: Queryable, tenantId: string): Promise<boolean> {
  const [row] = await rowsOf<{ wait: boolean }>(db, wait, [tenantId]);
  return row?.wait === true;
}

/** Lets so many of a tenant's messages that ask for runs be due now, those first that would be first. @returns how many. */
export async function createsHasten(db: Queryable, tenantId: string, count: number): Promise<number> {
  return (await rowsOf(db, hasten, [tenantId, count])).length;
}

/** Lets messages become due again after a pause. `attempts`: how often they were taken, where that is not to count; null: as it is. */
export async function outboxPutBack(
  db: Queryable,
  later: readonly (OutboxKey & { pauseMs: number; attempts: number | null })[],
): Promise<void> {
  const pauses = later.map(({ pauseMs }) => pauseMs);
  const attempts = later.map((message) => message.attempts);
  await rowsOf(db, putBack, [...columnsOfKeys(later), pauses, attempts]);
}

function columnsOfKeys(keys: readonly OutboxKey[]): unknown[] {
  return [
    keys.map(({ runId }) => runId),
    keys.map(({ kind }) => kind),
    keys.map(({ targetRunId }) => targetRunId),
    keys.map(({ targetPath }) => targetPath),
  ];
}
