/**
 * Where a run stands, as the engine sees it. Its owner holds one per run and changes it through apply.ts only; every change touches
 * only the edges of the node that changed, so a fan-out of n costs O(n).
 */
import type { Json, JsonObject } from "#shared/json.ts";
import type { CompiledNode, CompiledPlan } from "./plan.ts";

/**
 * BLOCKED: an incoming edge is UNKNOWN. READY: may start. ABSENT: not reachable from the run's initial node, so it has no node run.
 * The others are the statuses of its node run.
 */
export type NodePhase = "BLOCKED" | "READY" | "ABSENT" | OpenPhase | DonePhase;
/** A node run that has a row and is not finished. */
export type OpenPhase = "QUEUED" | "RUNNING" | "WAITING";
/** A node run that is finished. */
export type DonePhase = "COMPLETED" | "FAILED" | "CANCELLED" | "SKIPPED";

/** What a completed node left behind, as templates see it. */
export interface NodeOutput {
  output: Json;
  text: string | null;
}

/** Why a run fails. */
export interface RunFailure {
  nodeId: string;
  code: string;
  message: string;
}

/** A run in the engine's hands. */
export interface RunState {
  readonly plan: CompiledPlan;
  readonly phases: NodePhase[];
  /** Incoming edges that are still UNKNOWN, and those that were TAKEN, by node. */
  readonly unknownEdges: Int32Array;
  readonly takenEdges: Int32Array;
  /** Edges out of a node that were TAKEN; a completed node without one is a last node. */
  readonly takenOutgoing: Int32Array;
  /** In the order in which they became ready. */
  readonly ready: Set<number>;
  /** Nodes that are QUEUED, RUNNING or WAITING. */
  readonly open: Set<number>;
  /** How many of `open` are WAITING. */
  waiting: number;
  /** Completed nodes by id. Grows in place; entries never change. */
  readonly outputs: Record<string, NodeOutput>;
  /** What assigners wrote. Replaced, never changed in place, so whoever holds it has a snapshot. */
  state: JsonObject;
  /** The first failure that nothing handled. From then on nothing starts. */
  failure: RunFailure | undefined;
}

/** A run before its first step: with `initialNode` only what can be reached from it takes part. */
export function startRun(plan: CompiledPlan, initialNode?: string): RunState {
  const count = plan.nodes.length;
  const run: RunState = {
    plan,
    phases: plan.nodes.map(() => "BLOCKED" as const),
    unknownEdges: new Int32Array(count),
    takenEdges: new Int32Array(count),
    takenOutgoing: new Int32Array(count),
    ready: new Set(),
    open: new Set(),
    waiting: 0,
    outputs: {},
    state: {},
    failure: undefined,
  };
  if (initialNode === undefined) startAtRoots(run);
  else startAt(run, initialNode);
  return run;
}

function startAtRoots(run: RunState): void {
  for (const node of run.plan.nodes) {
    run.unknownEdges[node.index] = node.incoming.length;
    if (node.incoming.length === 0) phaseSet(run, node.index, "READY");
  }
}

function startAt(run: RunState, initialNode: string): void {
  const first = nodeById(run.plan, initialNode);
  const reachable = reachableFrom(run.plan, first.index);
  for (const node of run.plan.nodes) {
    if (!reachable.has(node.index)) phaseSet(run, node.index, "ABSENT");
    run.unknownEdges[node.index] = node.incoming.filter((source) => reachable.has(source)).length;
  }
  phaseSet(run, first.index, "READY");
}

function reachableFrom(plan: CompiledPlan, first: number): Set<number> {
  const reached = new Set([first]);
  for (const index of reached) for (const edge of nodeAt(plan, index).outgoing) reached.add(edge.target);
  return reached;
}

/** Moves one node to a phase and keeps the sets in step. Only apply.ts, ready.ts and replay.ts call it. */
export function phaseSet(run: RunState, index: number, phase: NodePhase): void {
  const before = run.phases[index];
  if (before === phase) return;
  if (before === "READY") run.ready.delete(index);
  if (before === "WAITING") run.waiting--;
  if (before !== undefined && isOpen(before)) run.open.delete(index);
  if (phase === "READY") run.ready.add(index);
  if (phase === "WAITING") run.waiting++;
  if (isOpen(phase)) run.open.add(index);
  run.phases[index] = phase;
}

/** True for a node run that has a row and is not finished. */
export function isOpen(phase: NodePhase): phase is OpenPhase {
  return phase === "RUNNING" || phase === "WAITING" || phase === "QUEUED";
}

/** True for a node run that is finished. */
export function isDone(phase: NodePhase): phase is DonePhase {
  return phase === "COMPLETED" || phase === "SKIPPED" || phase === "FAILED" || phase === "CANCELLED";
}

/** The node at an index that the engine itself gave out. */
export function nodeAt(plan: CompiledPlan, index: number): CompiledNode {
  const node = plan.nodes[index];
  if (node === undefined) throw new Error(`the plan has no node at ${index}`);
  return node;
}

/** The node with an id. */
export function nodeById(plan: CompiledPlan, id: string): CompiledNode {
  const index = plan.indexById.get(id);
  if (index === undefined) throw new Error(`the plan has no node ${id}`);
  return nodeAt(plan, index);
}
