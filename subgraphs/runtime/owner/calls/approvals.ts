/** What comes of a person's decision about a call. Pure. */
import type { Approval, NodeOutcome } from "../../nodes/executor.ts";

/** What a node run waits for that was approved of and has not started: nobody's answer any more. */
export const approvedReason = "APPROVED";

/** The code of a call that was not made because a person rejected it, or nobody approved of it in time. */
export const rejectedCode = "APPROVAL_REJECTED";

type Failed = Extract<NodeOutcome, { kind: "failed" }>;

/** The failure of a call that was rejected; `on_error` handles it as any other. That of an agent's call says which one it was. */
export function rejected({ reason, by, call }: Approval): Failed {
  const who = by === undefined ? "A person" : by;
  const message = `${who} rejected the call${reason === undefined || reason === "" ? "" : `: ${reason}`}. It was not made.`;
  const output = call === undefined ? {} : { outputJson: { name: call.name, arguments: call.arguments } };
  return { kind: "failed", code: rejectedCode, message, retryable: false, ...output };
}

/** The failure of a call of which nobody decided in time. */
export const approvalOverdue: Failed = {
  kind: "failed",
  code: rejectedCode,
  message: "Nobody approved of the call in its wait_seconds. It was not made.",
  retryable: false,
};
