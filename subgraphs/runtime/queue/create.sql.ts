import { arraysOf, insertionOf, newRunColumns, planColumns, rowsFrom, type NewRunRow, type Parameter, type PlanRow } from "./rows.ts";
import { defineStatement, rowsOf, type Queryable } from "./statement.ts";

const { names, values } = insertionOf(newRunColumns);
const plan = insertionOf(planColumns);
const planCount = Object.keys(planColumns).length;

/**
 * SQL: the parts of a statement that create runs with their first events and work rows; `r` are those that are new. The parameters begin at `first`: those of the plans,
 * behind them those of the runs.
 *
 * @param isWanted  a condition on the runs `x`.
 */
// priority: a second of it is as good as a second of waiting.
export const runsCreation = (first: number, isWanted = "true"): string => `
a as materialized (select * from ${rowsFrom(newRunColumns, first + planCount, { isNumbered: false })} where ${isWanted}),
p as (insert into runtime.plan (${plan.names})
  select ${plan.values} from ${rowsFrom(planColumns, first, { isNumbered: false })} on conflict (id) do nothing),
r as (insert into runtime.run (${names}, event_seq, started_at, ended_at)
  select ${values}, case when status = 3 then 2 else 1 end, case when status = 3 then now() end, case when status = 3 then now() end from a x
  on conflict do nothing returning id, tenant_id, status, priority, execution, created_at),
e as (insert into runtime.run_event (run_id, seq, type, status, at, tenant_id)
  select id, 1, 0, 0, now(), tenant_id from r union all select id, 2, 0, 3, now(), tenant_id from r where status = 3),
w as (insert into runtime.work (key, run_id, tenant_id, visible_at)
  select id, id, tenant_id, now() - priority * interval '1 second' from r where status = 0 and execution = 'WORKERS')`;

const create = defineStatement({
  name: "create",
  text: `
with ${runsCreation(1)}
select id, created_at as "createdAt" from r`,
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

/** The parameters of {@link runsCreation}. */
export function creationParameters(runs: readonly NewRunRow[], plans: readonly PlanRow[]): Parameter[] {
  return [...arraysOf(planColumns, plans), ...arraysOf(newRunColumns, runs)];
}

/** Creates runs with their first events and work rows. @returns the times of those that are new, by id. */
export async function runsCreate(db: Queryable, runs: readonly NewRunRow[], plans: readonly PlanRow[]): Promise<Map<string, Date>> {
  const rows = await rowsOf<{ id: string; createdAt: Date }>(db, create, creationParameters(runs, plans));
  return new Map(rows.map(({ id, createdAt }) => [id, createdAt]));
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
