/**
 * Where a run stands, as the engine sees it. Its owner holds one for each run and changes it through apply.ts only; every change touches
 * only the edges of the node that changed, so a fan-out of n costs O(n).
 */
import type { JsonObject } from "#shared/json.ts";
import { frameOf, isOpen, nodeAt, nodeWithId, type Frame, type NodePhase, type NodeState } from "./frame.ts";
import { framePathOf, lastSegment, rootPath } from "./path.ts";
import type { CompiledPlan } from "./plan.ts";

/** A run in the engine's hands. */
export interface RunState {
  /** The run's own graph. */
  readonly root: Frame;
  /** Every frame by its path. */
  readonly frames: ReadonlyMap<string, Frame>;
  /** In the order in which they became ready. */
  readonly ready: Set<NodeState>;
  /** Nodes that are QUEUED, RUNNING or WAITING. */
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
  const root = frameOf(plan, rootPath);
  const run: RunState = {
    root,
    frames: new Map([[root.path, root]]),
    ready: new Set(),
    open: new Set(),
    waiting: 0,
    crashedNodes: 0,
    state: {},
  };
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

/** The node run at a path; undefined: the run has none there, or not yet. */
export function nodeAtPath(run: RunState, path: string): NodeState | undefined {
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
  if (isOpen(before)) run.open.delete(state);
  if (phase === "READY") run.ready.add(state);
  if (phase === "WAITING") run.waiting++;
  if (isOpen(phase)) run.open.add(state);
  state.phase = phase;
}
