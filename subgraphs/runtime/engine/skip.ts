import { nodeAt, type NodeState } from "./frame.ts";
import { edgeDecide } from "./ready.ts";
import type { RunState } from "./run-state.ts";

/**
 * Skips the edges out of skipped nodes, and so on: all that only they lead to. A queue, not recursion: chains may be long.
 *
 * @returns the given nodes and those skipped with them, each behind what it follows from.
 */
export function skipsSpread(run: RunState, skipped: NodeState[]): NodeState[] {
  for (const { frame, node } of skipped) {
    for (const edge of node.outgoing) {
      const target = nodeAt(frame, edge.target);
      if (edgeDecide(run, target, false)) skipped.push(target);
    }
  }
  return skipped;
}
