/**
 * What an owner reads once, right after its claim: the run, its node runs and its inbox, in one statement; then the outputs that lie in artifacts, so many bytes at
 * a time. These never change, so that all of it is as it was at one moment. What runs weigh is asked before anything of them is read.
 */
import { readJsonInTurns } from "#shared/json-reader.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { isTimeOut } from "./failure.ts";
import { isIndexedPart } from "./parts.sql.ts";
import type { OpenedColumn, ProgressColumn } from "./rows.ts";
import { defineStatement, epochMs, keyOf, type Queryable, rowsOf } from "./statement.ts";
import { faultNumbers } from "./statuses.ts";

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
  priority: number;
  /** The run that waits for it; null: none does, or it was not made by one. */
  awaitedBy: string | null;
  /** So many runs lie around it. */
  depth: number;
  /** What the runs were given that it has made. */
  childBytes: number;
  onFailure: string | null;
  effectKeys: Record<string, string> | null;
  status: number;
  lease: string | null;
  eventSeq: number;
  mail: number;
  input: JsonObject;
  state: JsonObject;
  /** What was said in its session before it; null: it does not ask for it. */
  history: Json[] | null;
  startedMs: number | null;
  /** What stands for its creation. */
  scopeNowMs: number;
}

/** A run as its owner needs it. */
export interface LoadedRun extends StoredRun {
  /** The time of its last event; 0 of a run that nobody has begun. */
  lastEventMs: number;
  /** But for those beneath a frame or composite that has ended. */
  nodes: LoadedNode[];
  /** How many of its nodes its owners died of, wherever they stand. */
  crashedNodes: number;
  /** Those up to the number `mail`, which are not all where they are large. */
  inbox: InboxMessage[];
}

/** A stored node run. */
export interface LoadedNode {
  path: string;
  nodeId: string;
  nodeType: string;
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
  /** Attempts that ended by a fault of the platform's own; null: none. */
  ownFaults: number | null;
  /** Of a composite node: what was fixed when it opened. */
  opened: OpenedColumn | null;
  /** Of an iteration that goes on: how far it had come; null: nobody has said. */
  progress: ProgressColumn | null;
  /** Of a loop, or a sub-workflow, that goes on: what assigners have written of its variables, or of its state; null: nothing. */
  written: JsonObject | null;
  /** What a person decided of its call. */
  approval: Json;
  /** The run that it has made. */
  childRunId: string | null;
  /** The artifacts that it names, in order, null where none of their items is worked on any more, and the size of all; null where it has ended. */
  chunks: (readonly Json[] | null)[] | null;
  chunkBytes: number | null;
  /** Ordinals of an iteration's, or a loop's, frames that have ended and have no row here (nested-load.sql.ts). */
  ended?: readonly number[];
  route: string | null;
  errorCode: string | null;
  errorMessage: string | null;
  /** A number of {@link faultNumbers}; null: it has not failed, or by itself. */
  fault: number | null;
  /** What a failure that nothing handled has used; null: nothing, or it is no such. */
  failedUsage: { promptTokens: number; completionTokens: number } | null;
  outputText: string | null;
  outputJson: Json;
  /** Where the output lies that the row does not carry, and its size; null: nowhere, or nobody needs it. */
  outputArtifactId: string | null;
  outputBytes: number | null;
}

/** What a run has stored, before any of it is read. */
export interface StoredWeight {
  id: string;
  /** Of the run, its rows and its inbox. */
  rowBytes: number;
  /** Of the outputs that lie beside the rows. */
  outputBytes: number;
}

/** A message that waits for the owner. */
export interface InboxMessage {
  seq: number;
  kind: number;
  path: string | null;
  attempt: number | null;
  body: Json;
}

// Looked up one by one, in subselects: joined, a plan that was made of empty tables would read all of them.
const chunks = `(select json_agg((select a.content_json from runtime.artifact a where a.id = c.chunk ->> 'artifactId') order by c.place)
    from json_array_elements(n.opened -> 'chunks') with ordinality c(chunk, place))`;

const chunkBytes = `(select coalesce(sum((select a.size_bytes from runtime.artifact a where a.id = c.chunk ->> 'artifactId')), 0)::float8
    from json_array_elements(n.opened -> 'chunks') c(chunk))`;

/** SQL: nodes of run r that its owners died of, those included that are not loaded. Frames fail by them, and are none. Served by node_run_crashed. */
export const crashedNodes = `(select count(*)::int from runtime.node_run n where n.run_id = r.id and n.error_code = 'WORKER_CRASHED' and n.fault = ${faultNumbers.crash} and n.status = 4
    and n.node_type <> 'frame' and n.opened is null)`;

/** SQL: whether a node run is no part of a frame or composite that has ended: of those only what came of them is wanted. A subselect that cannot be hashed. */
export const standing = `coalesce((select f.status from runtime.node_run f where f.run_id = n.run_id and f.path = n.parent_path), 0) < 3`;

/** SQL: the item of an iteration's row, from the row itself or from the one artifact that holds it. */
export const itemOf = (row: string, ordinal: string): string => `coalesce(${row}.opened -> 'items' -> ${ordinal},
    (select (select a.content_json from runtime.artifact a where a.id = c.chunk ->> 'artifactId') -> (${ordinal} - (c.chunk ->> 'from')::int)
      from json_array_elements(${row}.opened -> 'chunks') c(chunk)
      where (c.chunk ->> 'from')::int <= ${ordinal} order by (c.chunk ->> 'from')::int desc limit 1))`;

const written = (row: string, path: string, updates: string, before: string): string => `(select json_object_agg(u.key, u.value) from (
    select distinct on (e.key) e.key, e.value from runtime.node_run v, json_each(v.${updates}) e
    where v.run_id = ${row}.run_id and v.${path} = ${row}.path and v.done_seq < ${before} order by e.key, v.done_seq desc) u)`;

/**
 * SQL: what assigners have written, until the event of a number, of the variables of a composite's row, or of its state. Of two that wrote a key the one that ended
 * last counts. Served by node_run_loop and node_run_own_state.
 */
export const writtenIn = (row: string, before = "2147483647"): string => `case ${row}.node_type
    when 'loop' then ${written(row, "loop_path", "loop_updates", before)}
    when 'sub-workflow' then ${written(row, "state_path", "state_updates", before)} end`;

const ifGoesOn = (value: string): string => `case when n.opened is not null and n.status < 3 then ${value} end`;

/** SQL: what node run n has used that failed, as JSON, where its route does not say it. */
export const failedUsage = `case when n.status = 4 and n.route is null and n.prompt_tokens is not null
    then json_build_object('promptTokens', n.prompt_tokens, 'completionTokens', coalesce(n.completion_tokens, 0)) end`;

const nodeObjectWith = (
  itemChunks: string,
): string => `json_build_object('path', n.path, 'nodeId', n.node_id, 'nodeType', n.node_type, 'status', n.status, 'attempt', n.attempt, 'seq', n.seq, 'doneSeq', n.done_seq,
  'alone', n.alone, 'dueMs', ${epochMs("n.due_at")}, 'createdMs', ${epochMs("n.created_at")}, 'startedMs', ${epochMs("n.started_at")},
  'waitReason', n.wait_reason, 'effectKey', n.effect_key, 'ownFaults', n.own_faults, 'approval', case when n.status < 3 then n.approval end,
  'childRunId', n.child_run_id, 'opened', n.opened, 'progress', ${ifGoesOn("n.progress")},
  'written', ${ifGoesOn(writtenIn("n"))}, 'chunks', ${ifGoesOn(itemChunks)}, 'chunkBytes', ${ifGoesOn(chunkBytes)}, 'route', n.route, 'errorCode', n.error_code, 'errorMessage', n.error_message, 'fault', n.fault,
  'failedUsage', ${failedUsage}, 'outputText', n.output_text, 'outputJson', n.output_json, 'outputArtifactId', o.id, 'outputBytes', o.size_bytes)`;

const nodeObject = nodeObjectWith(chunks);
/** SQL: a {@link LoadedNode} of node run n and artifact o, as JSON, but for the items that it works on. */
export const nodeWithoutItems = nodeObjectWith("null::json");

/**
 * SQL: the artifact of a node run's output. Others read what completed nodes put out, and those whose failure was handled; but for the rounds of a loop before its
 * last. Served by node_run_parts.
 */
export const outputOf = `left join runtime.artifact o on o.id = ${keyOf("n.output_artifact_id")} and n.status in (3, 4)
    and not (n.node_type = 'frame' and coalesce(n.route, '') = 'again' and exists (select from runtime.node_run l
      where l.run_id = n.run_id and l.parent_path = n.parent_path and ${isIndexedPart("l")} and l.node_type = 'frame' and l.seq > n.seq))`;

/** Of one run's mail so much is read at a time, and one message more: outcomes of offered nodes may have 50 MiB each. */
const mailBytes = 4 * 1024 * 1024;

const nextMessage = (
  after: string,
): string => `(select m.seq, m.kind, m.path, m.attempt, m.body, coalesce(octet_length(m.body::text), 0)::bigint as bytes
  from runtime.inbox m where m.run_id = r.id and m.seq > ${after} order by m.seq limit 1)`;

/** SQL: `box.messages` of run r behind a number, as JSON, and `box.mail`, the number up to which that is all there is. */
export const inboxOf = (after: string): string => `lateral (
  with recursive taken as (${nextMessage(after)} union all
    select n.seq, n.kind, n.path, n.attempt, n.body, t.bytes + n.bytes from taken t, lateral ${nextMessage("t.seq")} n where t.bytes < ${mailBytes})
  select coalesce(json_agg(json_build_object(
      'seq', t.seq, 'kind', t.kind, 'path', t.path, 'attempt', t.attempt, 'body', t.body) order by t.seq), '[]') as messages,
    case when exists (select from runtime.inbox m where m.run_id = r.id and m.seq > max(t.seq)) then max(t.seq) else r.mail end as mail
  from taken t) box`;

const facts = `r.id, r.tenant_id as "tenantId", r.plan_id as "planId", r.execution, r.dry_run as "dryRun", r.session_id as "sessionId",
  r.request_id as "requestId", r.trace_id as "traceId", r.initial_node as "initialNode", r.priority,
  case when not r.detached then r.parent_run_id end as "awaitedBy", r.depth, r.child_bytes::float8 as "childBytes", r.on_failure as "onFailure", r.effect_keys as "effectKeys", r.status, r.lease,
  r.event_seq as "eventSeq", r.mail, ${epochMs("r.started_at")} as "startedMs", ${epochMs("coalesce(r.scope_now, r.created_at)")} as "scopeNowMs"`;
const payloads = ["input", "state", "history"];
/** As it is stored. A claim brings up to 200 runs in one statement: a larger input is loaded, as what was begun. */
const freshBytes = 32_768;

const givenBytes = "pg_column_size(r.input) + pg_column_size(r.state) + coalesce(pg_column_size(r.history), 0)";

/** SQL: the columns of a {@link StoredRun}, of run r. */
export const runColumns = [facts, ...payloads.map((name) => `r.${name}`)].join(", ");

/** SQL: one look-up in the primary key of events. */
export const lastEventMs = `(select ${epochMs("e.at")} from runtime.run_story e where e.run_id = r.id and e.seq = r.event_seq) as "lastEventMs"`;

/**
 * SQL: the same columns for a claim, which so spares a run that nobody has begun the load: its one event is that it was created, so it has no node runs,
 * and nobody has posted to it; and its input is small. Of all others input and state are null, as the load brings them.
 */
export const claimedRunColumns = [
  facts,
  ...payloads.map((name) => `case when r.event_seq = 1 and r.mail = 0 and ${givenBytes} <= ${freshBytes} then r.${name} end as ${name}`),
].join(", ");

const load = defineStatement({
  name: "load",
  text: `
select ${runColumns}, ${lastEventMs}, (select coalesce(json_agg(${nodeObject}), '[]') from runtime.node_run n
    ${outputOf} where n.run_id = r.id and ${standing}) as nodes, ${crashedNodes} as "crashedNodes", box.messages as inbox, box.mail
from runtime.run r, ${inboxOf("0")} where r.id = any($1)`,
});

const loadSome = defineStatement({
  name: "load_some",
  text: `
select ${runColumns}, ${lastEventMs}, (select coalesce(json_agg(json_build_object('path', n.path, 'status', n.status, 'seq', n.seq, 'doneSeq', n.done_seq, 'effectKey', n.effect_key, 'approval', n.approval, 'route', n.route,
      'errorCode', n.error_code, 'errorMessage', n.error_message, 'outputText', n.output_text, 'outputJson', n.output_json,
      'outputArtifactId', o.id, 'outputBytes', o.size_bytes, 'item', case when k.ordinal is not null then ${itemOf("n", "k.ordinal")} end,
      'written', case when k.ordinal is not null then ${writtenIn("n")} end)), '[]')
    from runtime.node_run n left join unnest($3::text[], $4::int[]) as k(path, ordinal) on k.path = n.path
      ${outputOf} where n.run_id = r.id and (n.path = any($2) or n.parent_path = any($5) and ${isIndexedPart("n")})) as nodes
from runtime.run r where r.id = $1`,
});

export const loadOutputs = defineStatement({
  name: "load_outputs",
  text: `select id, content_text as text, content_json::text as json from runtime.artifact where id = any($1)`,
});

/** About what a row takes beside its texts. */
export const bytesOfRow = 600;

// Artifacts say how large they are, so that nothing of them is read.
const loadWeights = defineStatement({
  name: "load_weights",
  text: `
select r.id, (octet_length(r.input::text) + octet_length(r.state::text) + coalesce(octet_length(r.history::text), 0) + n.inline
    + (select coalesce(sum(octet_length(m.body::text)), 0) from runtime.inbox m where m.run_id = r.id))::float8 as "rowBytes", n.outputs::float8 as "outputBytes"
from runtime.run r, lateral (
  select coalesce(sum(${bytesOfRow} + coalesce(octet_length(n.output_text), 0) + coalesce(octet_length(n.output_json::text), 0) + coalesce(octet_length(n.error_message), 0)
      + case when n.status < 3 then coalesce(octet_length(n.approval::text), 0) else 0 end
      + case when n.opened is not null and n.status < 3 then ${chunkBytes} else 0 end), 0) as inline,
    coalesce(sum(o.size_bytes), 0) as outputs
  from runtime.node_run n ${outputOf} where n.run_id = r.id and ${standing}) n
where r.id = any($1)`,
});

const loadHead = defineStatement({ name: "load_head", text: `select plan_id as "planId" from runtime.run where id = $1` });

const loadPlanIds = defineStatement({ name: "load_plan_ids", text: `select id, plan_id as "planId" from runtime.run where id = any($1)` });

const plan = defineStatement({ name: "load_plan", text: "select document from runtime.plan where id = $1" });

/** What runs weigh, those that there are. Served by the primary keys. */
export function runsWeigh(db: Queryable, ids: readonly string[]): Promise<StoredWeight[]> {
  return rowsOf(db, loadWeights, [ids]);
}

/** Loads runs, without the outputs that lie in artifacts. Served by the primary keys. */
export function runsLoad(db: Queryable, ids: readonly string[]): Promise<LoadedRun[]> {
  return rowsOf(db, load, [ids]);
}

/** A run with some of its node runs. */
export type PartlyLoadedRun = Omit<LoadedRun, "nodes" | "inbox" | "crashedNodes"> & { nodes: PartlyLoadedNode[] };

/** What a node run put out, or how it failed; of a composite, what is asked for of what it opened with, and what was written in it since. */
export type PartlyLoadedNode = Pick<
  LoadedNode,
  | "path"
  | "status"
  | "seq"
  | "doneSeq"
  | "effectKey"
  | "approval"
  | "route"
  | "errorCode"
  | "errorMessage"
  | "outputText"
  | "outputJson"
  | "outputArtifactId"
  | "outputBytes"
> & { item: Json; written: JsonObject | null };

/** What an offered node sees of its run: the node runs at `paths`, and of some of them, iterations, one item each. */
export interface Wanted {
  paths: readonly string[];
  items: readonly { path: string; ordinal: number }[];
  /** Of agents: all that is part of the work of the node runs at these paths. */
  parents?: readonly string[];
}

/** Loads a run with what an offered node sees of it; without the outputs that lie in artifacts. Served by the primary keys and node_run_parts. */
export async function runLoadSome(db: Queryable, id: string, { paths, items, parents = [] }: Wanted): Promise<PartlyLoadedRun | undefined> {
  const asked = [items.map(({ path }) => path), items.map(({ ordinal }) => ordinal)];
  const [run] = await rowsOf<PartlyLoadedRun>(db, loadSome, [id, paths, ...asked, parents]);
  return run;
}

/** Outputs are read so many bytes at a time; one that is larger is read by itself. */
const bytesPerPage = 4 * 1024 * 1024;

type Output = Pick<LoadedNode, "outputText" | "outputJson">;
type OutputPlace = Pick<LoadedNode, "outputArtifactId" | "outputBytes">;

/** Puts the outputs in their place that lie in artifacts. */
export async function outputsLoad(db: Queryable, runs: readonly { nodes: readonly OutputPlace[] }[]): Promise<void> {
  const missing = runs.flatMap(({ nodes }) => nodes).filter(({ outputArtifactId }) => outputArtifactId !== null);
  for (const page of pages(missing, ({ outputBytes }) => outputBytes ?? 0, bytesPerPage)) {
    const outputs = await pageLoad(
      db,
      page.map(({ outputArtifactId }) => outputArtifactId ?? ""),
    );
    for (const node of page) Object.assign(node, outputs.get(node.outputArtifactId ?? "") ?? {});
  }
}

/** What is not read in the time that a statement has is read in halves. */
async function pageLoad(db: Queryable, ids: readonly string[]): Promise<Map<string, Output>> {
  try {
    const rows = await rowsOf<{ id: string; text: string | null; json: string | null }>(db, loadOutputs, [ids]);
    const outputs = new Map<string, Output>();
    // The driver would read each at once.
    for (const { id, text, json } of rows) outputs.set(id, { outputText: text, outputJson: await storedJson(json) });
    return outputs;
  } catch (cause) {
    if (!isTimeOut(cause) || ids.length < 2) throw cause;
    const middle = Math.ceil(ids.length / 2);
    return new Map([...(await pageLoad(db, ids.slice(0, middle))), ...(await pageLoad(db, ids.slice(middle)))]);
  }
}

/** Reads what was stored as JSON; what is large in turns of the main loop. */
export async function storedJson(text: string | null): Promise<Json> {
  return text === null ? null : ((await readJsonInTurns(text, { isOurs: true })) as Json);
}

/** Parts of a list, each of so many bytes at most, or of one item. */
export function pages<T>(items: readonly T[], bytesOf: (item: T) => number, mostBytes: number): T[][] {
  const made: T[][] = [];
  let left = 0;
  for (const item of items) {
    const bytes = bytesOf(item);
    if (made.length === 0 || bytes > left) {
      made.push([]);
      left = mostBytes;
    }
    made.at(-1)?.push(item);
    left -= bytes;
  }
  return made;
}

/** The id of the plan that a run executes. */
export async function runPlanId(db: Queryable, id: string): Promise<string | undefined> {
  const [run] = await rowsOf<{ planId: string }>(db, loadHead, [id]);
  return run?.planId;
}

/** The ids of the plans that runs execute, by their own. */
export async function planIdsOf(db: Queryable, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await rowsOf<{ id: string; planId: string }>(db, loadPlanIds, [ids]);
  return new Map(rows.map(({ id, planId }) => [id, planId]));
}

/** A frozen plan's document, as it was written. */
export async function planLoad(db: Queryable, id: string): Promise<unknown> {
  const [row] = await rowsOf<{ document: unknown }>(db, plan, [id]);
  if (row === undefined) throw new Error(`the plan ${id} is not stored`);
  return row.document;
}
