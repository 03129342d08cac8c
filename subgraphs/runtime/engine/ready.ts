import type { NodeState } from "./frame.ts";
import { phaseSet, type RunState } from "./run-state.ts";

/**
 * Decides one incoming edge of a node. The last one makes it ready (any was TAKEN) or skipped (none was); a node runs once however many
 * taken edges lead to it.
 *
 * @returns true when the node is skipped by it: then its own edges are to be skipped (skip.ts).
 */
export function edgeDecide(run: RunState, target: NodeState, isTaken: boolean): boolean {
  target.unknownEdges--;
  if (isTaken) target.takenEdges++;
  if (target.unknownEdges > 0 || target.phase !== "BLOCKED") return false;
  const isSkipped = target.takenEdges === 0;
  phaseSet(run, target, isSkipped ? "SKIPPED" : "READY");
  return isSkipped;
}
