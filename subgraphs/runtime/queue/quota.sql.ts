/** What tenants may have, and what they have. Counts stop at what is asked for: whoever has more has too much, however much it is. */
import { databaseNowMs } from "#shared/database-time.ts";
import { defineStatement, epochMs, rowsOf, type Queryable } from "./statement.ts";

/** What a tenant may have; null: as much as it likes. */
export interface QuotaLimits {
  /** Runs that are due or asleep, and that nobody owns. */
  queuedRuns: number | null;
  /** Runs that somebody owns. */
  runningRuns: number | null;
  /** Runs that were created within the last hour. */
  runsPerHour: number | null;
  /** MiB of artifacts: outputs above 2 kB, and what nodes left behind. */
  storageMib: number | null;
}

/** What a tenant has, up to the counts that were asked for. */
export interface QuotaUse {
  queuedRuns: number;
  runningRuns: number;
  /** Of those that wait, the ones that are due and were created within the last second: where there are workers they are about to be executed. */
  startingRuns: number;
  /** None of those that wait is due, and none is executed: no room comes now. */
  isStill: boolean;
  /** One of those that wait is due, or will be by itself: not all stand in lines. */
  wakes: boolean;
  runsPerHour: number;
  /** When the oldest run within the last hour was created, by the database's clock. */
  oldestMs: number | null;
  nowMs: number;
  storageBytes: number;
}

const stored = defineStatement({
  name: "quota_stored",
  text: `
select queued_runs as "queuedRuns", running_runs as "runningRuns", runs_per_hour as "runsPerHour", storage_mib as "storageMib"
from runtime.tenant_quota where tenant_id = $1`,
});

const any = defineStatement({ name: "quota_any", text: `select exists (select from runtime.tenant_quota) as "isThere"` });

const set = defineStatement({
  name: "quota_set",
  text: `
insert into runtime.tenant_quota (tenant_id, queued_runs, running_runs, runs_per_hour, storage_mib) values ($1, $2, $3, $4, $5)
on conflict (tenant_id) do update set queued_runs = excluded.queued_runs, running_runs = excluded.running_runs,
  runs_per_hour = excluded.runs_per_hour, storage_mib = excluded.storage_mib, changed_at = clock_timestamp()`,
});

const unset = defineStatement({ name: "quota_unset", text: "delete from runtime.tenant_quota where tenant_id = $1" });

// Each counted by itself, up to its own limit: however many wait, those that are executed are found, and the other way round. What is owned is due when its lease ends, so a
// backlog is not read for it; a lease that ran out longer ago is nobody's. Nor is it read for those that start: of a priority they are due before they are made, so they are found by
// their ids. Served by work_runs, run_tenant (ids are uuidv7: those of an hour, or of a second, stand together) and the primary keys of work and tenant_usage.
const use = defineStatement({
  name: "quota_use",
  text: `
with queued as materialized (select from runtime.work where path is null and tenant_id = $1 and lease is null limit $2),
running as materialized (select from runtime.work where path is null and tenant_id = $1 and lease is not null
  and visible_at between now() - interval '1 minute' and now() + interval '2 minutes' limit $5),
newest as materialized (select id from runtime.run where tenant_id = $1 and id >= $6 order by id desc limit $7),
starting as materialized (select from newest cross join lateral
  (select from runtime.work w where w.key = newest.id and w.lease is null and w.visible_at <= now() limit 1) due limit $5),
hour as materialized (select id, created_at from runtime.run where tenant_id = $1 and id >= $4 order by id limit $3)
select (select count(*)::int from queued) as "queuedRuns", (select count(*)::int from running) as "runningRuns",
  (select count(*)::int from starting) as "startingRuns",
  not exists (select from runtime.work where path is null and tenant_id = $1 and lease is null and visible_at <= now())
    and not exists (select from runtime.work where path is null and tenant_id = $1 and lease is not null
      and visible_at between now() - interval '1 minute' and now() + interval '2 minutes') as "isStill",
  exists (select from runtime.work where path is null and tenant_id = $1 and lease is null and visible_at < 'infinity') as "wakes",
  (select count(*)::int from hour) as "runsPerHour", (select ${epochMs("min(created_at)")} from hour) as "oldestMs", ${epochMs("now()")} as "nowMs",
  coalesce((select artifact_bytes::float8 from runtime.tenant_usage where tenant_id = $1), 0) as "storageBytes"`,
});

/** The row of a tenant; undefined: it has what everybody has. */
export async function quotaStored(db: Queryable, tenantId: string): Promise<QuotaLimits | undefined> {
  const [row] = await rowsOf<QuotaLimits>(db, stored, [tenantId]);
  return row;
}

/** Whether any tenant has a row. */
export async function hasQuotas(db: Queryable): Promise<boolean> {
  const [row] = await rowsOf<{ isThere: boolean }>(db, any, []);
  return row?.isThere === true;
}

/** Writes the row of a tenant; with undefined it has what everybody has again. */
export async function quotaSet(db: Queryable, tenantId: string, limits: QuotaLimits | undefined): Promise<void> {
  if (limits === undefined) await rowsOf(db, unset, [tenantId]);
  else await rowsOf(db, set, [tenantId, limits.queuedRuns, limits.runningRuns, limits.runsPerHour, limits.storageMib]);
}

const hourMs = 3_600_000;
const startingMs = 1_000;

/** So many runs are counted at most: of those that wait, that are executed, and that were made within the last hour; and of those that were made last, so many are looked at. */
export interface CountedRuns {
  queued: number;
  running: number;
  hour: number;
  starting: number;
}

/** What a tenant has. */
export async function quotaUse(db: Queryable, tenantId: string, most: CountedRuns): Promise<QuotaUse> {
  const [hour, second] = [hourMs, startingMs].map((ms) => firstIdOf(databaseNowMs() - ms));
  const [row] = await rowsOf<QuotaUse>(db, use, [tenantId, most.queued, most.hour, hour, most.running, second, most.starting]);
  if (row === undefined) throw new Error("what a tenant has is not told");
  return row;
}

/** Ids that are made from then on are not before it. */
function firstIdOf(timeMs: number): string {
  const hex = timeMs.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}

// Ids of artifacts are made in the order of time; those of the last moments may still be on their way in a flush that is sent again.
const count = defineStatement({
  name: "usage_count",
  text: `
with part as materialized (select id, tenant_id, size_bytes from runtime.artifact
  where id > (select artifact_id from runtime.usage_mark) and id < $1 order by id limit $2),
u as (insert into runtime.tenant_usage (tenant_id, artifact_bytes) select tenant_id, sum(size_bytes) from part group by tenant_id
  on conflict (tenant_id) do update set artifact_bytes = tenant_usage.artifact_bytes + excluded.artifact_bytes),
m as (update runtime.usage_mark set artifact_id = (select max(id) from part) where exists (select from part))
select count(*)::int as counted from part`,
});

/** Counts a part of the artifacts that were made since the last count, until a time. @returns how many. */
export async function usageCount(db: Queryable, madeBefore: Date, limit: number): Promise<number> {
  const [row] = await rowsOf<{ counted: number }>(db, count, [firstIdOf(madeBefore.getTime()), limit]);
  return row?.counted ?? 0;
}
