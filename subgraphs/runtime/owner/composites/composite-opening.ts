/** What a composite was executed for: it opens with what was computed; an agent that has opened ends. Pure. */
import type { NodeState } from "../../engine/frame.ts";
import type { NodeOutcome } from "../../nodes/executor.ts";
import type { OwnerOutcome } from "../mail/inbox-message.ts";

/** It is an agent that was opened: what it is executed for now is its end. */
export function isAgentsEnd({ node, drive }: NodeState): boolean {
  return node.composite?.kind === "agent" && drive !== undefined;
}

/** What an execution comes to. What a composite's opening computed is no output: it opens with it. */
export function openedBy({ node, drive }: NodeState, outcome: NodeOutcome): OwnerOutcome {
  const isOpening = node.composite !== undefined && drive === undefined;
  if (!isOpening || outcome.kind !== "completed" || !Array.isArray(outcome.outputJson)) return outcome;
  return { kind: "opened", items: outcome.outputJson };
}
