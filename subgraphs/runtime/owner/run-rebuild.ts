import { replay, type StoredNode } from "../engine/replay.ts";
import type { CompiledPlan } from "../engine/plan.ts";
import type { RunState } from "../engine/run-state.ts";
import type { LoadedNode, LoadedRun } from "../queue/load.sql.ts";
import { nodeRunStatusWord } from "../queue/statuses.ts";
import type { NodeRecord } from "./node-rows.ts";

/** A node run that is open, or open again. */
export interface OpenNode extends NodeRecord {
  dueMs?: number | undefined;
  waitReason?: string | undefined;
  alone?: boolean | undefined;
}

/** A loaded run in the engine's terms. */
export interface Rebuilt {
  graph: RunState;
  /** Node runs that have a row and are not finished. */
  open: Map<number, OpenNode>;
  unstoredSkips: number[];
}

/** Replays what is stored of a run. Nodes that the plan does not know are ignored. */
export function replayLoaded(plan: CompiledPlan, loaded: LoadedRun): Rebuilt {
  const { run, unstoredSkips } = replay(plan, loaded.nodes.map(storedNode), loaded.initialNode ?? undefined);
  // What assigners wrote follows from the rows, but for a state that the run was forked with.
  run.state = { ...loaded.state, ...run.state };
  const open = new Map<number, OpenNode>();
  for (const node of loaded.nodes) {
    const index = plan.indexById.get(node.nodeId);
    if (index !== undefined && run.open.has(index)) open.set(index, openNode(node, plan.nodes[index]?.type ?? ""));
  }
  return { graph: run, open, unstoredSkips };
}

/** A stored node run as the engine replays it. */
export function storedNode(node: LoadedNode): StoredNode {
  return {
    nodeId: node.nodeId,
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

function openNode(node: LoadedNode, nodeType: string): OpenNode {
  return {
    path: node.path,
    nodeId: node.nodeId,
    nodeType,
    attempt: node.attempt,
    seq: node.seq,
    createdMs: node.createdMs,
    startedMs: node.startedMs ?? undefined,
    dueMs: node.dueMs ?? undefined,
    waitReason: node.waitReason ?? undefined,
    alone: node.alone,
  };
}
