import { runStatusNumber, type RunStatus } from "../../../../subgraphs/runtime/queue/statuses.ts";
import { waitEnd, type EndedWait } from "../../../../subgraphs/runtime/graph/waiting/wait-ended.ts";

const when = new Date("2026-11-29T13:33:20Z");
const nodeRun = (more: Partial<NonNullable<EndedWait["nodeRun"]>>): EndedWait["nodeRun"] => ({
  ...{ status: "CANCELLED", errorCode: null, answeredBy: null, answeredAt: null, endedAt: when },
  ...more,
});
const run = (status: RunStatus, errorCode: string | null = null) => ({ status: runStatusNumber(status), errorCode });
const over = "No answer is needed any more";

describe("the page of a wait that is over", () => {
  it.each<[string, Omit<EndedWait, "isAskedAnew"> & { isAskedAnew?: boolean }, string, string]>([
    [
      "an answer",
      { nodeRun: nodeRun({ status: "COMPLETED", answeredBy: "ann", answeredAt: when }), run: run("CANCELLED") },
      "Already answered",
      "This was answered by ann at 2026-11-29 13:33 UTC. The first answer counts.",
    ],
    [
      "cancelRun",
      { nodeRun: nodeRun({ errorCode: "RUN_CANCELLED" }), run: run("CANCELLED") },
      over,
      "The run that asked this was cancelled at 2026-11-29 13:33 UTC.",
    ],
    [
      "a deadline of the run",
      { nodeRun: nodeRun({ errorCode: "RUN_ENDED" }), run: run("FAILED", "RUN_TIMEOUT") },
      over,
      "The run that asked this took longer than it may, and was ended at 2026-11-29 13:33 UTC.",
    ],
    [
      "updateRunStatus",
      { nodeRun: nodeRun({ errorCode: "RUN_ENDED" }), run: run("COMPLETED") },
      over,
      "The run that asked this was ended at 2026-11-29 13:33 UTC.",
    ],
    [
      "another node",
      { nodeRun: nodeRun({ errorCode: "SIBLING_FAILED" }), run: run("FAILED", "X") },
      over,
      "Another step of the run that asked this failed, and the run with it at 2026-11-29 13:33 UTC.",
    ],
    [
      "an item around it",
      { nodeRun: nodeRun({ errorCode: "SIBLING_FAILED" }), run: run("RUNNING") },
      over,
      "Another step failed, and this one is not needed any more at 2026-11-29 13:33 UTC.",
    ],
    [
      "wait_seconds",
      { nodeRun: nodeRun({ status: "COMPLETED" }), run: run("RUNNING") },
      over,
      "Nobody answered in time, and the run went on without an answer at 2026-11-29 13:33 UTC.",
    ],
    [
      "wait_seconds of an approval",
      { nodeRun: nodeRun({ status: "FAILED", errorCode: "APPROVAL_REJECTED" }), run: run("FAILED") },
      over,
      "Nobody approved in time, and the call was not made. The time for it was over at 2026-11-29 13:33 UTC.",
    ],
    [
      "a failure",
      { nodeRun: nodeRun({ status: "FAILED", errorCode: "X" }), run: run("FAILED") },
      over,
      "The step that asked this failed at 2026-11-29 13:33 UTC.",
    ],
    ["deleteRun", { nodeRun: null, run: null }, over, "The run that asked this was deleted."],
    [
      "another wait of the node",
      { nodeRun: nodeRun({ status: "WAITING" }), run: run("WAITING"), isAskedAnew: true },
      "This link is out of date",
      "This step asks anew, and this link is to an earlier question. Ask whoever sent it for a new one.",
    ],
  ])("that was ended by %s says so", (_cause, ended, title, text) => {
    expect(waitEnd({ isAskedAnew: false, ...ended })).toEqual({ title, text });
  });
});
