/**
 * The changes that the outcome of a node makes. Each function is one step of the run's story; applied in the same order they give the same
 * run, whoever applies them. Applying to a node that is finished is a bug of the caller and throws.
 */
import type { Json, JsonObject } from "#shared/json.ts";
import { crashCode } from "./handling.ts";
import { isDone, nodeAt, type NodeOutput, type NodeState, type OpenPhase } from "./frame.ts";
import { errorRoute } from "./on-error.ts";
import type { CompiledEdge, CompiledNode } from "./plan.ts";
import { edgeDecide } from "./ready.ts";
import { phaseSet, type RunState } from "./run-state.ts";
import { skipsSpread } from "./skip.ts";

/** The end of a node that completed. */
export interface Completion {
  outputText: string | null;
  outputJson: Json;
  stateUpdates: JsonObject | undefined;
  route: string | undefined;
}

/** The end of a node that failed. */
export interface FailedEnd {
  code: string;
  message: string;
  /** Given: its node handles it (handling.ts), and these are its outputs. */
  route?: string | undefined;
  outputText?: string | null;
  outputJson?: Json;
}

/** A node has a row now: offered, started, or waiting. */
export function applyOpened(run: RunState, state: NodeState, phase: OpenPhase): void {
  refuseDone(state);
  phaseSet(run, state, phase);
}

/** An open node is to be started again: after a crash, or when its retry is due. */
export function applyReopened(run: RunState, state: NodeState): void {
  refuseDone(state);
  phaseSet(run, state, "READY");
}

/** @returns the nodes that are skipped by it; what became ready stands in `run.ready`. */
export function applyCompleted(run: RunState, state: NodeState, completion: Completion): NodeState[] {
  refuseDone(state);
  phaseSet(run, state, "COMPLETED");
  outputSet(state, { output: completion.outputJson, text: completion.outputText });
  if (completion.stateUpdates !== undefined) run.state = { ...run.state, ...completion.stateUpdates };
  return edgesDecide(run, state, completion.route);
}

/** S-34: where a node has a route, only edges whose condition equals it are taken; without one all are, but for those of its failure. */
function edgesDecide(run: RunState, state: NodeState, route: string | undefined): NodeState[] {
  const skipped: NodeState[] = [];
  for (const edge of state.node.outgoing) {
    const isTaken = takes(state.node, edge, route);
    if (isTaken) state.takenOutgoing++;
    const target = nodeAt(state.frame, edge.target);
    if (edgeDecide(run, target, isTaken)) skipped.push(target);
  }
  return skipsSpread(run, skipped);
}

function takes({ onError }: CompiledNode, { condition }: CompiledEdge, route: string | undefined): boolean {
  if (onError.kind === "branch" && condition === errorRoute) return route === errorRoute;
  return route === undefined || condition === route;
}

/**
 * Where its node handles the failure, the frame goes on from it. Else nothing of the frame starts any more, and it has failed when the last open node has
 * stopped.
 *
 * @returns the nodes that are skipped by it.
 */
export function applyFailed(run: RunState, state: NodeState, end: FailedEnd): NodeState[] {
  refuseDone(state);
  phaseSet(run, state, "FAILED");
  const { code, message, route, outputText = null, outputJson = null } = end;
  if (code === crashCode) run.crashedNodes++;
  if (route === undefined) {
    state.frame.failure ??= { nodeId: state.node.id, code, message };
    return [];
  }
  outputSet(state, { output: outputJson, text: outputText, error: { code, message } });
  const { onError } = state.node;
  return edgesDecide(run, state, onError.kind === "default" ? onError.route : errorRoute);
}

/** A node was stopped because the run ends without it. */
export function applyCancelled(run: RunState, state: NodeState): void {
  refuseDone(state);
  phaseSet(run, state, "CANCELLED");
}

/** Someone outside skipped a node. @returns it and the nodes that are skipped by it. */
export function applySkipped(run: RunState, state: NodeState): NodeState[] {
  refuseDone(state);
  phaseSet(run, state, "SKIPPED");
  return skipsSpread(run, [state]);
}

function refuseDone({ path, phase }: NodeState): void {
  if (isDone(phase)) throw new Error(`the node run ${path} is ${phase} and does not change`);
}

/** A node may be called __proto__. */
function outputSet({ frame: { outputs }, node: { id } }: NodeState, value: NodeOutput): void {
  if (id === "__proto__") Object.defineProperty(outputs, id, { value, enumerable: true, configurable: true, writable: true });
  else outputs[id] = value;
}
