/**
 * A frame: one walk of a graph within a run. The run's own graph is the root frame, and so far the only one; a node that holds a graph of its own
 * opens further ones beneath its path.
 */
import type { Json } from "#shared/json.ts";
import { pathBeneath } from "./path.ts";
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

/** What a completed node left behind, or one whose failure was handled, as templates see it. */
export interface NodeOutput {
  output: Json;
  text: string | null;
  /** Of a failure that was handled. */
  error?: { code: string; message: string };
}

/** Why a frame fails. */
export interface Failure {
  nodeId: string;
  code: string;
  message: string;
}

/** One node run of a frame, whether it has begun or not. There is one object for each, made with its frame and passed on by identity. */
export interface NodeState {
  readonly path: string;
  readonly frame: Frame;
  readonly node: CompiledNode;
  /** Changed by phaseSet only, which keeps the run's sets in step. */
  phase: NodePhase;
  /** Incoming edges that are still UNKNOWN, and those that were TAKEN. */
  unknownEdges: number;
  takenEdges: number;
  /** Edges out of it that were TAKEN; a completed node without one is a last node. */
  takenOutgoing: number;
}

/** A graph that is being walked. */
export interface Frame {
  /** "" for the root frame. */
  readonly path: string;
  readonly plan: CompiledPlan;
  /** In document order. */
  readonly nodes: readonly NodeState[];
  /** Completed nodes by id, and those whose failure was handled. Grows in place; entries never change. */
  readonly outputs: Record<string, NodeOutput>;
  /** The first failure that nothing handled. From then on nothing of the frame starts. */
  failure: Failure | undefined;
}

/** A frame whose nodes are all BLOCKED, with every edge UNKNOWN. */
export function frameOf(plan: CompiledPlan, path: string): Frame {
  const nodes: NodeState[] = [];
  const frame: Frame = { path, plan, nodes, outputs: {}, failure: undefined };
  for (const node of plan.nodes) {
    const counts = { unknownEdges: node.incoming.length, takenEdges: 0, takenOutgoing: 0 };
    nodes.push({ path: pathBeneath(path, node.id), frame, node, phase: "BLOCKED", ...counts });
  }
  return frame;
}

/** The node of a frame at its place in the document, as an edge names it. */
export function nodeAt(frame: Frame, index: number): NodeState {
  const state = frame.nodes[index];
  if (state === undefined) throw new Error(`the frame ${JSON.stringify(frame.path)} has no node at ${index}`);
  return state;
}

/** The node of a frame by its id; undefined: it has none. */
export function nodeWithId(frame: Frame, id: string): NodeState | undefined {
  const index = frame.plan.indexById.get(id);
  return index === undefined ? undefined : nodeAt(frame, index);
}

/** True for a node run that has a row and is not finished. */
export function isOpen(phase: NodePhase): phase is OpenPhase {
  return phase === "RUNNING" || phase === "WAITING" || phase === "QUEUED";
}

/** True for a node run that is finished. */
export function isDone(phase: NodePhase): phase is DonePhase {
  return phase === "COMPLETED" || phase === "SKIPPED" || phase === "FAILED" || phase === "CANCELLED";
}
