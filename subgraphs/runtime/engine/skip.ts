import { edgeDecide } from "./ready.ts";
import { nodeAt, type RunState } from "./run-state.ts";

/**
 * Skips the edges out of skipped nodes, and so on: all that only they lead to. A queue, not recursion: chains may be long.
 *
 * @returns the given nodes and those skipped with them, each behind what it follows from.
 */
export function skipsSpread(run: RunState, skipped: number[]): number[] {
  for (const source of skipped) {
    for (const { target } of nodeAt(run.plan, source).outgoing) if (edgeDecide(run, target, false)) skipped.push(target);
  }
  return skipped;
}
