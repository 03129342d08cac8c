/** Whether a run stays in its owner's hands, and how it leaves them. Pure. */
import type { RunState } from "../engine/run-state.ts";
import { runStatus } from "../engine/status.ts";
import type { Rest } from "../queue/flush.sql.ts";
import type { RunStatus } from "../queue/statuses.ts";
import type { HeldNodes } from "./held/held-node.ts";
import type { Policy } from "./policy.ts";

/** How a run ends that was ended by a message, whatever its nodes make of it. */
export interface Ending {
  status: "COMPLETED" | "FAILED" | "CANCELLED";
  code?: string;
  message?: string;
  reason?: string | null;
}

/** How things stand with a run. */
export interface Standing {
  graph: RunState;
  held: Pick<HeldNodes, "get">;
  ending: Ending | undefined;
  policy: Policy;
  isManual: boolean;
  /** Something of it executes here, is decided but not stored, or goes on in its next turn. */
  isBusy: boolean;
  /** Nothing of it starts here any more: the process stops, or was to take it only so far. */
  isLeaving: boolean;
  /** A MANUAL run was set to RUNNING: so it stays until one of its node runs changes. */
  isRunningOutside: boolean;
  /** When its time is over, by the database's clock in milliseconds, where its document says so. */
  deadlineMs: number | undefined;
}

/** The end of a run whose time is over. */
export function overdueEnd(timeoutMs: number): Ending {
  const message = `The run did not finish within ${timeoutMs / 1000} s, the timeout_seconds of its document.`;
  return { status: "FAILED", code: "RUN_TIMEOUT", message };
}

/** The end that the ownership comes to, as things stand; keep: none yet. */
export function restOf(standing: Standing): Rest {
  const { graph, ending, policy, isManual, isBusy, isLeaving } = standing;
  if (ending !== undefined) return "end";
  if (isBusy) return "keep";
  const status = runStatus(graph);
  if (status === "FAILED" || status === "COMPLETED" || graph.root.failure !== undefined) return "end";
  if (isManual) return "wait";
  if (graph.ready.size === 0) return isLeaving && hasStopped(standing) ? "requeue" : "wait";
  return isLeaving || policy.kind !== "worker" ? "requeue" : "keep";
}

/** Whether a node was begun and stopped, or never called, because the run leaves this process: the next owner begins it again. */
function hasStopped({ graph, held }: Standing): boolean {
  return [...graph.open].some(({ phase, path }) => phase === "RUNNING" && held.get(path)?.waitReason !== "EXTERNAL");
}

/** The status that a run is stored with when it comes to `rest`. `now`: what it has. */
export function statusAtRest(standing: Standing, rest: Rest, now: RunStatus): RunStatus {
  const { graph, ending, policy } = standing;
  if (rest === "keep") return now;
  if (ending !== undefined) return ending.status;
  // The flush that ends it cancels what is open.
  if (rest === "end") return graph.root.failure === undefined ? "COMPLETED" : "FAILED";
  if (standing.isRunningOutside) return "RUNNING";
  // Given back by a worker that stops it is still under way; left by an owner for a few steps it is queued again.
  if (rest === "requeue" && policy.kind === "worker") return now;
  return graph.ready.size > 0 && graph.open.size === graph.waiting ? "QUEUED" : runStatus(graph);
}

/** The end of nodes that are open when their run ends. */
export function openNodesEnd({ graph, ending }: Standing): { kind: "cancelled"; code: string; message: string } {
  if (ending?.status === "CANCELLED") return { kind: "cancelled", code: "RUN_CANCELLED", message: "The run was cancelled." };
  if (ending !== undefined) return { kind: "cancelled", code: "RUN_ENDED", message: `The run ended as ${ending.status}.` };
  return { kind: "cancelled", code: "SIBLING_FAILED", message: `The node ${graph.root.failure?.nodeId ?? ""} failed.` };
}
