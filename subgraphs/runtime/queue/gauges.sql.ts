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

// Ids are made in the order of time, so the least is the run that has waited longest. Served by gate_waiting and gate_held.
const lines = defineStatement({
  name: "gauges_lines",
  text: `
select 'waiting' as state, count(*)::int as rows, coalesce(extract(epoch from now() - (select r.created_at from runtime.run r where r.id = min(g.run_id))), 0)::float8 as "ageSeconds"
from (select run_id from runtime.gate where state = 0 limit ${mostCounted}) g
union all select 'executed', count(*)::int, 0 from (select from runtime.gate where state = 1 limit ${mostCounted}) g`,
});

// A segment's name is its timeline, and its number in two halves. Everybody may read it.
const archive = defineStatement({
  name: "gauges_archive",
  text: `
select failed_count::int as failed, greatest(0, extract(epoch from clock_timestamp() - coalesce(last_archived_time, stats_reset)))::float8 as "ageSeconds",
  coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) as "isFailing",
  case when last_archived_wal ~ '^[0-9A-F]{24}$' then greatest(0, pg_current_wal_lsn() - '0/0'::pg_lsn
    - (('x' || substr(last_archived_wal, 9, 8))::bit(32)::bigint * 4294967296
      + (('x' || substr(last_archived_wal, 17, 8))::bit(32)::bigint + 1) * pg_size_bytes(current_setting('wal_segment_size'))))::float8 end as "behindBytes"
from pg_stat_archiver where current_setting('archive_mode') <> 'off' and not pg_is_in_recovery()`,
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

/** Runs of documents with a `concurrency`: those that wait for others of their key, and those that they wait for. */
export interface LineState {
  state: string;
  rows: number;
  /** How long the longest has waited, since it was made. */
  ageSeconds: number;
}

/** What stands in the lines of runs. */
export function lineStates(db: Queryable): Promise<LineState[]> {
  return rowsOf(db, lines, []);
}

/** How the archiving of PostgreSQL's log fares. */
export interface ArchiveState {
  failed: number;
  /** Since a segment was archived; since the server's statistics began where none was. */
  ageSeconds: number;
  /** The last attempt failed, and none has succeeded since. */
  isFailing: boolean;
  /** What the log has that the archive lacks, up to 16 MiB of it as a rule; null: nobody has archived a segment yet. */
  behindBytes: number | null;
}

/** undefined where the server archives nothing. */
export async function archiveState(db: Queryable): Promise<ArchiveState | undefined> {
  const [row] = await rowsOf<ArchiveState>(db, archive, []);
  return row;
}

/** What waits to be read by owners, and to be told to sessions. */
export function mailRows(db: Queryable): Promise<{ box: string; rows: number }[]> {
  return rowsOf(db, mail, []);
}
