import { defineStatement, rowsOf, type Queryable } from "./statement.ts";

/** A run to be. Ids are made by the caller: after an unknown outcome the same create is sent again. */
export interface RunRow {
  id: string;
  tenant_id: string;
  plan_id: string;
  kind: string;
  app_id: string | null;
  app_version_id: string | null;
  workflow_id: string | null;
  workflow_version_id: string | null;
  session_id: string | null;
  execution: "WORKERS" | "MANUAL";
  dry_run: boolean;
  priority: number;
  request_id: string;
  idempotency_key: string | null;
  input_hash: string | null;
  trace_id: string;
  parent_span_id: string | null;
  initial_node: string | null;
  /** QUEUED; COMPLETED for a plan without nodes. */
  status: number;
  input: unknown;
}

/** A plan to store; the document is kept as it is written, key order included. */
export interface PlanRow {
  id: string;
  tenant_id: string;
  /** JSON text. */
  document: string;
}

const columns = `id, tenant_id, plan_id, kind, app_id, app_version_id, workflow_id, workflow_version_id, session_id, execution, dry_run,
  priority, request_id, idempotency_key, input_hash, trace_id, parent_span_id, initial_node, status, input`;

// priority: a second of it is as good as a second of waiting.
const create = defineStatement({
  name: "create",
  text: `
with a as materialized (select * from jsonb_to_recordset($1::jsonb) as x(id text, tenant_id text, plan_id text, kind text, app_id text,
  app_version_id text, workflow_id text, workflow_version_id text, session_id text, execution text, dry_run bool, priority int, request_id text,
  idempotency_key text, input_hash text, trace_id text, parent_span_id text, initial_node text, status smallint, input jsonb)),
p as (insert into runtime.plan (id, tenant_id, document)
  select * from unnest($2::text[], $3::text[], $4::json[]) on conflict (id) do nothing),
r as (insert into runtime.run (${columns}, event_seq, started_at, ended_at)
  select ${columns}, case when status = 3 then 2 else 1 end, case when status = 3 then now() end, case when status = 3 then now() end from a
  on conflict do nothing returning id, tenant_id, status, priority, execution, created_at),
e as (insert into runtime.run_event (run_id, seq, type, status, at, tenant_id)
  select id, 1, 0, 0, now(), tenant_id from r union all select id, 2, 0, 3, now(), tenant_id from r where status = 3),
w as (insert into runtime.work (key, run_id, tenant_id, visible_at)
  select id, id, tenant_id, now() - priority * interval '1 second' from r where status = 0 and execution = 'WORKERS')
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

/** Creates runs with their first events and work rows. @returns the times of those that are new, by id. */
export async function runsCreate(db: Queryable, runs: readonly RunRow[], plans: readonly PlanRow[]): Promise<Map<string, Date>> {
  const planColumns = [plans.map(({ id }) => id), plans.map((plan) => plan.tenant_id), plans.map(({ document }) => document)];
  const rows = await rowsOf<{ id: string; createdAt: Date }>(db, create, [JSON.stringify(runs), ...planColumns]);
  return new Map(rows.map(({ id, createdAt }) => [id, createdAt]));
}

/** Finds the runs that have one of the ids, or a tenant's idempotency key. Served by the primary key and run_idempotency. */
export function runsExisting(db: Queryable, runs: readonly RunRow[]): Promise<ExistingRun[]> {
  const keyed = runs.filter((run) => run.idempotency_key !== null);
  return rowsOf(db, existing, [runs.map(({ id }) => id), keyed.map((run) => run.tenant_id), keyed.map((run) => run.idempotency_key)]);
}
