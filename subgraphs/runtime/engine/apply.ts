/**
 * What the outcome of a node changes. Each function is one step of the run's story; applied in the same order they give the same
 * run, whoever applies them. Applying to a node that is finished is a bug of the caller and throws.
 */
import type { Json, JsonObject } from "#shared/json.ts";
import { edgeDecide } from "./ready.ts";
import { isDone, nodeAt, phaseSet, type OpenPhase, type RunState } from "./run-state.ts";
import { skipsSpread } from "./skip.ts";

/** What a node completed with. */
export interface Completion {
  outputText: string | null;
  outputJson: Json;
  stateUpdates: JsonObject | undefined;
  route: string | undefined;
}

/** A node has a row now: offered, started, or waiting. */
export function applyOpened(run: RunState, index: number, phase: OpenPhase): void {
  refuseDone(run, index);
  phaseSet(run, index, phase);
}

/** An open node is to be started again: after a crash, or when its retry is due. */
export function applyReopened(run: RunState, index: number): void {
  refuseDone(run, index);
  phaseSet(run, index, "READY");
}

/** @returns the nodes that are skipped by it; what became ready stands in `run.ready`. */
export function applyCompleted(run: RunState, index: number, completion: Completion): number[] {
  refuseDone(run, index);
  phaseSet(run, index, "COMPLETED");
  ownPropertySet(run.outputs, nodeAt(run.plan, index).id, { output: completion.outputJson, text: completion.outputText });
  if (completion.stateUpdates !== undefined) run.state = { ...run.state, ...completion.stateUpdates };
  return edgesDecide(run, index, completion.route);
}

/** S-34: where a node has a route, only edges whose condition equals it are taken; without one all are. */
function edgesDecide(run: RunState, index: number, route: string | undefined): number[] {
  const skipped: number[] = [];
  for (const edge of nodeAt(run.plan, index).outgoing) {
    const isTaken = route === undefined || edge.condition === route;
    if (isTaken) run.takenOutgoing[index] = (run.takenOutgoing[index] ?? 0) + 1;
    if (edgeDecide(run, edge.target, isTaken)) skipped.push(edge.target);
  }
  return skipsSpread(run, skipped);
}

/** Nothing starts any more; the run is FAILED when the last open node has stopped. */
export function applyFailed(run: RunState, index: number, failure: { code: string; message: string }): void {
  refuseDone(run, index);
  phaseSet(run, index, "FAILED");
  run.failure ??= { nodeId: nodeAt(run.plan, index).id, ...failure };
}

/** A node was stopped because the run ends without it. */
export function applyCancelled(run: RunState, index: number): void {
  refuseDone(run, index);
  phaseSet(run, index, "CANCELLED");
}

/** Someone outside skipped a node. @returns it and the nodes that are skipped by it. */
export function applySkipped(run: RunState, index: number): number[] {
  refuseDone(run, index);
  phaseSet(run, index, "SKIPPED");
  return skipsSpread(run, [index]);
}

function refuseDone(run: RunState, index: number): void {
  const phase = run.phases[index];
  if (phase === undefined || isDone(phase)) throw new Error(`node ${nodeAt(run.plan, index).id} is ${phase} and does not change`);
}

/** A node may be called __proto__. */
function ownPropertySet<T>(target: Record<string, T>, key: string, value: T): void {
  if (key === "__proto__") Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
