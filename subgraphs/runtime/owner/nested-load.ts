/**
 * Loads a long run with composites by what of it goes on: from the run's own graph downwards through what is open. Of an iteration's items that have ended only
 * the ordinals are read, and of a loop's rounds those and the last one's row, so what it costs to wake a run does not grow with the rows beneath them. An agent is read whole: its prompt is made of all that it has done. Node rows of a run whose lease is held change by nobody
 * else, so that several statements see one run; its mail is read last.
 */
import type { Json } from "#shared/json.ts";
import { agentType } from "../engine/agent-plan.ts";
import { teamType } from "../engine/team-plan.ts";
import { compositePathOf, framePath, framePathOf, rootPath } from "../engine/path.ts";
import type { CompiledPlan } from "../engine/plan.ts";
import type { LoadedNode, LoadedRun } from "../queue/load.sql.ts";
import { framesEnded, itemChunksLoad, nodesAt, nodesBeneath, runHeadLoad, type EndedFrames, type Scope } from "../queue/nested-load.sql.ts";
import { nodeRunStatusNumber } from "../queue/statuses.ts";
import type { Queryable } from "../queue/statement.ts";

/** Artifacts of items that one statement brings: each has some 256 KiB, or one item. */
const chunksPerPage = 16;
/** Frames open in the order of their items, at most 64 at once; a new run that takes over items which ended their workers begins with a few more. */
const mostBegun = 128;
/** Behind all events. */
const never = 2 ** 31 - 1;

/** A run as {@link LoadedRun} says, without the outputs that lie in artifacts and without items; of items and rounds that have ended, `ended`. */
export async function nestedLoad(db: Queryable, id: string, plan: CompiledPlan): Promise<LoadedRun | undefined> {
  const nodes: LoadedNode[] = [];
  let level = await nodesAt(db, id, [...plan.indexById.keys()]);
  for (let around: Scope[] = [{ path: rootPath, cut: never }]; level.length > 0;) {
    nodes.push(...level);
    around = await scopesBeneath(db, id, level, around);
    level = await nodesBeneath(db, id, around);
  }
  const run = await runHeadLoad(db, id);
  return run && { ...run, nodes };
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
  const asked = open.flatMap(({ node: { path, nodeType }, cut }) =>
    hasOneFrame(nodeType) ? [] : [{ path, cut, isLoop: nodeType === "loop" }],
  );
  const found = new Map((asked.length === 0 ? [] : await framesEnded(db, id, asked)).map((one) => [one.path, one]));
  return open.flatMap(({ node, cut }) => {
    const frames = found.get(node.path) ?? { path: node.path, cut, ended: [], late: [] };
    if (hasOneFrame(node.nodeType)) return [{ path: node.path, cut }];
    node.ended = frames.ended;
    return node.nodeType === "loop" ? roundsBeneath(frames, cut) : itemsBeneath(frames, cut);
  });
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
  const highest = ended.reduce((most, ordinal) => Math.max(most, ordinal), -1);
  const begun: number[] = [];
  for (let ordinal = 0; ordinal <= highest + mostBegun; ordinal++) if (!known.has(ordinal)) begun.push(ordinal);
  return begun;
}
