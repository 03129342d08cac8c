/**
 * The engine's tables. What the protocol counts on:
 *
 * - Nothing that a flush changes in `run` is in an index or an index predicate, so every flush is a HOT update.
 * - `node_run` is a wide row written once or twice; an output above 2 kB lies in `artifact` (`output_artifact_id`), so the whole
 *   output reads as `coalesce(n.output_json, o.content_json)` over `left join artifact o on o.id = n.output_artifact_id`.
 * - Terminal rows are refused any change by triggers, whatever the code above believes.
 *
 * run.status: 0 QUEUED 1 RUNNING 2 WAITING 3 COMPLETED 4 FAILED 5 CANCELLED. node_run.status: the same, and 6 SKIPPED.
 */
import { Migration } from "@mikro-orm/migrations";

const runTable = `
create table runtime.run (
  id text primary key,
  tenant_id text not null,
  plan_id text not null,
  kind text not null default 'WORKFLOW',
  app_id text,
  app_version_id text,
  workflow_id text,
  workflow_version_id text,
  session_id text,
  execution text not null default 'WORKERS',
  dry_run boolean not null default false,
  priority integer not null default 0,
  request_id text not null default '',
  idempotency_key text,
  input_hash text,
  origin_run_id text,
  trace_id text not null,
  parent_span_id text,
  initial_node text,
  effect_keys jsonb,
  status smallint not null default 0,
  lease uuid,
  event_seq integer not null,
  mail integer not null default 0,
  input jsonb not null default '{}',
  state jsonb not null default '{}',
  output_text text,
  output_json jsonb,
  error_code text,
  error_message text,
  cancel_reason text,
  model_calls integer not null default 0,
  prompt_tokens double precision not null default 0,
  completion_tokens double precision not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  ended_at timestamptz
) with (fillfactor = 70)`;

const planTable = `
create table runtime.plan (
  id text primary key,
  tenant_id text not null,
  document json not null,
  created_at timestamptz not null default clock_timestamp()
)`;

// seq: the number of the node run's first event, which is the order of creation. done_seq: that of its last.
const nodeRunTable = `
create table runtime.node_run (
  run_id text not null,
  path text not null,
  tenant_id text not null,
  node_id text not null,
  node_type text not null,
  parent_path text,
  status smallint not null,
  attempt smallint not null default 1,
  seq integer not null,
  done_seq integer,
  answered boolean not null default false,
  alone boolean not null default false,
  effect_unknown boolean not null default false,
  due_at timestamptz,
  created_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  wait_reason text,
  worker_key text,
  effect_key text,
  route text,
  error_code text,
  error_message text,
  output_artifact_id text,
  output_text text,
  output_json jsonb,
  state_updates jsonb,
  input jsonb,
  model_calls integer,
  prompt_tokens double precision,
  completion_tokens double precision,
  primary key (run_id, path)
) with (fillfactor = 90)`;

// type: 0 RUN_STATUS, 1 NODE_STATUS, 2 SPAN.
const eventTable = `
create table runtime.run_event (
  run_id text not null,
  seq integer not null,
  type smallint not null,
  status smallint,
  attempt smallint,
  at timestamptz not null,
  tenant_id text not null,
  path text,
  span_id text,
  primary key (run_id, seq)
)`;

const artifactTable = `
create table runtime.artifact (
  id text primary key,
  tenant_id text not null,
  run_id text not null,
  path text not null,
  artifact_type text not null,
  name text,
  content_text text,
  content_json jsonb,
  storage_uri text,
  size_bytes integer not null,
  created_at timestamptz not null default clock_timestamp()
)`;

// status: 0 UNSET, 1 OK, 2 ERROR. The spans of the run itself and of each node's last attempt are no rows: see the view runtime.span.
const spanTable = `
create table runtime.trace_span (
  run_id text not null,
  span_id text not null,
  tenant_id text not null,
  path text,
  parent_span_id text,
  span_type text not null,
  name text not null,
  status smallint not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  attributes jsonb not null default '{}',
  error_code text,
  error_message text,
  primary key (run_id, span_id)
)`;

// visible_at: when the row is due; while it is leased, when the lease ends. key: the run's id, or run_id || ':' || path of an offered node.
const workTable = `
create table runtime.work (
  key text primary key,
  run_id text not null,
  path text,
  node_type text,
  attempt smallint,
  tenant_id text not null,
  visible_at timestamptz not null default now(),
  lease uuid,
  worker text,
  crashes smallint not null default 0
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500)`;

// kind: 1 cancel, 2 outcome, 5 mark (an outside executor took the node), 6 run status.
const inboxTable = `
create table runtime.inbox (
  run_id text not null,
  seq integer not null,
  tenant_id text not null,
  kind smallint not null,
  path text,
  attempt smallint,
  body jsonb,
  primary key (run_id, seq)
)`;

const outboxTable = `
create table runtime.outbox (
  run_id text primary key,
  tenant_id text not null,
  session_id text not null,
  output_text text not null,
  created_at timestamptz not null default clock_timestamp()
)`;

const indexes = [
  "create unique index run_idempotency on runtime.run (tenant_id, idempotency_key) where idempotency_key is not null",
  "create index run_tenant on runtime.run (tenant_id, id)",
  "create index run_app on runtime.run (tenant_id, app_id, id) where app_id is not null",
  "create index run_workflow on runtime.run (tenant_id, workflow_id, id) where workflow_id is not null",
  "create index run_session on runtime.run (tenant_id, session_id, id) where session_id is not null",
  "create index artifact_run on runtime.artifact (run_id, id)",
  "create index work_runs on runtime.work (tenant_id, visible_at) where path is null",
  "create index work_nodes on runtime.work (tenant_id, visible_at) where path is not null",
  "create index work_offers on runtime.work (run_id) where path is not null",
  "create index work_suspects on runtime.work (visible_at) where crashes > 0",
];

const functions = [
  `create function runtime.refuse_terminal() returns trigger language plpgsql as $$
begin
  raise exception 'a terminal % does not change', tg_table_name using errcode = 'AP001';
end $$`,
  `create trigger run_terminal
  before update of status, state, output_text, output_json, error_code, event_seq, lease on runtime.run
  for each row when (old.status >= 3) execute function runtime.refuse_terminal()`,
  `create trigger node_run_terminal before update on runtime.node_run
  for each row when (old.status >= 3) execute function runtime.refuse_terminal()`,
  // Known before they are stored, and the same in worker/span-ids.ts.
  `create function runtime.run_span_id(run_id text) returns text language sql immutable parallel safe
  return left(md5(run_id), 16)`,
  `create function runtime.node_span_id(run_id text, path text, attempt int) returns text language sql immutable parallel safe
  return left(md5(run_id || ':' || path || ':' || attempt), 16)`,
];

/** Every span of a run: its own, one for each attempt of a node, and what nodes recorded. */
const spanView = `
create view runtime.span with (security_invoker = true) as
select r.id || '/' || runtime.run_span_id(r.id) as id, r.tenant_id, r.id as run_id, null::text as path, r.trace_id,
  runtime.run_span_id(r.id) as span_id, r.parent_span_id, 'RUN' as span_type, lower(r.kind) || ' run' as name,
  (case when r.status = 3 then 1 when r.status >= 4 then 2 else 0 end)::smallint as status,
  coalesce(r.started_at, r.created_at) as started_at, r.ended_at, '{}'::jsonb as attributes, r.error_code, r.error_message
from runtime.run r where r.started_at is not null
union all
select n.run_id || '/' || runtime.node_span_id(n.run_id, n.path, n.attempt), n.tenant_id, n.run_id, n.path, r.trace_id,
  runtime.node_span_id(n.run_id, n.path, n.attempt), coalesce(runtime.node_span_id(p.run_id, p.path, p.attempt), runtime.run_span_id(n.run_id)),
  'NODE', n.node_id, (case when n.status = 3 then 1 when n.status in (4, 5) then 2 else 0 end)::smallint,
  n.started_at, n.ended_at, jsonb_build_object('node.type', n.node_type, 'attempt', n.attempt), n.error_code, n.error_message
from runtime.node_run n join runtime.run r on r.id = n.run_id
  left join runtime.node_run p on p.run_id = n.run_id and p.path = n.parent_path
where n.started_at is not null
union all
select s.run_id || '/' || s.span_id, s.tenant_id, s.run_id, s.path, r.trace_id, s.span_id, s.parent_span_id, s.span_type, s.name, s.status,
  s.started_at, s.ended_at, s.attributes, s.error_code, s.error_message
from runtime.trace_span s join runtime.run r on r.id = s.run_id`;

const tables = ["run", "plan", "node_run", "run_event", "artifact", "trace_span", "work", "inbox", "outbox"];

/**
 * Subselects, so evaluated once for each statement. The second asks again who is there, because PostgreSQL evaluates all subselects of a statement
 * when it looks at a row anew that somebody else has just changed, and current_tenant() raises where no tenant is set.
 */
const policy = `(select app.is_engine()) or tenant_id = (select case when app.is_engine() then '' else app.current_tenant() end)`;

export class Runtime0001 extends Migration {
  override up(): void {
    this.addSql("create schema if not exists runtime");
    for (const table of [runTable, planTable, nodeRunTable, eventTable, artifactTable, spanTable, workTable, inboxTable, outboxTable])
      this.addSql(table);
    for (const statement of [...indexes, ...functions, spanView]) this.addSql(statement);
    for (const table of tables) {
      this.addSql(`alter table runtime.${table} enable row level security`);
      this.addSql(`alter table runtime.${table} force row level security`);
      this.addSql(`create policy tenant on runtime.${table} using (${policy})`);
    }
  }

  override down(): void {
    this.addSql("drop view runtime.span");
    for (const table of tables) this.addSql(`drop table runtime.${table}`);
    for (const name of ["refuse_terminal()", "run_span_id(text)", "node_span_id(text, text, int)"])
      this.addSql(`drop function runtime.${name}`);
  }
}
