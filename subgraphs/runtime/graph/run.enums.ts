import { registerEnumType } from "type-graphql";
import { nodeRunStatuses, runStatuses, spanStatuses } from "../queue/statuses.ts";

/** Words as an enum of the graph: each name is its own value. */
function enumOf<Word extends string>(words: readonly Word[]): { readonly [W in Word]: W } {
  return Object.fromEntries(words.map((word) => [word, word])) as { [W in Word]: W };
}

/** What a run executes. */
export const runKinds = ["WORKFLOW", "AGENT", "TEAM", "SKILL"] as const;
export type RunKind = (typeof runKinds)[number];

/** Who advances a run. */
export const runExecutions = ["WORKERS", "MANUAL"] as const;
export type RunExecution = (typeof runExecutions)[number];

/** Why executing a run stopped. */
export const stopReasons = ["FINISHED", "WAITING", "MAX_STEPS"] as const;
export type StopReason = (typeof stopReasons)[number];

/** What a person may decide of a call. */
export const approvalDecisions = ["APPROVE", "REJECT"] as const;
export type ApprovalDecision = (typeof approvalDecisions)[number];

/** For what an answer may be waited. */
export const waitReasons = ["PERSON", "APPROVAL", "CALLBACK", "OUTCOME_UNKNOWN"] as const;
export type WaitReason = (typeof waitReasons)[number];

export const ApprovalDecisionEnum = enumOf(approvalDecisions);
registerEnumType(ApprovalDecisionEnum, {
  name: "ApprovalDecision",
  description: "What a person decides of a call.",
  valuesConfig: {
    APPROVE: { description: "It is made, with the arguments as they were asked, or as the answer changes them." },
    REJECT: { description: "It is not made: the node fails with APPROVAL_REJECTED, which its on_error may handle." },
  },
});

export const WaitReasonEnum = enumOf(waitReasons);
registerEnumType(WaitReasonEnum, {
  name: "WaitReason",
  description: "For what a node run may wait that somebody outside can answer.",
  valuesConfig: {
    PERSON: { description: "A person is to fill in a form, or take an action." },
    APPROVAL: { description: "A person is to approve of a call." },
    CALLBACK: { description: "A machine is to call a URL." },
    OUTCOME_UNKNOWN: { description: "Nobody knows whether an at_most_once call took effect; a person is to find out." },
  },
});

export const RunStatusEnum = enumOf(runStatuses);
registerEnumType(RunStatusEnum, {
  name: "RunStatus",
  description: "Where a run stands. A run that is COMPLETED, FAILED or CANCELLED has finished and never changes.",
  valuesConfig: {
    QUEUED: { description: "Nobody has begun it, or its next nodes are queued and nobody owns it." },
    RUNNING: { description: "A node runs or may run." },
    WAITING: { description: "All that is left waits: for a person, a callback, a timer, or the pause before another attempt." },
    COMPLETED: {
      description: "Every node is completed or skipped, or failed with an error that was handled: Run.handledErrors says how many.",
    },
    FAILED: {
      description:
        "A node failed, nothing handled it, and its siblings have stopped; or the run took longer than its document's timeout_seconds.",
    },
    CANCELLED: { description: "It was cancelled." },
  },
});

export const NodeRunStatusEnum = enumOf(nodeRunStatuses);
registerEnumType(NodeRunStatusEnum, {
  name: "NodeRunStatus",
  description: "Where a node run stands. One that is COMPLETED, FAILED, SKIPPED or CANCELLED has finished and never changes.",
  valuesConfig: {
    QUEUED: { description: "May start; nobody has started it." },
    RUNNING: { description: "Somebody executes it." },
    WAITING: { description: "Waits for what waitReason says." },
    COMPLETED: { description: "Done, with its output." },
    FAILED: { description: "Done without success; errorCode says why. Where its on_error handles it, the run goes on." },
    SKIPPED: { description: "No taken edge leads to it." },
    CANCELLED: { description: "Stopped; errorCode says why: RUN_CANCELLED, SIBLING_FAILED or RUN_ENDED." },
  },
});

export const SpanStatusEnum = enumOf(spanStatuses);
registerEnumType(SpanStatusEnum, {
  name: "SpanStatus",
  description: "How it went.",
  valuesConfig: {
    OK: { description: "It went well." },
    ERROR: { description: "It failed, or was stopped." },
    UNSET: { description: "It goes on." },
  },
});

export const RunKindEnum = enumOf(runKinds);
registerEnumType(RunKindEnum, {
  name: "RunKind",
  description: "What a run executes.",
  valuesConfig: {
    WORKFLOW: { description: "A version of a workflow." },
    AGENT: { description: "A version of an agent." },
    TEAM: { description: "A version of a team." },
    SKILL: { description: "Not available yet." },
  },
});

export const RunExecutionEnum = enumOf(runExecutions);
registerEnumType(RunExecutionEnum, {
  name: "RunExecution",
  description: "Who advances a run.",
  valuesConfig: {
    WORKERS: { description: "Any worker takes it; while one owns it the execute… mutations are refused with CONFLICT, RUN_OWNED." },
    MANUAL: { description: "Only the execute… mutations and executors outside the platform advance it." },
  },
});

export const StopReasonEnum = enumOf(stopReasons);
registerEnumType(StopReasonEnum, {
  name: "StopReason",
  description: "Why executing a run stopped.",
  valuesConfig: {
    FINISHED: { description: "The run has finished." },
    WAITING: { description: "All that is left waits." },
    MAX_STEPS: { description: "maxSteps nodes have run; the run is QUEUED and can be executed on." },
  },
});
