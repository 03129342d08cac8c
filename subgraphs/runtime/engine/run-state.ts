/**
 * Where a run stands, as the engine sees it. Its owner holds one for each run and changes it through apply.ts only; every change touches
 * only the edges of the node that changed, so a fan-out of n costs O(n).
 */
import type { JsonObject } from "#shared/json.ts";
import { isDone, isOpen, nodeAt, nodeWithId, rootFrame, sightOf, type Frame, type NodePhase, type NodeState } from "./frame.ts";
import { framePathOf, lastSegment, rootPath } from "./path.ts";
import type { CompiledPlan } from "./plan.ts";

/** A run in the engine's hands. */
export interface RunState {
  /** The run's own graph. */
  readonly root: Frame;
  /** Every open frame by its path. */
  readonly frames: Map<string, Frame>;
  /** Ends of frames that have opened and of which the owner has not heard. */
  readonly opened: NodeState[];
  /** Frames, by the nodes that end them, and composite nodes that have failed and in which something may still be open. */
  readonly failing: Set<NodeState>;
  /** In the order in which they became ready. */
  readonly ready: Set<NodeState>;
  /** Nodes that are QUEUED, RUNNING or WAITING; what is DRIVEN is none of them, as it waits for others. */
  readonly open: Set<NodeState>;
  /** How many of `open` are WAITING. */
  waiting: number;
  /** How many nodes have killed their owners, until they failed for it. */
  crashedNodes: number;
  /** The state that assigners wrote. Replaced, never changed in place, so whoever holds it has a snapshot. */
  state: JsonObject;
}

/** A run before its first step: with `initialNode`, an id of its own graph, only what can be reached from it takes part. */
export function startRun(plan: CompiledPlan, initialNode?: string): RunState {
  const root = rootFrame(plan, rootPath);
  const sets = { frames: new Map([[root.path, root]]), opened: [], failing: new Set<NodeState>(), ready: new Set<NodeState>() };
  const run: RunState = { root, ...sets, open: new Set(), waiting: 0, crashedNodes: 0, state: {} };
  if (initialNode === undefined) startAtRoots(run);
  else startAt(run, initialNode);
  return run;
}

function startAtRoots(run: RunState): void {
  for (const state of run.root.nodes) if (state.unknownEdges === 0) phaseSet(run, state, "READY");
}

function startAt(run: RunState, initialNode: string): void {
  const first = nodeWithId(run.root, initialNode);
  if (first === undefined) throw new Error(`the plan has no node ${initialNode}`);
  const reachable = reachableFrom(first);
  for (const state of run.root.nodes) {
    if (!reachable.has(state)) phaseSet(run, state, "ABSENT");
    state.unknownEdges = state.node.incoming.filter((source) => reachable.has(nodeAt(run.root, source))).length;
  }
  phaseSet(run, first, "READY");
}

function reachableFrom(first: NodeState): Set<NodeState> {
  const reached = new Set([first]);
  for (const { frame, node } of reached) for (const edge of node.outgoing) reached.add(nodeAt(frame, edge.target));
  return reached;
}

/** The node run at a path, of a frame's path the one that ends it; undefined: the run has none there, or not yet, or not any more. */
export function nodeAtPath(run: RunState, path: string): NodeState | undefined {
  const ended = run.frames.get(path)?.end;
  if (ended !== undefined) return ended;
  const frame = run.frames.get(framePathOf(path));
  const found = frame && nodeWithId(frame, lastSegment(path));
  return found?.path === path ? found : undefined;
}

/** Moves one node to a phase and keeps the sets in step. Only apply.ts, ready.ts and this file call it. */
export function phaseSet(run: RunState, state: NodeState, phase: NodePhase): void {
  const before = state.phase;
  if (before === phase) return;
  if (before === "READY") run.ready.delete(state);
  if (before === "WAITING") run.waiting--;
  if (isOpen(before) !== isOpen(phase)) openCount(state, isOpen(phase) ? 1 : -1);
  if (isOpen(before)) run.open.delete(state);
  if (phase === "READY") run.ready.add(state);
  if (phase === "WAITING") run.waiting++;
  if (isOpen(phase)) run.open.add(state);
  state.phase = phase;
  if (state.ends === undefined && (phase === "ABSENT" || isDone(phase))) state.frame.left--;
}

function openCount(state: NodeState, change: 1 | -1): void {
  for (let frame: Frame | undefined = sightOf(state); frame !== undefined; frame = frame.owner?.frame) frame.open += change;
}
