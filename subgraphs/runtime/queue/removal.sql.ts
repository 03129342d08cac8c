/**
 * The end of finished runs. A run that is deleted loses its row at once, which is what everybody finds it by, and leaves its id in `removal`; all else of it goes
 * in pieces of a bounded number of rows, by whoever sweeps. What is killed half-way goes on where it was: the id stays until there is nothing left.
 */
import {
  conditionScopes,
  conditionValues,
  hasStatus,
  meetsCondition,
  scopeOf,
  type ConditionScope,
  type RunBatch,
} from "./run-condition.ts";
import type { OutboxMessage } from "./outbox.sql.ts";
import { mockedPlan } from "./rows.ts";
import { defineStatement, keyOf, keysOf, type Queryable, rowsOf, type Statement } from "./statement.ts";
import { outboxKinds } from "./statuses.ts";

/** What came of a batch. */
export interface DeletedBatch {
  deleted: number;
  /** The last run that was looked at; null: there are no more. */
  cursor: string | null;
}

/** SQL: whoever waits for run r has been told of its end: it is told what the run's row says. Served by the primary key of the outbox. */
const isTold = `(select true from runtime.outbox o where o.run_id = r.id and o.kind = ${outboxKinds.ended} limit 1) is null`;

/** SQL: deletes the runs of `l`, which are locked, and remembers them, with the plans that are theirs alone. */
const remembered = `d as (delete from runtime.run r where r.id = any(array(select id from l)) returning r.id, r.tenant_id, r.plan_id),
q as (insert into runtime.removal (run_id, tenant_id, plan_id)
  select id, tenant_id, case when plan_id like '${mockedPlan}%' then plan_id end from d on conflict do nothing)`;

/** SQL: deletes the runs of `found` that are finished, and remembers the rest of each. Whoever makes a fork of one holds its row: it is waited for. */
const deleted = (isLocked: string) => `
l as materialized (select r.id from found f join runtime.run r on r.id = ${keyOf("f.id")} where r.status >= 3 and ${isTold} order by f.id for update of r${isLocked}),
${remembered}`;

const deleteOf = (scope: ConditionScope): Statement =>
  defineStatement({
    name: `delete_runs_of_${scope}`,
    text: `
with seen as materialized (select r.id, r.status >= 3 and ${hasStatus} and ${meetsCondition} as matches from runtime.run r
  where r.tenant_id = $1 and ${conditionScopes[scope]} and r.id > $2 order by r.id limit $3),
found as materialized (select id from seen where matches order by id limit $4),${deleted("")}
select (select count(*)::int from d) as deleted, case when (select count(*) from found) = $4::int then (select max(id) from found)
    when (select count(*) from seen) = $3::int then (select max(id) from seen) end as cursor`,
  });

const statements = Object.fromEntries(
  (Object.keys(conditionScopes) as ConditionScope[]).map((scope) => [scope, deleteOf(scope)]),
) as Record<ConditionScope, Statement>;

// Ids are made in the order of time (uuidv7), so a run that ended before a time was made before it: no index of their ends is needed, which no flush would
// be HOT with. Served by run_pkey.
const deleteExpired = defineStatement({
  name: "delete_expired_runs",
  text: `
with seen as materialized (select r.id, r.status >= 3 and r.ended_at < $3 as matches from runtime.run r
  where r.id > $1 and r.id < $2 order by r.id limit $4),
found as materialized (select id from seen where matches order by id limit $5),${deleted(" skip locked")}
select (select count(*)::int from d) as deleted, case when (select count(*) from found) = $5::int then (select max(id) from found)
    when (select count(*) from seen) = $4::int then (select max(id) from seen) end as cursor`,
});

/** Deletes a batch of a tenant's finished runs that match. */
export async function runsDelete(db: Queryable, batch: RunBatch): Promise<DeletedBatch> {
  return answerOf(await rowsOf<DeletedBatch>(db, statements[scopeOf(batch.condition)], conditionValues(batch)));
}

const deleteUntold = defineStatement({
  name: "delete_untold_run",
  text: `
with o as (delete from runtime.outbox where (run_id, kind, target_run_id, target_path) = ($1, ${outboxKinds.ended}, $2, $3)),
l as materialized (select r.id from runtime.run r where r.id = $1 and r.tenant_id = $4 and r.status >= 3 for update),
${remembered}
select id from d`,
});

/** Deletes a run whose end is told nobody any more, with the message that tells it: of two statements the first may be the last. Served by the primary keys. */
export async function untoldRunDelete(db: Queryable, { runId, targetRunId, targetPath, tenantId }: OutboxMessage): Promise<void> {
  await rowsOf(db, deleteUntold, [runId, targetRunId, targetPath, tenantId]);
}

/** Runs of all tenants that ended before a time, in the order of their ids behind `after`. */
export interface ExpiredBatch {
  after: string;
  endedBefore: Date;
  looks: number;
  limit: number;
}

/** Deletes a batch of the runs that have ended long enough ago. */
export async function runsExpire(db: Queryable, { after, endedBefore, looks, limit }: ExpiredBatch): Promise<DeletedBatch> {
  return answerOf(await rowsOf<DeletedBatch>(db, deleteExpired, [after, firstIdOf(endedBefore), endedBefore, looks, limit]));
}

/** No id that was made before the time is behind it. */
function firstIdOf(time: Date): string {
  const hex = time.getTime().toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}

function answerOf([answer]: readonly DeletedBatch[]): DeletedBatch {
  if (answer === undefined) throw new Error("a batch of deletions has no answer");
  return answer;
}

const next = defineStatement({ name: "removal_next", text: "select run_id as id from runtime.removal order by deleted_at limit $1" });

// A child whose row somebody had locked was passed over (children): the run stays until that is gone, too.
const done = defineStatement({
  name: "removal_done",
  text: `
delete from runtime.removal d where d.run_id = any($1)
  and (select true from runtime.run r where r.parent_run_id = d.run_id and not r.detached and r.status >= 3 and ${isTold} limit 1) is null`,
});

const late = defineStatement({
  name: "removal_is_busy",
  text: `
select exists (select from runtime.work w where w.path is null and w.lease is null and w.crashes < 2
  and w.visible_at between now() - interval '1 day' and now() - interval '2 seconds') as "isBusy"`,
});

/**
 * SQL: an artifact belongs to nobody when its run is gone and no node run of a run that there is names it: a run that was made of a failed one has what that
 * had finished. Served by the primary keys, node_run_artifact and node_run_chunks; in subselects that are asked row by row: joined, a plan that was made of
 * empty tables reads all runs for each artifact.
 */
const isThere = (runId: string) => `(select r.id from runtime.run r where r.id = ${runId}) is not null`;
const isUnnamed = `not ${isThere("a.run_id")}
  and (select n.path from runtime.node_run n where n.output_artifact_id = a.id and ${isThere("n.run_id")} limit 1) is null
  and (select n.path from runtime.node_run n where n.opened is not null
    and (n.opened -> 'chunks')::jsonb @> jsonb_build_array(jsonb_build_object('artifactId', a.id)) and ${isThere("n.run_id")} limit 1) is null`;

/** SQL: artifacts of some runs, and those of others that they named. */
const named = `
select a.id from (select c.id from runtime.artifact c where c.run_id = any($1) offset 0) a
union select n.output_artifact_id from (select k.output_artifact_id from runtime.node_run k where k.run_id = any($1) offset 0) n
  where n.output_artifact_id is not null
union select c ->> 'artifactId' from runtime.node_run n, json_array_elements(n.opened -> 'chunks') c
  where n.run_id = any($1) and n.opened is not null and n.opened -> 'chunks' is not null`;

// Each may be tens of MiB: few at a time. They go before the node runs, which say whose they are.
const artifacts = defineStatement({
  name: "removal_artifacts",
  // Those that were counted as their tenant's (quota.sql.ts) are not its any more.
  text: `
with gone as (delete from runtime.artifact
  where id = any(array(select a.id from (${named}) m, lateral (select c.id, c.run_id from runtime.artifact c where c.id = m.id offset 0) a
    where ${isUnnamed} limit $2))
  returning id, tenant_id, size_bytes),
counted as (select tenant_id, sum(size_bytes) as bytes from gone where id <= (select artifact_id from runtime.usage_mark) group by tenant_id),
u as (update runtime.tenant_usage u set artifact_bytes = greatest(0, u.artifact_bytes - c.bytes) from counted c
  where u.tenant_id = ${keysOf("tenant_id from counted")} and u.tenant_id = c.tenant_id)
select id from gone`,
});

const rowsOfRuns = (table: string): Statement =>
  defineStatement({
    name: `removal_of_${table}`,
    text: `delete from runtime.${table} where ctid = any(array(select c.ctid from runtime.${table} c where c.run_id = any($1) limit $2))`,
  });

// What was part of the work of a run goes with it; what it has left behind (detached) is nobody's part. Those that have not ended are about to be cancelled, and go
// when that is told (control/run-messages.ts). Served by run_children.
const children = defineStatement({
  name: "removal_of_children",
  text: `
with l as materialized (select r.id from (select c.id from runtime.run c where c.parent_run_id = any($1) offset 0) x join runtime.run r on r.id = ${keyOf("x.id")}
  where not r.detached and r.status >= 3 and ${isTold} order by x.id limit $2 for update of r skip locked),
${remembered}
select id from d`,
});

// A run that has such a plan was made with it, or of a run that had it and was there then: once none is there, none comes. Those that go are looked for before they are
// limited, or plans that stay, and runs of one plan, fill the piece, which then looks like the last. Served by run_mocked.
const plans = defineStatement({
  name: "removal_of_plans",
  text: `
delete from runtime.plan p where p.id = any(array(select distinct m.plan_id from runtime.removal m
  where m.run_id = any($1) and m.plan_id is not null and (select x.id from runtime.plan x where x.id = m.plan_id) is not null
    and (select r.id from runtime.run r where r.plan_id = m.plan_id and r.plan_id like '${mockedPlan}%' limit 1) is null limit $2))`,
});

/** Rows that a piece removes at most. */
export const pieceRows = 5_000;

/**
 * In this order: artifacts are found by node runs, and a node run's events may stay when it is gone, not the other way round. weight: rows that one is as much as;
 * an artifact may be tens of MiB.
 */
const stages: readonly { statement: Statement; weight: number }[] = [
  { statement: children, weight: 10 },
  { statement: artifacts, weight: 50 },
  ...["node_run", "trace_span", "inbox", "run_story"].map((table) => ({ statement: rowsOfRuns(table), weight: 1 })),
  { statement: plans, weight: 10 },
];

/** Deleted runs of which there is more, the longest first. */
export async function removalNext(db: Queryable, limit: number): Promise<string[]> {
  return (await rowsOf<{ id: string }>(db, next, [limit])).map(({ id }) => id);
}

/** Whether runs wait for workers that have been due for 2 s: whoever removes goes slowly then. */
export async function isQueueLate(db: Queryable): Promise<boolean> {
  const [row] = await rowsOf<{ isBusy: boolean }>(db, late, []);
  return row?.isBusy === true;
}

/** Deleted runs that are removed together, and how far that is: all of one stage are done before the next. Nothing is written for a run that is deleted. */
export class Removing {
  readonly runIds: readonly string[];
  /** The stage under way. */
  stage = 0;

  constructor(runIds: readonly string[]) {
    this.runIds = runIds;
  }

  /** Nothing is left of them. */
  get isOver(): boolean {
    return this.stage > stages.length;
  }
}

/** Removes a piece of what deleted runs left, as much as {@link pieceRows} rows. Who begins anew with them finds what is left. @returns how many rows went. */
export async function removalPiece(db: Queryable, removing: Removing): Promise<number> {
  let removed = 0;
  for (let room = pieceRows; room > 0 && removing.stage < stages.length;) {
    const { statement, weight } = stages[removing.stage]!;
    const most = Math.ceil(room / weight);
    const { rowCount } = await db.query({ ...statement, values: [removing.runIds, most] });
    const rows = rowCount ?? 0;
    removed += rows;
    room -= rows * weight;
    if (rows < most) removing.stage++;
  }
  if (removing.stage < stages.length) return removed;
  await rowsOf(db, done, [removing.runIds]);
  removing.stage++;
  return removed;
}
