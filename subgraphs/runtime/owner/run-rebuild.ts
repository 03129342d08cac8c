import { replay, type StoredNode } from "../engine/replay.ts";
import type { CompiledPlan } from "../engine/plan.ts";
import type { NodeState } from "../engine/frame.ts";
import { nodeAtPath, type RunState } from "../engine/run-state.ts";
import type { LoadedNode, LoadedRun } from "../queue/load.sql.ts";
import { nodeRunStatusWord } from "../queue/statuses.ts";
import { newHeldNode, type HeldNode } from "./held-node.ts";

/** A loaded run in the engine's terms. */
export interface Rebuilt {
  graph: RunState;
  /** Node runs that have a row and are not finished. */
  open: HeldNode[];
  unstoredSkips: NodeState[];
}

/** Replays the rows of a run. @throws for a row that is none of its plan. */
export function replayLoaded(plan: CompiledPlan, loaded: LoadedRun): Rebuilt {
  const { run, unstoredSkips } = replay(plan, loaded.nodes.map(storedNode), loaded.initialNode ?? undefined);
  // The state follows from the rows, but for one that the run was forked with.
  run.state = { ...loaded.state, ...run.state };
  const open = loaded.nodes.flatMap((row) => {
    const state = nodeAtPath(run, row.path);
    return state !== undefined && run.open.has(state) ? [openNode(row, state)] : [];
  });
  return { graph: run, open, unstoredSkips };
}

function storedNode(node: LoadedNode): StoredNode {
  return {
    path: node.path,
    status: nodeRunStatusWord(node.status),
    doneSeq: node.doneSeq,
    outputText: node.outputText,
    outputJson: node.outputJson,
    stateUpdates: node.stateUpdates ?? undefined,
    route: node.route ?? undefined,
    errorCode: node.errorCode,
    errorMessage: node.errorMessage,
  };
}

function openNode(row: LoadedNode, state: NodeState): HeldNode {
  return Object.assign(newHeldNode(state, row.createdMs), {
    attempt: row.attempt,
    seq: row.seq,
    startedMs: row.startedMs ?? undefined,
    dueMs: row.dueMs ?? undefined,
    waitReason: row.waitReason ?? undefined,
    alone: row.alone,
    effectKey: row.effectKey ?? undefined,
  });
}
