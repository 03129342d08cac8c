import type { RunState } from "./run-state.ts";

/** The status of a run that follows from its nodes (S-31, S-32); QUEUED is the run that nobody has begun. */
export type AggregateStatus = "RUNNING" | "WAITING" | "COMPLETED" | "FAILED";

/**
 * The status of a run from the phases of its nodes: a failure counts once the last sibling has stopped, WAITING is when all that is
 * left waits, COMPLETED when everything is completed or skipped.
 */
export function runStatus(run: RunState): AggregateStatus {
  if (run.root.failure !== undefined) return run.open.size === 0 ? "FAILED" : "RUNNING";
  if (run.ready.size > 0 || run.open.size > run.waiting) return "RUNNING";
  if (run.waiting > 0) return "WAITING";
  // A run that rested so would never be woken.
  if (run.frames.size > 1) throw new Error(`nothing goes on in the frame ${[...run.frames.keys()].at(-1)}, and it has not ended`);
  return "COMPLETED";
}
