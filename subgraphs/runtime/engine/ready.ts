import { phaseSet, type RunState } from "./run-state.ts";

/**
 * Decides one incoming edge of a node. The last one makes it ready (any was TAKEN) or skipped (none was); a node runs once however many
 * taken edges lead to it.
 *
 * @returns true when the node is skipped by it: then its own edges are to be skipped (skip.ts).
 */
export function edgeDecide(run: RunState, target: number, isTaken: boolean): boolean {
  const unknown = (run.unknownEdges[target] ?? 0) - 1;
  run.unknownEdges[target] = unknown;
  if (isTaken) run.takenEdges[target] = (run.takenEdges[target] ?? 0) + 1;
  if (unknown > 0 || run.phases[target] !== "BLOCKED") return false;
  const isSkipped = run.takenEdges[target] === 0;
  phaseSet(run, target, isSkipped ? "SKIPPED" : "READY");
  return isSkipped;
}
