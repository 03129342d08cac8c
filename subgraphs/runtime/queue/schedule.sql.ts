/**
 * Schedules as the pumps of all processes have them: taken when they are due, and fired in the statement that creates their run. Whoever takes one has 30 s; when it dies on
 * the way, somebody else takes it then. `revision` is the fence: what was read before another firing, or before a change by its owner, fires nothing.
 */
import type { JsonObject } from "#shared/json.ts";
import { creationParameters, runsCreation } from "./create.sql.ts";
import { at, type NewRunRow, type PlanRow } from "./rows.ts";
import { defineStatement, epochMs, keysOf, rowsOf, type Queryable } from "./statement.ts";

/** A schedule that is due, and this process's for 30 s. */
export interface DueScheduleRow {
  id: string;
  tenantId: string;
  revision: number;
  name: string;
  workflowId: string;
  workflowVersionId: string | null;
  cron: string;
  zone: string;
  missed: "SKIP" | "ONCE";
  input: JsonObject;
  /** The first planned time that has not become a run. */
  plannedMs: number;
  /** How often it was tried in vain. */
  attempts: number;
  /** The database's clock. */
  nowMs: number;
}

// Whether anything is due, schedule_soon says with a row. The walk goes from tenant to tenant by schedule_due, as a claim does (claim.sql.ts); each has the same share of what is taken, and
// no more than its room in this process, so that a tenant with ten thousand due ones keeps nobody waiting.
const take = defineStatement({
  name: "schedules_take",
  text: `
with recursive t as (
  (select tenant_id, due_at from runtime.schedule
    where due_at is not null and (select exists (select from runtime.schedule where due_at <= now())) order by tenant_id, due_at limit 1) union all
  select n.* from t, lateral (
    select s.tenant_id, s.due_at from runtime.schedule s where s.due_at is not null and s.tenant_id > t.tenant_id
    order by s.tenant_id, s.due_at limit 1) n),
lanes as materialized (select * from (
    select tenant_id, $2::int - coalesce((select h.held from unnest($3::text[], $4::int[]) as h(id, held) where h.id = t.tenant_id), 0) as room
    from t where due_at <= now()) l
  where room > 0 order by random()),
due as materialized (select d.* from lanes, lateral (
    select s.id from runtime.schedule s where s.tenant_id = lanes.tenant_id and s.due_at <= now()
    order by s.due_at limit least(lanes.room, greatest(1, $1::int / (select count(*) from lanes))) for update skip locked) d
  limit $1)
update runtime.schedule s set due_at = clock_timestamp() + interval '30 s'
where s.id = ${keysOf("id from due")}
returning s.id, s.tenant_id as "tenantId", s.revision, s.name, s.workflow_id as "workflowId", s.workflow_version_id as "workflowVersionId",
  s.cron, s.zone, s.missed, s.input, ${epochMs("s.next_at")} as "plannedMs", s.attempts, ${epochMs("clock_timestamp()")} as "nowMs"`,
});

/** What a process may take. */
export interface TakeLimits {
  limit: number;
  /** What one tenant may have in this process. */
  share: number;
  /** What tenants have in it. */
  held: ReadonlyMap<string, number>;
}

/** Takes schedules that are due. */
export function schedulesTake(db: Queryable, { limit, share, held }: TakeLimits): Promise<DueScheduleRow[]> {
  return rowsOf(db, take, [limit, share, [...held.keys()], [...held.values()]]);
}

const columns = "f(id, revision, planned, next, missed, run_id)";
const firedFrom = "unnest($1::text[], $2::int[], $3::float8[], $4::float8[], $5::float8[], $6::text[])";

const fire = defineStatement({
  name: "schedules_fire",
  text: `
with s as (update runtime.schedule s set revision = s.revision + 1, next_at = ${at("f.next")}, due_at = ${at("f.next")}, attempts = 0,
    last_planned_at = ${at("f.planned")}, last_fired_at = clock_timestamp(), last_run_id = f.run_id,
    last_missed_at = coalesce(${at("f.missed")}, s.last_missed_at),
    error_code = null, error_reason = null, error_message = null, error_at = null
  from ${firedFrom} as ${columns}
  where s.id = any($1) and s.id = f.id and s.revision = f.revision and s.status = 'ACTIVE'
  returning f.run_id),
${runsCreation(7, "x.id in (select run_id from s)")}
select id from r`,
});

/** A firing, with its run. */
export interface FiredSchedule {
  id: string;
  revision: number;
  plannedMs: number;
  /** null: there is no next time. */
  nextMs: number | null;
  missedMs: number | null;
  run: NewRunRow;
}

/** Fires schedules: each run is created with its schedule's step to the next time, or not at all. @returns the ids of the runs that are. */
export async function schedulesFire(db: Queryable, fired: readonly FiredSchedule[], plans: readonly PlanRow[]): Promise<Set<string>> {
  const of = <K extends keyof FiredSchedule>(key: K) => fired.map((one) => one[key]);
  const runs = of("run");
  const own = [of("id"), of("revision"), of("plannedMs"), of("nextMs"), of("missedMs"), runs.map(({ id }) => id)];
  const rows = await rowsOf<{ id: string }>(db, fire, [...own, ...creationParameters(runs, plans)]);
  return new Set(rows.map(({ id }) => id));
}

const skip = defineStatement({
  name: "schedule_skip",
  text: `
update runtime.schedule s set revision = s.revision + 1, next_at = ${at("$3::float8")}, due_at = ${at("$3::float8")}, attempts = least(s.attempts, 3), last_missed_at = ${at("$4::float8")}
where s.id = $1 and s.revision = $2`,
});

/** Goes on to the next time without a run. */
export async function scheduleSkip(
  db: Queryable,
  { id, revision, nextMs, missedMs }: { id: string; revision: number; nextMs: number | null; missedMs: number },
): Promise<void> {
  await rowsOf(db, skip, [id, revision, nextMs, missedMs]);
}

const refuse = defineStatement({
  name: "schedule_refuse",
  text: `
update runtime.schedule s set due_at = clock_timestamp() + $3::float8 * interval '1 millisecond', attempts = least(s.attempts + 1, 1000),
  error_code = $4, error_reason = $5, error_message = $6, error_at = clock_timestamp()
where s.id = $1 and s.revision = $2`,
});

/** Why a firing made no run, and when it is tried again. */
export interface RefusedSchedule {
  id: string;
  revision: number;
  pauseMs: number;
  code: string;
  reason: string;
  message: string;
}

/** Writes down that a firing was refused. */
export async function scheduleRefuse(db: Queryable, { id, revision, pauseMs, code, reason, message }: RefusedSchedule): Promise<void> {
  await rowsOf(db, refuse, [id, revision, pauseMs, code, reason, message]);
}
