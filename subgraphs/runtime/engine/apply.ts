/**
 * The changes that the outcome of a node makes. Each function is one step of the run's story; applied in the same order they give the same
 * run, whoever applies them. Applying to a node that is finished is a bug of the caller and throws.
 */
import type { Json, JsonObject } from "#shared/json.ts";
import { driveForget, driveOn, driveOpen, frameEnded, frameSettle, openBeneath } from "./drive.ts";
import { isDone, nodeAt, type Frame, type FrameResult, type NodeState, type Opened, type OpenPhase } from "./frame.ts";
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

/** A node has a row now: offered, started, or waiting. */
export function applyOpened(run: RunState, state: NodeState, phase: OpenPhase): void {
  refuseDone(state);
  phaseSet(run, state, phase);
}

/** A composite node opens, and goes on in its frames. */
export function applyDriven(run: RunState, state: NodeState, opened: Opened): void {
  refuseDone(state);
  driveOpen(run, state, opened);
}

/** An open node is to be started again: after a crash, or when its retry is due. */
export function applyReopened(run: RunState, state: NodeState): void {
  refuseDone(state);
  phaseSet(run, state, "READY");
}

/** @returns the nodes that are skipped by it; what became ready stands in `run.ready`. */
export function applyCompleted(run: RunState, state: NodeState, completion: Completion): NodeState[] {
  ended(run, state, "COMPLETED");
  const output = { output: completion.outputJson, text: completion.outputText };
  if (state.ends !== undefined) {
    frameEnded(run, state.ends, { hasFailed: false, output });
    return [];
  }
  ownPropertySet(state.frame.outputs, state.node.id, output);
  if (completion.stateUpdates !== undefined) run.state = { ...run.state, ...completion.stateUpdates };
  const skipped = edgesDecide(run, state, completion.route);
  settle(run, state.frame);
  return skipped;
}

function ended(run: RunState, state: NodeState, phase: "COMPLETED" | "FAILED" | "CANCELLED" | "SKIPPED"): void {
  refuseDone(state);
  if (state.drive !== undefined) driveForget(run, state);
  phaseSet(run, state, phase);
  run.failing.delete(state);
}

/** The frame may be at its end by it; or the last of a scope that has failed has stopped. */
function settle(run: RunState, frame: Frame): void {
  frameSettle(run, frame);
  if (run.failing.size === 0) return;
  for (let within: Frame | undefined = frame; within !== undefined; within = within.owner?.frame) {
    frameSettle(run, within);
    const { owner } = within;
    if (owner?.drive?.failure !== undefined && openBeneath(owner.drive) === 0) driveOn(run, owner);
  }
}

/** S-34: where a node has a route, only edges whose condition equals it are taken; without one all are. */
function edgesDecide(run: RunState, state: NodeState, route: string | undefined): NodeState[] {
  const skipped: NodeState[] = [];
  for (const edge of state.node.outgoing) {
    const isTaken = route === undefined || edge.condition === route;
    if (isTaken) state.takenOutgoing++;
    const target = nodeAt(state.frame, edge.target);
    if (edgeDecide(run, target, isTaken)) skipped.push(target);
  }
  return skipsSpread(run, skipped);
}

const noResult: FrameResult = { hasFailed: true, output: { output: null, text: null } };

/** Nothing of its frame starts any more; the frame has failed when the last open node has stopped. */
export function applyFailed(run: RunState, state: NodeState, failure: { code: string; message: string }): void {
  ended(run, state, "FAILED");
  if (state.ends !== undefined) {
    const message = `Item ${state.ends.ordinal}: ${failure.message}`;
    return frameEnded(run, state.ends, noResult, { nodeId: state.node.id, code: failure.code, message });
  }
  const { frame } = state;
  frame.failure ??= { nodeId: state.node.id, ...failure };
  if (frame.end !== undefined) run.failing.add(frame.end);
  settle(run, frame);
}

/** A node was stopped because its run, or what it is part of, ends without it. */
export function applyCancelled(run: RunState, state: NodeState): void {
  ended(run, state, "CANCELLED");
  if (state.ends !== undefined) return frameEnded(run, state.ends, noResult);
  settle(run, state.frame);
}

/** Someone outside skipped a node. @returns it and the nodes that are skipped by it. */
export function applySkipped(run: RunState, state: NodeState): NodeState[] {
  ended(run, state, "SKIPPED");
  const skipped = skipsSpread(run, [state]);
  settle(run, state.frame);
  return skipped;
}

function refuseDone({ path, phase }: NodeState): void {
  if (isDone(phase)) throw new Error(`the node run ${path} is ${phase} and does not change`);
}

/** A node may be called __proto__. */
function ownPropertySet<T>(target: Record<string, T>, key: string, value: T): void {
  if (key === "__proto__") Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
