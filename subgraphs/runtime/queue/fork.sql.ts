import { dueOf, gated } from "./create.sql.ts";
import { effectKeySql } from "./node-run-id.ts";
import type { JsonObject } from "#shared/json.ts";
import { newRunColumns, nodeRunColumns, type Columns, type PlanRow } from "./rows.ts";
import { isIndexedPart } from "./parts.sql.ts";
import { defineStatement, keyOf, type Queryable, rowsOf } from "./statement.ts";
import { faultNumbers } from "./statuses.ts";

/** A new run that takes over what another one had finished. */
export interface Fork {
  runId: string;
  tenantId: string;
  newRunId: string;
  requestId: string;
  traceId: string;
  parentSpanId: string | null;
  /** Statuses that the old run may have. */
  statuses: readonly number[];
  /** Node runs of the run's own graph that are done anew, with all beneath them. */
  dropped: readonly string[];
  /** Another version, with its plan, the first of `plans`, and those of the runs that its nodes make; undefined: all is as the old run has it. */
  version?: { plans: readonly [PlanRow, ...PlanRow[]]; workflowVersionId: string; onFailure: string | undefined } | undefined;
  /** The line that it stands in, null: none; undefined: that of the old run. */
  gate?: { key: string; places: number } | null | undefined;
  /** In the place of the old run's. */
  input?: JsonObject | undefined;
  /** Merged into the state, key by key, behind what is taken over. */
  state?: JsonObject | undefined;
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
  // Whoever waited for the old one has heard of its end.
  parentRunId: "null",
  parentPath: "null",
  detached: "false",
  status: "0",
  planId: "coalesce($9, o.plan_id)",
  workflowVersionId: "coalesce($11, o.workflow_version_id)",
  onFailure: "case when $9::text is null then o.on_failure else $14 end",
  input: "coalesce($12::json, o.input)",
  state: "st.state",
  givenState: "case when $13::json is null then o.given_state else st.state end",
  givenStateSeq: "case when $13::json is null then st.given_seq else 1 + usage.cnt end",
  gateKey: "case when $16::bool then $17 else o.gate_key end",
  gatePlaces: "case when $16::bool then $18 else o.gate_places end",
  scopeNowMs: "coalesce(o.scope_now, o.created_at)",
} satisfies Partial<Record<keyof typeof newRunColumns, string>>);

/**
 * Copied node runs are finished, but for composites that go on: how they waited and were executed on the way is the old run's story. A composite that
 * goes on has no end and no failure; all else of it was fixed when it opened.
 */
const whenKept = (column: string): string => `case when k.fate = 'keep' then k.${column} end`;
const node = ofOld(nodeRunColumns, "k", {
  status: "case when k.fate = 'keep' then k.status else 1 end",
  seq: "k.new_seq",
  doneSeq: "case when k.fate = 'keep' then k.new_seq end",
  endedMs: whenKept("ended_at"),
  errorCode: whenKept("error_code"),
  errorMessage: whenKept("error_message"),
  fault: whenKept("fault"),
  dueMs: "null",
  alone: "false",
  effectUnknown: "false",
  waitReason: "null",
  // Items that had failed go on.
  progress: "null",
} satisfies Partial<Record<keyof typeof nodeRunColumns, string>>);

/**
 * SQL: node runs that the new run takes over by themselves. A failure that was handled is one: what came of it is there, so the node is not called again
 * beneath it.
 */
const isKept = (row: string): string => `(${row}.status in (3, 6) or ${row}.status = 4 and ${row}.route is not null)`;

// A composite that was opened and did not complete goes on; all else that is not kept is done anew.
const fateAlone = (row: string): string =>
  `case when ${isKept(row)} then 'keep' when ${row}.opened is not null then 'go on' else 'drop' end`;

// An item that failed is kept where its iteration went on without it; where it failed with it the item goes on, and has no row until it ends. So does one
// that ended its workers: to try that again is what a new run is made for.
const fateOfItem = `case when ${isKept("n")} and coalesce(n.fault, 0) <> ${faultNumbers.crash} then 'keep' else 'go on' end`;

// What graphs have, by the paths of their frames without the numbers: what is in a frame stands at these ids beneath it. Served by the primary key, as all that reads a run.
const shape = (path: string): string => `regexp_replace(${path}, '#[0-9.]+', '', 'g')`;
const graphs = `graphs as materialized (select ${shape("n.parent_path")} as shape, array_agg(distinct n.node_id) as ids
  from o join runtime.node_run n on n.run_id = ${keyOf("o.id")} where n.parent_path is not null and not (${isIndexedPart("n")}) group by 1)`;

// Laterals, not joins: a plan that was made of few rows would compare each row with all of the run.
// What is beneath something that is kept is kept whatever came of it: it is not looked at any more. Served by the primary key and node_run_parts.
const tree = `tree as (
  select n.path, case when n.path = any($8) then 'drop' else ${fateAlone("n")} end as fate
  from o join runtime.node_run n on n.run_id = ${keyOf("o.id")} where n.parent_path is null
  union all
  select n.path, case when around.fate in ('keep', 'drop') then around.fate when n.node_type = 'frame' then ${fateOfItem} else ${fateAlone("n")} end
  from tree around, lateral (
    select part.* from runtime.node_run part where part.run_id = $1 and part.parent_path = around.path and ${isIndexedPart("part")}
    union all
    select part.* from graphs, unnest(graphs.ids) as id, lateral (
      select * from runtime.node_run where run_id = $1 and path = around.path || '/' || id offset 0) part
    where graphs.shape = ${shape("around.path")} and around.path ~ '#[0-9]+$') n)`;

const placeOf = "coalesce(case when tree.fate = 'keep' then n.done_seq end, n.seq)";

// Where all that wrote it is taken over it is as it stood. Else it is put together again of what is, with what it was given where that held, and what it is given now.
const state = `given as (select 1 + (select count(*) from k where k.place <= o.given_state_seq)::int as seq, o.given_state from o where o.given_state is not null),
writes as (select k.new_seq::float8 as seq, e.key, e.value from k, json_each(k.state_updates) e
    where k.fate = 'keep' and k.state_path is null and k.state_updates is not null
  union all select given.seq + 0.5, e.key, e.value from given, json_each(given.given_state) e
  union all select 'infinity', e.key, e.value from json_each($13::json) e),
st as (select (select seq from given) as given_seq, case when cardinality($8::text[]) = 0 and $13::json is null then o.state
    else coalesce((select json_object_agg(u.key, u.value order by u.first) from (
      select distinct on (w.key) w.key, w.value, min(w.seq) over (partition by w.key) as first from writes w order by w.key, w.seq desc) u), '{}') end as state
  from o)`;

// The old run is locked: it is not deleted, and with it artifacts that the new one names, before the new one is there.
// Copied node runs get the new run's first events, in the order they were done, a composite that goes on before what is beneath it. The key that is sent
// outside stays the old one where nobody knows whether the old call took effect (failed so, or cancelled after its start); where it failed for certain there
// is a new one, else the other side would replay its stored error.
const fork = defineStatement({
  name: "fork",
  text: `
with recursive o as materialized (select * from runtime.run where id = $1 and tenant_id = $2 and status = any($7) for key share),
${graphs},
${tree},
k as materialized (select n.*, tree.fate, ${placeOf} as place, row_number() over (order by ${placeOf})::int + 1 as new_seq
  from tree, lateral (select * from runtime.node_run where run_id = $1 and path = tree.path offset 0) n
  where tree.fate = 'keep' or tree.fate = 'go on' and n.node_type <> 'frame'),
keys as (select
    coalesce(array_agg(n.path) filter (where ${isKept("n")} or n.status = 4 and not n.effect_unknown), '{}') as settled,
    coalesce(jsonb_object_agg(n.path, coalesce(n.effect_key, ${effectKeySql("n")}))
      filter (where n.status = 4 and n.effect_unknown and n.route is null or n.status = 5 and n.started_at is not null), '{}') as unknown
  from o join runtime.node_run n on n.run_id = ${keyOf("o.id")}),
p as (insert into runtime.plan (id, tenant_id, document) select x.id, $2, x.document::json from o, unnest($15::text[], $10::text[]) as x(id, document)
  on conflict (id) do nothing),
${state},
usage as (select coalesce(sum(model_calls), 0) as calls, coalesce(sum(prompt_tokens), 0) as ptok, coalesce(sum(completion_tokens), 0) as ctok,
    count(*)::int as cnt, (count(*) filter (where status = 4 and route is not null))::int as handled from k),
r as (insert into runtime.run (${run.names}, origin_run_id, effect_keys, event_seq, model_calls, prompt_tokens, completion_tokens,
    kept_model_calls, kept_prompt_tokens, kept_completion_tokens, handled_errors)
  select ${run.values}, o.id, (coalesce(o.effect_keys, '{}') - keys.settled) || keys.unknown, 1 + usage.cnt,
    usage.calls, usage.ptok, usage.ctok, usage.calls, usage.ptok, usage.ctok, usage.handled
  from o, keys, usage, st on conflict do nothing returning id, tenant_id, execution, priority, gate_key, gate_places),
${gated("r")},
n as (insert into runtime.node_run (run_id, tenant_id, ${node.names}, answered_by, answered_at)
  select r.id, r.tenant_id, ${node.values}, k.answered_by, k.answered_at from k, r),
e as (insert into runtime.run_story (run_id, seq, type, status, attempt, at, tenant_id, path)
  select r.id, 1, 0, 0, null, now(), r.tenant_id, null from r
  union all select r.id, k.new_seq, 1, case when k.fate = 'keep' then k.status else 1 end, k.attempt, now(), r.tenant_id, k.path from k, r),
w as (insert into runtime.work (key, run_id, tenant_id, visible_at)
  select id, id, tenant_id, ${dueOf} from r where execution = 'WORKERS')
select id from r`,
});

/** Makes the new run; false when there is no run of that id with one of the statuses (or the new id is taken, after an unknown outcome). */
export async function runFork(db: Queryable, call: Fork): Promise<boolean> {
  const { version, input, state: patch } = call;
  const ids = [call.runId, call.tenantId, call.newRunId, call.requestId, call.traceId, call.parentSpanId];
  const json = (value: JsonObject | undefined): string | null => (value === undefined ? null : JSON.stringify(value));
  // In one order everywhere: two that store the same do not wait for each other in a ring.
  const plans = (version?.plans ?? []).toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const others = [
    version?.plans[0].id ?? null,
    plans.map((plan) => plan.json),
    version?.workflowVersionId ?? null,
    json(input),
    json(patch),
  ];
  const line = [call.gate !== undefined, call.gate?.key ?? null, call.gate?.places ?? null];
  const more = [version?.onFailure ?? null, plans.map((plan) => plan.id), ...line];
  const rows = await rowsOf(db, fork, [...ids, call.statuses, call.dropped, ...others, ...more]);
  return rows.length > 0;
}
