/** Why nobody waits for an answer any more, for whoever comes with a link. Pure. */
import type { NodeRun } from "../node-runs/node-run.entity.ts";
import type { Run } from "../run.entity.ts";
import { runStatusWord } from "../../queue/statuses.ts";

/** How a page is headed, and what it says. */
export interface WaitEnd {
  title: string;
  text: string;
}

/** What has become of it. `isAskedAnew`: the node waits, but not for what the link is to. */
export interface EndedWait {
  nodeRun: Pick<NodeRun, "status" | "errorCode" | "answeredBy" | "answeredAt" | "endedAt"> | null;
  run: Pick<Run, "status" | "errorCode"> | null;
  isAskedAnew: boolean;
}

const over = "No answer is needed any more";

/** One sentence for each cause. */
export function waitEnd({ nodeRun, run, isAskedAnew }: EndedWait): WaitEnd {
  if (nodeRun === null || run === null) return { title: over, text: "The run that asked this was deleted." };
  if (isAskedAnew)
    return {
      title: "This link is out of date",
      text: "This step asks anew, and this link is to an earlier question. Ask whoever sent it for a new one.",
    };
  const { answeredBy, answeredAt, endedAt } = nodeRun;
  if (answeredBy !== null)
    return { title: "Already answered", text: `This was answered by ${answeredBy}${atTime(answeredAt)}. The first answer counts.` };
  return { title: over, text: unanswered(nodeRun, run, atTime(endedAt)) };
}

function unanswered({ status, errorCode }: NonNullable<EndedWait["nodeRun"]>, run: NonNullable<EndedWait["run"]>, at: string): string {
  const runStatus = runStatusWord(run.status);
  if (status === "CANCELLED") {
    if (runStatus === "CANCELLED") return `The run that asked this was cancelled${at}.`;
    if (run.errorCode === "RUN_TIMEOUT") return `The run that asked this took longer than it may, and was ended${at}.`;
    if (errorCode === "RUN_ENDED") return `The run that asked this was ended${at}.`;
    if (runStatus === "FAILED") return `Another step of the run that asked this failed, and the run with it${at}.`;
    return `Another step failed, and this one is not needed any more${at}.`;
  }
  if (errorCode === "APPROVAL_REJECTED") return `Nobody approved in time, and the call was not made. The time for it was over${at}.`;
  if (status === "COMPLETED") return `Nobody answered in time, and the run went on without an answer${at}.`;
  if (status === "FAILED") return `The step that asked this failed${at}.`;
  return "Nobody is waiting for this answer any more.";
}

/** As people read it, to the minute. */
function atTime(date: Date | null): string {
  return date === null ? "" : ` at ${date.toISOString().replace("T", " ").slice(0, 16)} UTC`;
}
