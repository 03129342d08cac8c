import { newRunColumns, nodeRunColumns, type Columns } from "./rows.ts";
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

const ofOld = (columns: Columns, row: string, differing: Readonly<Record<string, string>>): { names: string; values: string } => ({
  names: Object.values(columns)
    .map(({ name }) => name)
    .join(", "),
  values: Object.entries(columns)
    .map(([field, { name }]) => differing[field] ?? `${row}.${name}`)
    .join(", "),
});

/** Columns in which the new run is not the old one; the key belongs to the old one, and its status is of a run that nobody has begun. */
const run = ofOld(newRunColumns, "o", {
  id: "$3",
  requestId: "$4",
  traceId: "$5",
  parentSpanId: "$6",
  idempotencyKey: "null",
  inputHash: "null",
  status: "0",
} satisfies Partial<Record<keyof typeof newRunColumns, string>>);

/** Copied node runs are finished: how they waited and were executed on the way is the old run's story. */
const node = ofOld(nodeRunColumns, "k", {
  seq: "k.new_seq",
  doneSeq: "k.new_seq",
  dueMs: "null",
  alone: "false",
  effectUnknown: "false",
  waitReason: "null",
} satisfies Partial<Record<keyof typeof nodeRunColumns, string>>);

/**
 * SQL: node runs that the new run takes over. A failure that was handled is one: what came of it is there, so the node is not called again beneath it.
 */
const isKept = "(n.status in (3, 6) or n.status = 4 and n.route is not null)";

// Copied node runs get the new run's first events, in the order they were done. The key that is sent outside stays the old one where nobody
// knows whether the old call took effect (failed so, or cancelled after its start); where it failed for certain there is a new one, else the
// other side would replay its stored error.
const fork = defineStatement({
  name: "fork",
  text: `
with o as materialized (select * from runtime.run where id = $1 and tenant_id = $2 and status = 4),
k as materialized (select n.*, row_number() over (order by n.done_seq)::int + 1 as new_seq
  from runtime.node_run n join o on n.run_id = o.id where ${isKept}),
keys as (select
    coalesce(array_agg(n.path) filter (where ${isKept} or n.status = 4 and not n.effect_unknown), '{}') as settled,
    coalesce(jsonb_object_agg(n.path, coalesce(n.effect_key, n.run_id || ':' || n.path))
      filter (where n.status = 4 and n.effect_unknown and n.route is null or n.status = 5 and n.started_at is not null), '{}') as unknown
  from runtime.node_run n join o on n.run_id = o.id),
usage as (select coalesce(sum(model_calls), 0) as calls, coalesce(sum(prompt_tokens), 0) as ptok, coalesce(sum(completion_tokens), 0) as ctok,
    count(*)::int as cnt, (count(*) filter (where status = 4))::int as handled from k),
r as (insert into runtime.run (${run.names}, origin_run_id, effect_keys, event_seq, state, model_calls, prompt_tokens, completion_tokens,
    handled_errors)
  select ${run.values}, o.id, (coalesce(o.effect_keys, '{}') - keys.settled) || keys.unknown, 1 + usage.cnt, o.state,
    usage.calls, usage.ptok, usage.ctok, usage.handled
  from o, keys, usage on conflict do nothing returning id, tenant_id, execution, priority),
n as (insert into runtime.node_run (run_id, tenant_id, ${node.names}) select r.id, r.tenant_id, ${node.values} from k, r),
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
