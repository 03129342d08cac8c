/** What is read of a long run with composites, part by part (owner/nested-load.ts). What is in a frame is at paths that the plan tells; the rest is served by node_run_parts. */
import type { Json } from "#shared/json.ts";
import {
  crashedNodes,
  inboxOf,
  lastEventMs,
  loadOutputs,
  nodeWithoutItems,
  outputOf,
  runColumns,
  storedJson,
  type LoadedNode,
  type LoadedRun,
} from "./load.sql.ts";
import { isIndexedPart } from "./parts.sql.ts";
import { defineStatement, rowsOf, type Queryable } from "./statement.ts";

/** Rows that one statement brings. */
const rowsPerPage = 5_000;

const loadAt = defineStatement({
  name: "load_at",
  text: `select ${nodeWithoutItems} as node from runtime.node_run n ${outputOf} where n.run_id = $1 and n.path = any($2)`,
});

// Not a join: a plan that was made of few rows would read all of the run.
const loadBeneath = defineStatement({
  name: "load_beneath",
  text: `
select n.node from unnest($2::text[], $3::int[]) k(path, cut), lateral (
  select n.path, ${nodeWithoutItems} as node from runtime.node_run n ${outputOf}
  where n.run_id = $1 and n.parent_path = k.path and ${isIndexedPart("n")} and (n.node_type <> 'frame' or n.done_seq >= k.cut) and n.path > $4 offset 0) n
order by n.path limit ${rowsPerPage}`,
});

const loadEnded = defineStatement({
  name: "load_ended",
  text: `
with f as materialized (select k.path, k.cut, k.is_loop, right(n.path, -length(k.path) - 1)::int as ordinal, n.done_seq, n.status = 5 or n.status = 4 and n.route is null as failed
  from unnest($2::text[], $3::int[], $4::bool[]) k(path, cut, is_loop), lateral (
    select n.path, n.done_seq, n.status, n.route from runtime.node_run n
    where n.run_id = $1 and n.parent_path = k.path and ${isIndexedPart("n")} and n.node_type = 'frame' and n.status >= 3 offset 0) n),
c as (select path, case when bool_or(is_loop) then max(done_seq) else least(min(cut), min(done_seq) filter (where failed)) end as cut from f group by path)
select path, c.cut, coalesce(json_agg(ordinal) filter (where done_seq < c.cut), '[]') as ended, coalesce(json_agg(ordinal) filter (where done_seq >= c.cut), '[]') as late
from f join c using (path) group by path, c.cut`,
});

const loadFrames = defineStatement({
  name: "load_frames",
  text: `
select k.ordinal, n.done_seq as "doneSeq", n.failed from unnest($2::text[], $3::int[]) k(path, ordinal), lateral (
  select n.done_seq, n.status = 5 or n.status = 4 and n.route is null as failed from runtime.node_run n
  where n.run_id = $1 and n.path = k.path and n.status >= 3 offset 0) n`,
});

const loadRun = defineStatement({
  name: "load_run",
  text: `select ${runColumns}, ${lastEventMs}, ${crashedNodes} as "crashedNodes", box.messages as inbox, box.mail
from runtime.run r, ${inboxOf("0")} where r.id = $1`,
});

// Outputs are added up where they are, so that nothing of them is read.
const weighEnded = defineStatement({
  name: "weigh_ended",
  text: `
select coalesce(sum(coalesce(o.size_bytes, 0) + coalesce(octet_length(n.output_text), 0) + coalesce(octet_length(n.output_json::text), 0)), 0)::float8 as bytes
from runtime.node_run n ${outputOf} where n.run_id = $1 and n.parent_path = $2 and ${isIndexedPart("n")} and n.node_type = 'frame'`,
});

/** What rows are part of, and a number of an event: of what is a frame's row, only those that ended from there on are wanted. */
export interface Scope {
  path: string;
  cut: number;
}

/** Frames of one composite that have ended. */
export interface EndedFrames {
  path: string;
  /** Of a loop: where its last round ended. Else where the first item failed, and nothing handled it; else as it was given. */
  cut: number;
  /** Ordinals of those before the cut. */
  ended: number[];
  /** And of those from there on. */
  late: number[];
}

/** The node runs at the paths, in pages. Served by the primary key. */
export async function nodesAt(db: Queryable, id: string, paths: readonly string[]): Promise<LoadedNode[]> {
  const found: LoadedNode[] = [];
  for (let from = 0; from < paths.length; from += rowsPerPage) {
    const page = await rowsOf<{ node: LoadedNode }>(db, loadAt, [id, paths.slice(from, from + rowsPerPage)]);
    for (const { node } of page) found.push(node);
  }
  return found;
}

/** The frames of the composites at the paths, or the node runs of those whose one frame has no number, in pages. */
export async function nodesBeneath(db: Queryable, id: string, scopes: readonly Scope[]): Promise<LoadedNode[]> {
  const found: LoadedNode[] = [];
  const [paths, cuts] = [scopes.map(({ path }) => path), scopes.map(({ cut }) => cut)];
  for (let after = "", isMore = scopes.length > 0; isMore;) {
    const page = await rowsOf<{ node: LoadedNode }>(db, loadBeneath, [id, paths, cuts, after]);
    found.push(...page.map(({ node }) => node));
    after = page.at(-1)?.node.path ?? "";
    isMore = page.length === rowsPerPage;
  }
  return found;
}

/** The frames of each iteration, or loop, that have ended; of one without any there is nothing. */
export function framesEnded(db: Queryable, id: string, composites: readonly (Scope & { isLoop: boolean })[]): Promise<EndedFrames[]> {
  const columns = [composites.map(({ path }) => path), composites.map(({ cut }) => cut), composites.map(({ isLoop }) => isLoop)];
  return rowsOf(db, loadEnded, [id, ...columns]);
}

/** A frame that has ended. */
export interface EndedFrame {
  ordinal: number;
  doneSeq: number;
  /** Nothing handled it. */
  failed: boolean;
}

/** Those that have ended of a composite's frames, by the path and the ordinal of each. Served by the primary key. */
export function framesEndedAt(db: Queryable, id: string, frames: readonly { path: string; ordinal: number }[]): Promise<EndedFrame[]> {
  return rowsOf(db, loadFrames, [id, frames.map(({ path }) => path), frames.map(({ ordinal }) => ordinal)]);
}

/** How much the frames of a composite have put out. */
export async function framesWeigh(db: Queryable, id: string, path: string): Promise<number> {
  const [row] = await rowsOf<{ bytes: number }>(db, weighEnded, [id, path]);
  return row?.bytes ?? 0;
}

/** The run itself, with its mail. */
export async function runHeadLoad(db: Queryable, id: string): Promise<Omit<LoadedRun, "nodes"> | undefined> {
  const [run] = await rowsOf<Omit<LoadedRun, "nodes">>(db, loadRun, [id]);
  return run;
}

/** The items in a composite's artifacts, in the order of these. */
export async function itemChunksLoad(db: Queryable, artifactIds: readonly string[]): Promise<Json[][]> {
  const rows = await rowsOf<{ id: string; json: string | null }>(db, loadOutputs, [artifactIds]);
  const byId = new Map<string, Json[]>();
  for (const { id, json } of rows) byId.set(id, (await storedJson(json)) as Json[]);
  return artifactIds.map((id) => byId.get(id) ?? []);
}
