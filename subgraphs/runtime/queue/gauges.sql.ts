/**
 * What the queue and the runs look like from outside, for `/metrics`. Each statement reads so much and no more, however many rows there are; none locks.
 */
import { defineStatement, rowsOf, type Queryable } from "./statement.ts";

/** Rows of `work` that are counted; what there is beyond them is not. */
export const mostCounted = 200_000;
/** Pages of `run` that are read, 16 MiB; of a larger table so many at random. */
const mostPages = 2_048;

// A session's lock: who has it counts for all, until its connection ends.
const watchTake = defineStatement({
  name: "gauges_watch",
  text: "select pg_try_advisory_lock(hashtextextended('agent-platform gauges', 0)) as \"isMine\"",
});

const queue = defineStatement({
  name: "gauges_queue",
  text: `
select lane, state, count(*)::int as rows, case when state = 'due' then extract(epoch from now() - min(visible_at)) else 0 end::float8 as "ageSeconds"
from (select case when path is null then 'runs' else 'nodes' end as lane, visible_at,
    case when lease is not null and visible_at > now() then 'owned' when crashes > 1 then 'suspect' when visible_at <= now() then 'due' else 'asleep' end as state
  from runtime.work limit ${mostCounted}) w
group by lane, state`,
});

// 0.9: a table that has grown since it was measured is read a little beyond.
const runs = defineStatement({
  name: "gauges_runs",
  text: `
with size as materialized (select greatest(1, pg_relation_size('runtime.run') / current_setting('block_size')::int) as pages),
part as materialized (select least(1.0, ${mostPages}::float8 / (select pages from size)) as read)
select r.status, round(count(*) / (select read from part))::float8 as rows
from runtime.run r tablesample system ((select 100 * least(1.0, ${mostPages}::float8
  / greatest(1, pg_relation_size('runtime.run') / current_setting('block_size')::int))))
group by r.status`,
});

const mail = defineStatement({
  name: "gauges_mail",
  text: `
select 'inbox' as box, count(*)::int as rows from (select from runtime.inbox limit ${mostCounted}) i
union all select 'outbox', count(*)::int from (select from runtime.outbox limit ${mostCounted}) o`,
});

/** A lane of the queue. due: nobody has it. owned: somebody does. asleep: due later. suspect: it has outlived two owners. */
export interface QueueLane {
  lane: string;
  state: string;
  rows: number;
  /** How long the longest has been due; of a run with a priority a second more for each of it. */
  ageSeconds: number;
}

/** Whether this session is the one that counts for all. Asked once a connection. */
export async function gaugesWatch(db: Queryable): Promise<boolean> {
  const [row] = await rowsOf<{ isMine: boolean }>(db, watchTake, []);
  return row?.isMine === true;
}

/** What is in the queue. */
export function queueLanes(db: Queryable): Promise<QueueLane[]> {
  return rowsOf(db, queue, []);
}

/** Runs by their status' number; an estimate above {@link mostPages} pages. */
export function runsByStatus(db: Queryable): Promise<{ status: number; rows: number }[]> {
  return rowsOf(db, runs, []);
}

/** What waits to be read by owners, and to be told to sessions. */
export function mailRows(db: Queryable): Promise<{ box: string; rows: number }[]> {
  return rowsOf(db, mail, []);
}
