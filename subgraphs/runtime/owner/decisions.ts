/**
 * Outcomes that nobody reported and the owner decides itself: a timer that ran out, a node that killed its owners. They count only once they
 * are stored, by a flush that holds if no message says otherwise; until then they stand in `held.decided`.
 */
import { applyReopened } from "../engine/apply.ts";
import { workerCrashed } from "./execution.ts";
import type { HeldNode } from "./held-node.ts";
import type { NodeEnd } from "./outcome-rows.ts";
import type { RunLedger } from "./run-ledger.ts";

/** The node is the one that its owners died of. */
export function crashedDecide(ledger: RunLedger, held: HeldNode): void {
  decide(ledger.held, held, ledger.handled(held.state, workerCrashed));
}

/** Ends the timers that are due, and opens again the nodes whose pause is over. */
export function dueDecide({ held: nodes, graph, clock }: RunLedger): void {
  if (nodes.due.size === 0) return;
  const nowMs = clock.nowMs();
  for (const held of nodes.due) {
    if (held.dueMs !== undefined && held.dueMs > nowMs) continue;
    nodes.due.delete(held);
    if (held.waitReason === "RETRY") applyReopened(graph, held.state);
    else decide(nodes, held, { kind: "completed" });
  }
}

/** It is stored: the graph goes on from it. */
export function decisionStored(ledger: RunLedger, held: HeldNode, outcome: NodeEnd): void {
  ledger.held.decided.delete(held);
  held.decided = undefined;
  ledger.finished(held, outcome);
}

/** Its flush was refused: a time-out is decided again, after the mail. */
export function decisionRefused(ledger: RunLedger, held: HeldNode): void {
  ledger.held.decided.delete(held);
  held.decided = undefined;
  if (held.dueMs !== undefined) ledger.held.due.add(held);
  else if (held.alone === true) crashedDecide(ledger, held);
}

function decide(nodes: RunLedger["held"], held: HeldNode, outcome: NodeEnd): void {
  held.decided = outcome;
  nodes.decided.add(held);
}
