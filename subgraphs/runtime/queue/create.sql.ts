import {
  addLongElements,
  arraysOf,
  insertionOf,
  mockedPlan,
  newRunColumns,
  planColumns,
  rowsFrom,
  type LongElements,
  type NewRunRow,
  type Parameter,
  type PlanRow,
} from "./rows.ts";
import { endedColumns, endsTold } from "./run-end.sql.ts";
import { defineStatement, keysOf, rowsOf, type Queryable } from "./statement.ts";
import { outboxKinds } from "./statuses.ts";

const { names, values } = insertionOf(newRunColumns);
const plan = insertionOf(planColumns);
const planCount = Object.keys(planColumns).length;

/** SQL: the rows of runs, whose parameters come behind those of the plans, and those begin at `first`. */
const runsFrom = (first: number): string => rowsFrom(newRunColumns, first + planCount, { isNumbered: false });

/** SQL: part `line`, the places in their lines of the new runs of a part that have one. In the order of their ids, which is that of their making. */
export const gated = (part: string, isWanted = "true"): string => `line as (insert into runtime.gate (run_id, tenant_id, key, places, state)
  select id, tenant_id, gate_key, gate_places, case when execution = 'WORKERS' then 0 else 2 end from ${part} where gate_key is not null and ${isWanted} order by id returning run_id)`;

/** SQL: when a new run is due: one that stands in a line is not until it is opened. */
export const dueOf = `case when gate_key is not null and id = any(array(select run_id from line)) then 'infinity' else now() - priority * interval '1 second' end`;

/**
 * SQL: the parts of a statement that makes runs of the rows of part `a`. A plan with mocks goes with its run, so it comes only with one that is new: a create that is sent again
 * has another. priority: a second of it is as good as a second of waiting.
 */
const made = (
  first: number,
  more: { values?: string; returning?: string } = {},
): string => `r as (insert into runtime.run as r (${names}, event_seq, started_at, ended_at)
  select ${more.values ?? values}, case when status >= 3 then 2 else 1 end, case when status >= 3 then now() end, case when status >= 3 then now() end from a x
  on conflict do nothing returning ${more.returning ?? "r.id, r.tenant_id, r.status"}, r.plan_id, r.priority, r.execution, r.created_at,
    r.gate_key, r.gate_places, r.parent_run_id as made_by, r.detached as is_left),
p as (insert into runtime.plan (${plan.names})
  select ${plan.values} from ${rowsFrom(planColumns, first, { isNumbered: false })}
  where x.id not like '${mockedPlan}%' or x.id in (select plan_id from r) on conflict (id) do nothing),
e as (insert into runtime.run_story (run_id, seq, type, status, at, tenant_id)
  select id, 1, 0, 0, now(), tenant_id from r union all select id, 2, 0, status, now(), tenant_id from r where status >= 3),
${gated("r", "status = 0 and not (made_by is not null and not is_left and runtime.gate_is_within(made_by, gate_key))")},
w as (insert into runtime.work (key, run_id, tenant_id, visible_at)
  select id, id, tenant_id, ${dueOf} from r where status = 0 and execution = 'WORKERS')`;

/**
 * SQL: the parts of a statement that create runs with their first events and work rows; `r` are those that are new. The parameters begin at `first`: those of the plans,
 * behind them those of the runs.
 *
 * @param isWanted  a condition on the runs `x`.
 */
export const runsCreation = (first: number, isWanted = "true"): string => `
a as materialized (select * from ${runsFrom(first)} where ${isWanted}),
${made(first)}`;

const create = defineStatement({
  name: "create",
  text: `
with ${runsCreation(1)}
select id, created_at as "createdAt" from r`,
});

/**
 * Runs that other runs ask for: the message of the outbox goes with the run's making, so that whoever has it in hand twice makes it once, and never again when it
 * was deleted. One that was cancelled before it was made is CANCELLED from the start; one without nodes has ended, which is told. Inputs go from table to table.
 * Served by outbox_target.
 */
const createAsked = defineStatement({
  name: "create_asked",
  text: `
with g as (delete from runtime.outbox o where o.target_run_id = ${keysOf(`unnest($${planCount + 1}::text[])`)} and o.kind = ${outboxKinds.create}
  returning o.target_run_id, o.input),
asked as materialized (select * from ${runsFrom(1)}),
a as materialized (select x.*, g.input as given from asked x join g on g.target_run_id = x.id),
${made(1, { values: values.replace(/\bx\.input\b/, "x.given"), returning: endedColumns })},
oe as (${endsTold("r")})
select id, status from r`,
});

// lateral and limit: each key is looked up, however few rows the planner believes there are.
const existing = defineStatement({
  name: "create_existing",
  text: `
select r.id, r.tenant_id as "tenantId", r.idempotency_key as "key", r.input_hash as "inputHash" from runtime.run r where r.id = any($1)
union all
select r.* from unnest($2::text[], $3::text[]) as x(tenant_id, key), lateral (
  select r.id, r.tenant_id, r.idempotency_key, r.input_hash from runtime.run r where r.tenant_id = x.tenant_id and r.idempotency_key = x.key limit 1) r`,
});

/** A run that stood in the way of a create. */
export interface ExistingRun {
  id: string;
  tenantId: string;
  key: string | null;
  inputHash: string | null;
}

/** The parameters of {@link runsCreation}. Plans are in one order everywhere: two statements that store the same do not wait for each other in a ring. */
export function creationParameters(runs: readonly NewRunRow[], plans: readonly PlanRow[], long?: LongElements): Parameter[] {
  const sorted = plans.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  return [...arraysOf(planColumns, sorted, long), ...arraysOf(newRunColumns, runs, long)];
}

/** Creates runs with their first events and work rows. @returns the times of those that are new, by id. */
export async function runsCreate(db: Queryable, runs: readonly NewRunRow[], plans: readonly PlanRow[]): Promise<Map<string, Date>> {
  const long: LongElements = new Map();
  await addLongElements(planColumns, plans, long);
  await addLongElements(newRunColumns, runs, long);
  const rows = await rowsOf<{ id: string; createdAt: Date }>(db, create, creationParameters(runs, plans, long));
  return new Map(rows.map(({ id, createdAt }) => [id, createdAt]));
}

/**
 * Creates runs that messages of the outbox ask for, where these are still there. The input of each is that of its message.
 *
 * @returns ids of the runs that are new.
 */
export async function runsCreateAsked(db: Queryable, runs: readonly NewRunRow[], plans: readonly PlanRow[]): Promise<string[]> {
  return (await rowsOf<{ id: string }>(db, createAsked, creationParameters(runs, plans))).map(({ id }) => id);
}

/** Finds the runs that have one of the ids, or a tenant's idempotency key. Served by the primary key and run_idempotency. */
export function runsExisting(db: Queryable, runs: readonly NewRunRow[]): Promise<ExistingRun[]> {
  const keyed = runs.filter(({ idempotencyKey }) => idempotencyKey != null);
  return rowsOf(db, existing, [
    runs.map(({ id }) => id),
    keyed.map(({ tenantId }) => tenantId),
    keyed.map(({ idempotencyKey }) => idempotencyKey),
  ]);
}
