/**
 * Builds a run again from its stored node runs: the same steps in the order in which they were done, so the same decisions.
 */
import type { Json, JsonObject } from "#shared/json.ts";
import { applyCancelled, applyCompleted, applyFailed, applyOpened, applySkipped } from "./apply.ts";
import type { CompiledPlan } from "./plan.ts";
import { isDone, startRun, type DonePhase, type OpenPhase, type RunState } from "./run-state.ts";

/** A node run as it is stored. */
export interface StoredNode {
  nodeId: string;
  status: OpenPhase | DonePhase;
  /** Number of the event of its end. */
  doneSeq: number | null;
  outputText: string | null;
  outputJson: Json;
  stateUpdates: JsonObject | undefined;
  route: string | undefined;
  errorCode: string | null;
  errorMessage: string | null;
}

/** A run again, and what its rows do not say yet. */
export interface Replayed {
  run: RunState;
  /** Nodes that the stored rows make SKIPPED and that have no row of their own yet. */
  unstoredSkips: number[];
}

/** Replays finished node runs by doneSeq, then opens the others as they stand. */
export function replay(plan: CompiledPlan, rows: readonly StoredNode[], initialNode?: string): Replayed {
  const run = startRun(plan, initialNode);
  const unstored = new Set<number>();
  const finished = rows.filter((row) => isDone(row.status)).toSorted((a, b) => (a.doneSeq ?? 0) - (b.doneSeq ?? 0));
  for (const row of finished) {
    const index = plan.indexById.get(row.nodeId);
    if (index === undefined) continue;
    for (const skipped of applyStored(run, index, row)) unstored.add(skipped);
    unstored.delete(index);
  }
  for (const row of rows) {
    const index = plan.indexById.get(row.nodeId);
    if (index !== undefined && !isDone(row.status)) applyOpened(run, index, row.status);
  }
  return { run, unstoredSkips: [...unstored] };
}

function applyStored(run: RunState, index: number, row: StoredNode): number[] {
  switch (row.status) {
    case "COMPLETED":
      return applyCompleted(run, index, row);
    case "FAILED":
      applyFailed(run, index, { code: row.errorCode ?? "INTERNAL", message: row.errorMessage ?? "" });
      return [];
    case "CANCELLED":
      applyCancelled(run, index);
      return [];
    default:
      // The skip follows from an earlier row already, unless someone outside skipped the node.
      return run.phases[index] === "SKIPPED" ? [] : applySkipped(run, index);
  }
}
