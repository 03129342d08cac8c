/**
 * Outcomes that nobody reported and the owner decides itself: a timer that ran out, a node that killed its owners, one in a frame that failed. They count only once they
 * are stored, by a flush that holds if no message says otherwise; until then they stand in `held.decided`.
 */
import { nodeSpecs, timeoutRoute } from "#shared/dsl/node-specs.ts";
import { canonicalNodeType } from "#shared/dsl/node-types.ts";
import { applyReopened } from "../engine/apply.ts";
import { isAgentDone } from "../engine/drive.ts";
import { isStopped } from "../engine/frame.ts";
import { retryDelayMs } from "../engine/retry.ts";
import type { NodeOutcome } from "../nodes/executor.ts";
import { approvalOverdue } from "./calls/approvals.ts";
import { childOverdue, childReason } from "./composites/child-runs.ts";
import { workerCrashed } from "./calls/execution.ts";
import type { HeldNode } from "./held/held-node.ts";
import type { Decision, NodeEnd } from "./flush/outcome-rows.ts";
import type { RunLedger } from "./run-ledger.ts";

/** The node is the one that its owners died of. */
export function crashedDecide(ledger: RunLedger, held: HeldNode): void {
  decide(ledger.held, held, ledger.handled(held.state, workerCrashed));
}

/** Ends the timers that are due, and opens again the nodes whose pause is over. */
export function dueDecide(ledger: RunLedger): void {
  const { held: nodes, graph, clock } = ledger;
  if (nodes.due.size === 0) return;
  const nowMs = clock.nowMs();
  for (const held of nodes.due) {
    if (held.dueMs !== undefined && held.dueMs > nowMs) continue;
    nodes.due.delete(held);
    if (held.waitReason === "RETRY") applyReopened(graph, held.state);
    else if (held.waitReason === childReason) decide(nodes, held, childDecision(ledger, held));
    else decide(nodes, held, waitEnd(ledger, held));
  }
}

/** A run has taken longer than its node gives it: another is made, where the node is tried again, or the node fails. */
function childDecision(ledger: RunLedger, { state, attempt, ownFaults = 0, childRunId }: HeldNode): Decision {
  const failure = childOverdue(state, childRunId);
  const { code, message } = failure;
  const mayGoOn = ledger.graph.root.failure === undefined && !isStopped(state);
  const delayMs = mayGoOn ? retryDelayMs(state.node.retry, { attempt: attempt - ownFaults, retryable: true }, Math.random()) : undefined;
  return delayMs === undefined ? ledger.handled(state, failure) : { kind: "again", code, message, delayMs };
}

/** How a wait ends that nobody has answered. */
function waitEnd(ledger: RunLedger, { state, waitReason }: HeldNode): NodeEnd {
  if (waitReason === "APPROVAL") return ledger.handled(state, approvalOverdue);
  const { node } = state;
  const type = canonicalNodeType(node.type);
  const hasRoute = type !== undefined && nodeSpecs[type].routes(node.config).includes(timeoutRoute);
  return hasRoute ? { kind: "completed", route: timeoutRoute, outputJson: { action: timeoutRoute } } : { kind: "completed" };
}

/** What is open in a frame or composite that has failed is stopped; what has stopped is cancelled, and then the scope ends. */
export function failedStop(ledger: RunLedger): void {
  const { graph, held: nodes } = ledger;
  if (graph.failing.size === 0) return;
  for (const state of graph.open) {
    const held = nodes.get(state.path);
    if (held === undefined || held.decided !== undefined || !isStopped(state)) continue;
    if (nodes.calling.has(held)) held.execution?.stop("sibling-failed");
    else stoppedDecide(ledger, held);
  }
}

/** A node run that has begun, in a frame or composite that has failed: it is not executed any more, and is not waited for. */
function stoppedDecide({ held: nodes }: RunLedger, held: HeldNode): void {
  decide(nodes, held, { kind: "cancelled", code: "SIBLING_FAILED", message: "Another node run of what it was part of failed." });
}

/**
 * An agent ends: a message that somebody was told is accepted may be on its way to it. It ends with the flush that nobody has posted before; else it goes on.
 */
export function endDecide(ledger: RunLedger, held: HeldNode, outcome: Extract<NodeOutcome, { kind: "completed" }>): void {
  ledger.held.add(held);
  // Its output was long to write, and something came meanwhile: it is on its way again.
  if (!isAgentDone(held.state)) return;
  const end = ledger.endStorable(held, outcome);
  held.decidedOutput = end.columns;
  decide(ledger.held, held, end.outcome);
}

/** It has gone on since: what was decided of it is not true any more. */
export function decisionForget({ held: nodes }: RunLedger, held: HeldNode): void {
  nodes.decided.delete(held);
  held.decided = undefined;
  held.decidedOutput = undefined;
}

/** It is stored: the graph goes on from it. */
export function decisionStored(ledger: RunLedger, held: HeldNode, outcome: Decision): void {
  decisionForget(ledger, held);
  if (outcome.kind === "again") return ledger.triedAgain(held, outcome);
  ledger.decided(held, outcome);
}

/** Its flush was refused: a time-out is decided again, after the mail. */
export function decisionRefused(ledger: RunLedger, held: HeldNode): void {
  const { decided } = held;
  decisionForget(ledger, held);
  // What was stopped is looked at again after the mail, which may have ended it.
  if (decided?.kind === "cancelled") return;
  if (held.dueMs !== undefined) ledger.held.due.add(held);
  else if (held.alone === true) crashedDecide(ledger, held);
}

function decide(nodes: RunLedger["held"], held: HeldNode, outcome: Decision): void {
  held.decided = outcome;
  nodes.decided.add(held);
}
