import { Migration } from "@mikro-orm/migrations";

const view = (parentSpan: string, join: string): string => `
create or replace view runtime.span with (security_invoker = true) as
select r.id || '/' || runtime.run_span_id(r.id) as id, r.tenant_id, r.id as run_id, null::text as path, r.trace_id,
  runtime.run_span_id(r.id) as span_id, r.parent_span_id, 'RUN' as span_type, lower(r.kind) || ' run' as name,
  (case when r.status = 3 then 1 when r.status >= 4 then 2 else 0 end)::smallint as status,
  coalesce(r.started_at, r.created_at) as started_at, r.ended_at,
  jsonb_strip_nulls(jsonb_build_object('run.id', r.id, 'tenant.id', r.tenant_id, 'app.id', r.app_id, 'workflow.id', r.workflow_id,
    'workflow.version.id', r.workflow_version_id, 'session.id', r.session_id)) as attributes, r.error_code, r.error_message
from runtime.run r where r.started_at is not null
union all
select n.run_id || '/' || runtime.node_span_id(n.run_id, n.path, n.attempt), n.tenant_id, n.run_id, n.path, r.trace_id,
  runtime.node_span_id(n.run_id, n.path, n.attempt), ${parentSpan},
  'NODE', n.node_id, (case when n.status = 3 then 1 when n.status in (4, 5) then 2 else 0 end)::smallint,
  n.started_at, n.ended_at, jsonb_build_object('node.type', n.node_type, 'attempt', n.attempt), n.error_code, n.error_message
from runtime.node_run n join runtime.run r on r.id = n.run_id${join}
where n.started_at is not null
union all
select s.run_id || '/' || s.span_id, s.tenant_id, s.run_id, s.path, r.trace_id, s.span_id, s.parent_span_id, s.span_type, s.name, s.status,
  s.started_at, s.ended_at, s.attributes, s.error_code, s.error_message
from runtime.trace_span s join runtime.run r on r.id = s.run_id`;

/**
 * Node runs that are part of another's work. opened: of a composite node, what was fixed when it opened. Those that their owners died of are counted at each load,
 * of how many finished items ever. A node run's parent span follows from the path of
 * what it is part of, whose one attempt is the first: a frame has no row until it ends.
 */
export class Frames0010 extends Migration {
  override up(): void {
    this.addSql("alter table runtime.node_run add opened json");
    this.addSql("create index node_run_children on runtime.node_run (run_id, parent_path, seq) where parent_path is not null");
    this.addSql("create index node_run_crashed on runtime.node_run (run_id) where error_code = 'WORKER_CRASHED'");
    this.addSql(
      view(
        "case when n.parent_path is null then runtime.run_span_id(n.run_id) else runtime.node_span_id(n.run_id, n.parent_path, 1) end",
        "",
      ),
    );
  }

  override down(): void {
    this.addSql(
      view(
        "coalesce(runtime.node_span_id(p.run_id, p.path, p.attempt), runtime.run_span_id(n.run_id))",
        "\n  left join runtime.node_run p on p.run_id = n.run_id and p.path = n.parent_path",
      ),
    );
    this.addSql("drop index runtime.node_run_crashed");
    this.addSql("drop index runtime.node_run_children");
    this.addSql("alter table runtime.node_run drop opened");
  }
}
