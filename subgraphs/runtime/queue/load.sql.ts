/** What an owner reads once, right after its claim: the run, its node runs with whole outputs, and its inbox, in one statement. */
import type { Json, JsonObject } from "#shared/json.ts";
import { defineStatement, epochMs, rowsOf, type Queryable } from "./statement.ts";

/** The row of a run as its owner needs it. */
export interface StoredRun {
  id: string;
  tenantId: string;
  planId: string;
  execution: "WORKERS" | "MANUAL";
  dryRun: boolean;
  sessionId: string | null;
  requestId: string;
  traceId: string;
  initialNode: string | null;
  effectKeys: Record<string, string> | null;
  status: number;
  lease: string | null;
  eventSeq: number;
  mail: number;
  input: JsonObject;
  state: JsonObject;
  startedMs: number | null;
}

/** A run as its owner needs it. */
export interface LoadedRun extends StoredRun {
  /** The time of its last event; 0 of a run that nobody has begun. */
  lastEventMs: number;
  nodes: LoadedNode[];
  inbox: InboxMessage[];
}

/** A stored node run. */
export interface LoadedNode {
  path: string;
  nodeId: string;
  status: number;
  attempt: number;
  seq: number;
  doneSeq: number | null;
  alone: boolean;
  dueMs: number | null;
  createdMs: number;
  startedMs: number | null;
  waitReason: string | null;
  /** The key that its calls are sent with, where it is not its id. */
  effectKey: string | null;
  route: string | null;
  errorCode: string | null;
  errorMessage: string | null;
  outputText: string | null;
  outputJson: Json;
  stateUpdates: JsonObject | null;
}

/** A message that waits for the owner. */
export interface InboxMessage {
  seq: number;
  kind: number;
  path: string | null;
  attempt: number | null;
  body: Json;
}

const nodeObject = `json_build_object('path', n.path, 'nodeId', n.node_id, 'status', n.status, 'attempt', n.attempt, 'seq', n.seq, 'doneSeq', n.done_seq,
  'alone', n.alone, 'dueMs', ${epochMs("n.due_at")}, 'createdMs', ${epochMs("n.created_at")}, 'startedMs', ${epochMs("n.started_at")},
  'waitReason', n.wait_reason, 'effectKey', n.effect_key, 'route', n.route, 'errorCode', n.error_code, 'errorMessage', n.error_message,
  'outputText', coalesce(n.output_text, o.content_text), 'outputJson', coalesce(n.output_json, o.content_json), 'stateUpdates', n.state_updates)`;

/** SQL: the messages of run r behind a number, as JSON. */
export const inboxJson = (after: string): string => `(select coalesce(json_agg(json_build_object(
  'seq', m.seq, 'kind', m.kind, 'path', m.path, 'attempt', m.attempt, 'body', m.body) order by m.seq), '[]')
  from runtime.inbox m where m.run_id = r.id and m.seq > ${after})`;

const facts = `r.id, r.tenant_id as "tenantId", r.plan_id as "planId", r.execution, r.dry_run as "dryRun", r.session_id as "sessionId",
  r.request_id as "requestId", r.trace_id as "traceId", r.initial_node as "initialNode", r.effect_keys as "effectKeys", r.status, r.lease,
  r.event_seq as "eventSeq", r.mail, ${epochMs("r.started_at")} as "startedMs"`;
const payloads = ["input", "state"];

/** SQL: the columns of a {@link StoredRun}, of run r. */
const runColumns = [facts, ...payloads.map((name) => `r.${name}`)].join(", ");

/** SQL: one look-up in the primary key of events. */
const lastEventMs = `(select ${epochMs("e.at")} from runtime.run_event e where e.run_id = r.id and e.seq = r.event_seq) as "lastEventMs"`;

/**
 * SQL: the same columns for a claim, which so spares a run that nobody has begun the load: its one event is that it was created, so it has no node runs,
 * and nobody has posted to it. Of all others input and state are null, as the load brings them.
 */
export const claimedRunColumns = [
  facts,
  ...payloads.map((name) => `case when r.event_seq = 1 and r.mail = 0 then r.${name} end as ${name}`),
].join(", ");

const load = defineStatement({
  name: "load",
  text: `
select ${runColumns}, ${lastEventMs}, (select coalesce(json_agg(${nodeObject}), '[]') from runtime.node_run n
    left join runtime.artifact o on o.id = n.output_artifact_id where n.run_id = r.id) as nodes, ${inboxJson("0")} as inbox
from runtime.run r where r.id = any($1)`,
});

const loadSome = defineStatement({
  name: "load_some",
  text: `
select ${runColumns}, ${lastEventMs}, (select coalesce(json_agg(${nodeObject}), '[]') from runtime.node_run n
    left join runtime.artifact o on o.id = n.output_artifact_id where n.run_id = r.id and n.path = any($2)) as nodes, '[]'::json as inbox
from runtime.run r where r.id = $1`,
});

const loadHead = defineStatement({ name: "load_head", text: `select plan_id as "planId" from runtime.run where id = $1` });

const plan = defineStatement({ name: "load_plan", text: "select document from runtime.plan where id = $1" });

/** Loads runs whole. Served by the primary keys. */
export function runsLoad(db: Queryable, ids: readonly string[]): Promise<LoadedRun[]> {
  return rowsOf(db, load, [ids]);
}

/** Loads a run with only the node runs at `paths`, for an offered node, which sees those before it. */
export async function runLoadSome(db: Queryable, id: string, paths: readonly string[]): Promise<LoadedRun | undefined> {
  const [run] = await rowsOf<LoadedRun>(db, loadSome, [id, paths]);
  return run;
}

/** The id of the plan that a run executes. */
export async function runPlanId(db: Queryable, id: string): Promise<string | undefined> {
  const [run] = await rowsOf<{ planId: string }>(db, loadHead, [id]);
  return run?.planId;
}

/** A frozen plan's document, as it was written. */
export async function planLoad(db: Queryable, id: string): Promise<unknown> {
  const [row] = await rowsOf<{ document: unknown }>(db, plan, [id]);
  if (row === undefined) throw new Error(`the plan ${id} is not stored`);
  return row.document;
}
