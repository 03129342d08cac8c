/**
 * Builds a run again from its stored node runs: the same steps in the order in which they were done, so the same decisions.
 */
import type { Json, JsonObject } from "#shared/json.ts";
import { applyCancelled, applyCompleted, applyFailed, applyOpened, applySkipped } from "./apply.ts";
import { isDone, type DonePhase, type NodeState, type OpenPhase } from "./frame.ts";
import type { CompiledPlan } from "./plan.ts";
import { nodeAtPath, startRun, type RunState } from "./run-state.ts";

/** A node run as it is stored. */
export interface StoredNode {
  path: string;
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

/** A run again, and the skips that its rows do not say yet. */
export interface Replayed {
  run: RunState;
  /** Nodes that the stored rows make SKIPPED and that have no row of their own yet. */
  unstoredSkips: NodeState[];
}

/**
 * Replays finished node runs by doneSeq, then opens the others as they stand.
 *
 * @throws for a row that stands at no node of the plan: whatever it says would be lost without a word.
 */
export function replay(plan: CompiledPlan, rows: readonly StoredNode[], initialNode?: string): Replayed {
  const run = startRun(plan, initialNode);
  const unstored = new Set<NodeState>();
  const finished = rows.filter((row) => isDone(row.status)).toSorted((a, b) => (a.doneSeq ?? 0) - (b.doneSeq ?? 0));
  for (const row of finished) {
    const state = nodeOf(run, row);
    for (const skipped of applyStored(run, state, row)) unstored.add(skipped);
    unstored.delete(state);
  }
  for (const row of rows) if (!isDone(row.status)) applyOpened(run, nodeOf(run, row), row.status);
  return { run, unstoredSkips: [...unstored] };
}

function nodeOf(run: RunState, { path }: StoredNode): NodeState {
  const state = nodeAtPath(run, path);
  if (state === undefined) throw new Error(`the stored node run ${path} is none of its plan`);
  return state;
}

function applyStored(run: RunState, state: NodeState, row: StoredNode): NodeState[] {
  switch (row.status) {
    case "COMPLETED":
      return applyCompleted(run, state, row);
    case "FAILED":
      return applyFailed(run, state, { ...row, code: row.errorCode ?? "INTERNAL", message: row.errorMessage ?? "" });
    case "CANCELLED":
      applyCancelled(run, state);
      return [];
    default:
      // The skip follows from an earlier row already, unless someone outside skipped the node.
      return state.phase === "SKIPPED" ? [] : applySkipped(run, state);
  }
}
