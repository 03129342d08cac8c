import { replay, type StoredNode } from "../../engine/replay.ts";
import type { CompiledPlan } from "../../engine/plan.ts";
import { isJsonObject } from "#shared/json.ts";
import type { NodeState, Opened } from "../../engine/frame.ts";
import { framePathOf } from "../../engine/path.ts";
import { nodeAtPath, type RunState } from "../../engine/run-state.ts";
import type { LoadedNode, LoadedRun } from "../../queue/load.sql.ts";
import { faultOf, nodeRunStatusWord } from "../../queue/statuses.ts";
import { approvalOf } from "../mail/inbox-message.ts";
import { newHeldNode, type HeldNode } from "../held/held-node.ts";
import { openedOf } from "../composites/opened-items.ts";

/** A loaded run in the engine's terms. */
export interface Rebuilt {
  graph: RunState;
  /** Node runs that have a row and are not finished. */
  open: HeldNode[];
  /** Ends of the frames that are open; they have no rows yet. */
  frames: HeldNode[];
  unstoredSkips: NodeState[];
}

/** Replays the rows of a run. @throws for a row that is none of its plan. */
export function replayLoaded(plan: CompiledPlan, loaded: LoadedRun, nowMs: number): Rebuilt {
  const { run, unstoredSkips } = replay(plan, loaded.nodes.map(storedNode), loaded.initialNode ?? undefined);
  // Each flush stores it with the rows that it follows from, and a fork takes it over; those of items that have ended are not here to say it.
  run.state = loaded.state;
  run.crashedNodes = loaded.crashedNodes;
  const open = loaded.nodes.flatMap((row) => {
    const state = nodeAtPath(run, row.path);
    return state !== undefined && (run.open.has(state) || state.drive !== undefined) ? [openNode(row, state)] : [];
  });
  const frames = [...run.frames.values()].flatMap(({ end }) => (end?.ends === undefined ? [] : [openFrame(end, loaded.nodes, nowMs)]));
  run.opened.length = 0;
  return { graph: run, open, frames, unstoredSkips };
}

/** A frame began with the first of its nodes. */
function openFrame(end: NodeState, rows: readonly LoadedNode[], nowMs: number): HeldNode {
  const began = rows.flatMap(({ path, startedMs }) => (startedMs !== null && framePathOf(path) === end.path ? [startedMs] : []));
  const startedMs = Math.min(nowMs, ...began);
  return Object.assign(newHeldNode(end, startedMs), { startedMs });
}

/** What assigners have written stands over what a composite opened with. */
function openedRow({ nodeType, written }: LoadedNode, opened: Opened): Pick<StoredNode, "opened" | "values"> {
  if (written === null) return { opened };
  const start = nodeType === "loop" ? opened.items?.[0] : undefined;
  return { opened, values: { ...(isJsonObject(start) && start), ...written } };
}

function storedNode(node: LoadedNode): StoredNode {
  return {
    path: node.path,
    status: nodeRunStatusWord(node.status),
    seq: node.seq,
    doneSeq: node.doneSeq,
    ...(node.opened !== null && openedRow(node, openedOf(node.opened, node.chunks))),
    ended: node.ended,
    outputText: node.outputText,
    outputJson: node.outputJson,
    stateUpdates: undefined,
    route: node.route ?? undefined,
    errorCode: node.errorCode,
    fault: faultOf(node.fault),
    usage: node.failedUsage ?? undefined,
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
    ownFaults: row.ownFaults ?? undefined,
    approval: approvalOf(row.approval),
    childRunId: row.childRunId ?? undefined,
    progressEnds: row.progress === null ? 0 : row.progress.next - row.progress.open.length,
  });
}
