import { applyReopened } from "../../engine/apply.ts";
import { approvedReason } from "../calls/approvals.ts";
import type { TakenEnd } from "../calls/attempt-end.ts";
import { crashedDecide } from "../decisions.ts";
import type { HeldNode } from "../held/held-node.ts";
import type { OwnerOutcome } from "../mail/inbox-message.ts";
import type { Policy } from "../policy.ts";
import type { RunLedger } from "../run-ledger.ts";

/** How an owner takes a run. */
export interface Takeover {
  /** How far it takes it. */
  policy: Policy;
  workerKey: string;
  /** Ends of attempts that happened in this very process and could not be stored together. */
  retold?: readonly TakenEnd[];
  /** Paths of the nodes that this owner has executed before. */
  executed?: readonly string[];
}

/** A run that was taken over, and how many of its owners have died. */
export interface TakenRun {
  ledger: RunLedger;
  crashes: number;
  /** From so many on a node that was executed alone is what they died of. */
  maxCrashes: number;
  /** An attempt has come to an end. */
  outcome(held: HeldNode, outcome: OwnerOutcome): void;
}

/** A call that a dead owner had begun is begun again, unless it must not be, or is what killed it. */
export function startedReopen({ ledger, crashes, maxCrashes, outcome }: TakenRun): void {
  for (const held of ledger.held.values()) {
    const { state } = held;
    if (state.phase === "WAITING" && held.waitReason === approvedReason) applyReopened(ledger.graph, state);
    if (state.phase !== "RUNNING" || held.waitReason === "EXTERNAL") continue;
    if (held.alone === true && crashes >= maxCrashes) crashedDecide(ledger, held);
    else if (state.node.atMostOnce) outcome(held, { kind: "waiting", reason: "OUTCOME_UNKNOWN" });
    else applyReopened(ledger.graph, state);
  }
}
