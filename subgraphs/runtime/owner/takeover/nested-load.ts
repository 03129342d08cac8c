/**
 * Loads a long run with composites by what of it goes on: from the run's own graph downwards through what is open. Of an iteration's items that have ended only
 * the ordinals are read, of those that have since its row last said how far it had come, and of a loop's rounds those and the last one's row, so what it costs to wake a run does not grow with the rows beneath them. An agent is read whole: its prompt is made of all that it has done. Node rows of a run whose lease is held change by nobody
 * else, so that several statements see one run; its mail is read last.
 */
import type { Json } from "#shared/json.ts";
import { agentType } from "../../engine/drivers/agent-plan.ts";
import { teamType } from "../../engine/drivers/team-plan.ts";
import { compositePathOf, framePath, framePathOf, ordinalOf, pathBeneath, rootPath, segmentNodeId } from "../../engine/path.ts";
import type { CompiledPlan } from "../../engine/plan.ts";
import type { LoadedNode, LoadedRun } from "../../queue/load.sql.ts";
import {
  framesEnded,
  framesEndedAt,
  itemChunksLoad,
  nodesAt,
  nodesBeneath,
  runHeadLoad,
  type EndedFrame,
  type EndedFrames,
  type Scope,
} from "../../queue/nested-load.sql.ts";
import { nodeRunStatusNumber } from "../../queue/statuses.ts";
import type { Queryable } from "../../queue/statement.ts";
import { endedBefore } from "../composites/iteration-progress.ts";

/** Artifacts of items that one statement brings: each has some 256 KiB, or one item. */
const chunksPerPage = 16;
/** Frames open in the order of their items, at most 64 at once; a new run that takes over items which ended their workers begins with a few more. */
const mostBegun = 128;
/** Ordinals that are looked for at once: what ends between two stored {@link ProgressColumn}s, as a rule, and those that may have begun. */
const sincePerPage = 384;
/** Behind all events. */
const never = 2 ** 31 - 1;

/** A run as {@link LoadedRun} says, without the outputs that lie in artifacts and without items; of items and rounds that have ended, `ended`. */
export async function nestedLoad(db: Queryable, id: string, plan: CompiledPlan): Promise<LoadedRun | undefined> {
  const nodes: LoadedNode[] = [];
  let level = await nodesAt(db, id, [...plan.indexById.keys()]);
  for (let around: Scope[] = [{ path: rootPath, cut: never }]; level.length > 0;) {
    nodes.push(...level);
    around = await scopesBeneath(db, id, level, around);
    level = await partsOf(db, id, around, plan);
  }
  const run = await runHeadLoad(db, id);
  return run && { ...run, nodes };
}

/** What is part of the scopes: in frames of items and rounds, and in what has no number. */
async function partsOf(db: Queryable, id: string, scopes: readonly Scope[], plan: CompiledPlan): Promise<LoadedNode[]> {
  const frames = scopes.filter(({ path }) => ordinalOf(path) !== undefined);
  const others = scopes.filter(({ path }) => ordinalOf(path) === undefined);
  return [...(await nodesBeneath(db, id, others)), ...(await nodesInFrames(db, id, frames, plan))];
}

/** Nodes that begin a graph are looked for first: in a frame without one of them there is nothing yet, and most that may have begun have not. */
async function nodesInFrames(db: Queryable, id: string, frames: readonly Scope[], plan: CompiledPlan): Promise<LoadedNode[]> {
  const graphs = frames.map(({ path }) => ({ path, nodes: graphAt(plan, path).nodes }));
  const pathsOf = (isFirst: boolean, among: typeof graphs) =>
    among.flatMap(({ path, nodes }) =>
      nodes.filter(({ incoming }) => (incoming.length === 0) === isFirst).map((node) => pathBeneath(path, node.id)),
    );
  const first = await nodesAt(db, id, pathsOf(true, graphs));
  const begun = new Set(first.map(({ path }) => framePathOf(path)));
  const others = graphs.filter(({ path }) => begun.has(path));
  return [...first, ...(await nodesAt(db, id, pathsOf(false, others)))];
}

/** The graph that a frame walks. @throws where the plan has no composite there: it is not the run's. */
function graphAt(plan: CompiledPlan, path: string): CompiledPlan {
  return path.split("/").reduce((graph, segment) => {
    const composite = graph.nodes[graph.indexById.get(segmentNodeId(segment)) ?? -1]?.composite;
    if (composite === undefined) throw new Error(`the plan has no graph at ${path}`);
    return composite.body;
  }, plan);
}

/** Puts the items in their place that iterations work on, but for those that only ended items had. */
export async function itemsLoad(db: Queryable, { nodes }: Pick<LoadedRun, "nodes">): Promise<void> {
  for (const node of nodes) {
    const { chunks } = node.opened ?? {};
    if (chunks === undefined || isEnded(node)) continue;
    const first = firstOpen(node.ended ?? []);
    const begin = Math.max(
      0,
      chunks.findLastIndex(({ from }) => from <= first),
    );
    const read: (Json[] | null)[] = chunks.slice(0, begin).map(() => null);
    for (let at = begin; at < chunks.length; at += chunksPerPage) {
      const page = chunks.slice(at, at + chunksPerPage).map(({ artifactId }) => artifactId);
      read.push(...(await itemChunksLoad(db, page)));
    }
    node.chunks = read;
  }
}

/** The lowest ordinal that is not among them. */
function firstOpen(ended: readonly number[]): number {
  const known = new Set(ended);
  let ordinal = 0;
  while (known.has(ordinal)) ordinal++;
  return ordinal;
}

/** All that is open beneath the rows of one level: their composites, where these have rows to be read, and the frames of them that may have begun. */
async function scopesBeneath(db: Queryable, id: string, level: readonly LoadedNode[], around: readonly Scope[]): Promise<Scope[]> {
  const cuts = cutsOf(level, around);
  const open = level
    .filter((node) => node.opened !== null && !isEnded(node))
    .map((node) => ({ node, cut: cuts.get(framePathOf(node.path)) ?? never }));
  const found = new Map((await endedOf(db, id, open)).map((one) => [one.path, one]));
  return open.flatMap(({ node, cut }) => {
    const frames = found.get(node.path) ?? { path: node.path, cut, ended: [], late: [] };
    if (hasOneFrame(node.nodeType)) return [{ path: node.path, cut }];
    node.ended = frames.ended;
    return node.nodeType === "loop" ? roundsBeneath(frames, cut) : itemsBeneath(frames, cut);
  });
}

interface OpenComposite {
  node: LoadedNode;
  cut: number;
}

/** The frames that have ended of each that has several: all are looked at, but for those of an iteration whose row says how far it had come. */
async function endedOf(db: Queryable, id: string, open: readonly OpenComposite[]): Promise<EndedFrames[]> {
  const several = open.filter(({ node: { nodeType } }) => !hasOneFrame(nodeType));
  const known = several.filter(({ node: { progress } }) => progress !== null);
  const asked = several
    .filter(({ node: { progress } }) => progress === null)
    .map(({ node: { path, nodeType }, cut }) => ({ path, cut, isLoop: nodeType === "loop" }));
  const ended = asked.length === 0 ? [] : await framesEnded(db, id, asked);
  for (const one of known) ended.push(await endedSince(db, id, one));
  return ended;
}

/** Items open in their order, so of those behind the last that is found to have ended no more than {@link mostBegun} have begun. */
async function endedSince(db: Queryable, id: string, { node, cut: around }: OpenComposite): Promise<EndedFrames> {
  const { path, opened, progress } = node;
  const { next, open } = progress ?? { next: 0, open: [] };
  const count = opened?.count ?? 0;
  const found: EndedFrame[] = [];
  let from = next;
  do {
    const to = Math.min(from + sincePerPage, count);
    const asked = [...(from === next ? open : []), ...Array.from({ length: Math.max(0, to - from) }, (_, place) => from + place)];
    found.push(
      ...(await framesEndedAt(
        db,
        id,
        asked.map((ordinal) => ({ path: framePath(path, ordinal), ordinal })),
      )),
    );
    from = to;
  } while (from < count && from <= highestOf(ordinalsOf(found)) + mostBegun);
  const cut = found.reduce((least, { failed, doneSeq }) => (failed ? Math.min(least, doneSeq) : least), around);
  const before = found.filter(({ doneSeq }) => doneSeq < cut);
  const late = found.filter(({ doneSeq }) => doneSeq >= cut);
  return { path, cut, ended: [...endedBefore({ next, open }), ...ordinalsOf(before)], late: ordinalsOf(late) };
}

function highestOf(ordinals: readonly number[]): number {
  return ordinals.reduce((most, ordinal) => Math.max(most, ordinal), -1);
}

function ordinalsOf(frames: readonly EndedFrame[]): number[] {
  return frames.map(({ ordinal }) => ordinal);
}

/** Whether a composite has one frame, which has no row: what is beneath it is read as it is of any node. Of an agent, and a team, that is all that it goes on from. */
function hasOneFrame(nodeType: string): boolean {
  return nodeType === "sub-workflow" || nodeType === agentType || nodeType === teamType;
}

/** The one round that may be open, and the last that has ended: with it the loop goes on, or ends. */
function roundsBeneath({ path, cut: last, ended, late }: EndedFrames, cut: number): Scope[] {
  const open = { path: framePath(path, ended.length + late.length), cut };
  return late.length === 0 ? [open] : [{ path, cut: last }, open];
}

function itemsBeneath({ path, cut: own, ended, late }: EndedFrames, around: number): Scope[] {
  const cut = Math.min(own, around);
  const begun = begunOf([...ended, ...late]).map((ordinal) => ({ path: framePath(path, ordinal), cut }));
  return late.length === 0 ? begun : [{ path, cut }, ...begun];
}

function isEnded({ status }: Pick<LoadedNode, "status">): boolean {
  return status >= nodeRunStatusNumber("COMPLETED");
}

/** In each frame of a level: where the first failure stands that nothing handled, in it or around it. */
function cutsOf(level: readonly LoadedNode[], around: readonly Scope[]): Map<string, number> {
  const cuts = new Map(around.map(({ path, cut }) => [path, cut]));
  for (const { path, nodeType, status, route, doneSeq } of level) {
    if (doneSeq === null || (status !== 5 && (status !== 4 || route !== null))) continue;
    const scope = nodeType === "frame" ? compositePathOf(path) : framePathOf(path);
    cuts.set(scope, Math.min(cuts.get(scope) ?? never, doneSeq));
  }
  return cuts;
}

/** Ordinals of frames that may be open, where these have ended. */
function begunOf(ended: readonly number[]): number[] {
  const known = new Set(ended);
  const highest = highestOf(ended);
  const begun: number[] = [];
  for (let ordinal = 0; ordinal <= highest + mostBegun; ordinal++) if (!known.has(ordinal)) begun.push(ordinal);
  return begun;
}
