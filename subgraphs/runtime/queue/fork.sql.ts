import { defineStatement, rowsOf, type Queryable } from "./statement.ts";

/** A new run that takes over what a FAILED one had finished. */
export interface Fork {
  runId: string;
  tenantId: string;
  newRunId: string;
  requestId: string;
  traceId: string;
  parentSpanId: string | null;
}

// Copied node runs get the new run's first events, in the order they were done. The key that is sent outside stays the old one where nobody
// knows whether the old call took effect (failed so, or cancelled after its start); where it failed for certain there is a new one, else the
// other side would replay its stored error.
const fork = defineStatement({
  name: "fork",
  text: `
with o as materialized (select * from runtime.run where id = $1 and tenant_id = $2 and status = 4),
k as materialized (select n.*, row_number() over (order by n.done_seq)::int + 1 as new_seq
  from runtime.node_run n join o on n.run_id = o.id where n.status in (3, 6)),
keys as (select
    coalesce(array_agg(n.path) filter (where n.status in (3, 6) or n.status = 4 and not n.effect_unknown), '{}') as settled,
    coalesce(jsonb_object_agg(n.path, coalesce(n.effect_key, n.run_id || ':' || n.path))
      filter (where n.status = 4 and n.effect_unknown or n.status = 5 and n.started_at is not null), '{}') as unknown
  from runtime.node_run n join o on n.run_id = o.id),
usage as (select coalesce(sum(model_calls), 0) as calls, coalesce(sum(prompt_tokens), 0) as ptok, coalesce(sum(completion_tokens), 0) as ctok,
    count(*)::int as cnt from k),
r as (insert into runtime.run (id, tenant_id, plan_id, kind, app_id, app_version_id, workflow_id, workflow_version_id, session_id, execution, dry_run,
    priority, request_id, origin_run_id, trace_id, parent_span_id, initial_node, effect_keys, event_seq, input, state, model_calls, prompt_tokens,
    completion_tokens)
  select $3, o.tenant_id, o.plan_id, o.kind, o.app_id, o.app_version_id, o.workflow_id, o.workflow_version_id, o.session_id, o.execution, o.dry_run,
    o.priority, $4, o.id, $5, $6, o.initial_node, (coalesce(o.effect_keys, '{}') - keys.settled) || keys.unknown, 1 + usage.cnt, o.input, o.state,
    usage.calls, usage.ptok, usage.ctok
  from o, keys, usage on conflict do nothing returning id, tenant_id, execution, priority),
n as (insert into runtime.node_run (run_id, path, tenant_id, node_id, node_type, parent_path, status, attempt, seq, done_seq, created_at, started_at,
    ended_at, worker_key, effect_key, route, output_artifact_id, output_text, output_json, state_updates, model_calls, prompt_tokens,
    completion_tokens)
  select r.id, k.path, r.tenant_id, k.node_id, k.node_type, k.parent_path, k.status, k.attempt, k.new_seq, k.new_seq, k.created_at, k.started_at,
    k.ended_at, k.worker_key, k.effect_key, k.route, k.output_artifact_id, k.output_text, k.output_json, k.state_updates, k.model_calls,
    k.prompt_tokens, k.completion_tokens from k, r),
e as (insert into runtime.run_event (run_id, seq, type, status, attempt, at, tenant_id, path)
  select r.id, 1, 0, 0, null, now(), r.tenant_id, null from r
  union all select r.id, k.new_seq, 1, k.status, k.attempt, now(), r.tenant_id, k.path from k, r),
w as (insert into runtime.work (key, run_id, tenant_id, visible_at)
  select id, id, tenant_id, now() - priority * interval '1 second' from r where execution = 'WORKERS')
select id from r`,
});

/** Makes the new run; false when there is no FAILED run of that id (or the new id is taken, after an unknown outcome). */
export async function runFork(db: Queryable, call: Fork): Promise<boolean> {
  const rows = await rowsOf(db, fork, [call.runId, call.tenantId, call.newRunId, call.requestId, call.traceId, call.parentSpanId]);
  return rows.length > 0;
}
