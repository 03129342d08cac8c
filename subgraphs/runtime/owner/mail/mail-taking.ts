/** Does to a run, in its owner's hands, what a message of its inbox comes to. */
import { applyReopened } from "../../engine/apply.ts";
import { agentInput } from "../../engine/drive.ts";
import type { NodeState } from "../../engine/frame.ts";
import type { Approval } from "../../nodes/executor.ts";
import { rejected } from "../calls/approvals.ts";
import { decisionForget } from "../decisions.ts";
import type { HeldNode } from "../held/held-node.ts";
import type { NodeCalls } from "../calls/node-calls.ts";
import type { SpanRecord } from "../calls/node-context.ts";
import type { RunLedger } from "../run-ledger.ts";
import type { Ending } from "../run-rest.ts";
import type { OutcomeBody, OwnerOutcome } from "./inbox-message.ts";
import type { MailEffect } from "./mail-effect.ts";

/** A run that takes its mail. */
export interface TakingRun {
  ledger: RunLedger;
  calls: NodeCalls;
  /** A message ends it. */
  ended(ending: Ending): void;
  /** An outside executor has set it to RUNNING. */
  runningOutside(): void;
  /** An attempt has come to an end. */
  outcome(held: HeldNode, outcome: OwnerOutcome, spans: readonly SpanRecord[]): void;
}

/** Changes the run, and what it has to store. */
export function mailTake(run: TakingRun, effect: MailEffect): void {
  switch (effect.kind) {
    case "end":
      return run.ended(effect.ending);
    case "running":
      run.runningOutside();
      return run.ledger.statusSet("RUNNING");
    case "outcome":
      return outcomeElsewhere(run, effect.state, effect.body);
    case "decided":
      return decidedByPerson(run, effect.state, effect.approval);
    case "taken":
      return takenOutside(run.ledger, effect.state, effect.workerKey);
    case "input":
      return agentTold(run.ledger, effect.state, effect);
    case "nothing":
  }
}

function outcomeElsewhere({ ledger, calls, outcome: ended }: TakingRun, state: NodeState, body: OutcomeBody): void {
  const { outcome, startedMs, workerKey, spans = [] } = body;
  const { pending, held: nodes } = ledger;
  if (state.phase === "QUEUED") pending.withdraw(state.path);
  const held = ledger.hold(state);
  calls.forget(held, "answered");
  // The end of the attempt finds it there.
  nodes.add(held);
  if (startedMs !== undefined) held.startedMs = startedMs;
  if (workerKey !== undefined) held.workerKey = workerKey;
  ended(held, outcome, spans);
}

/** What was said to an agent is a node run of it, which has ended. That the agent has come to its end does not count, as it is not stored. */
function agentTold(ledger: RunLedger, agent: NodeState, { text, inputId }: { text: string; inputId: string }): void {
  const held = ledger.held.get(agent.path);
  if (held !== undefined) decisionForget(ledger, held);
  const part = agentInput(ledger.graph, agent);
  if (part === undefined) return;
  const told = ledger.hold(part);
  ledger.held.add(told);
  const outcome = { kind: "completed", outputText: text, outputJson: { input_id: inputId } } as const;
  ledger.attemptEnded(told, { outcome, spans: [] }, true);
}

/** The decision is stored with its row, whoever owns the run then; what was approved of is ready, and starts as anything else does. */
function decidedByPerson({ ledger, outcome }: TakingRun, state: NodeState, approval: Approval): void {
  const held = ledger.hold(state);
  if (approval.decision === "REJECT") {
    const { call: _call, ...stored } = approval;
    held.approval = stored;
    return outcome(held, rejected(approval), []);
  }
  ledger.approved(held, approval);
  applyReopened(ledger.graph, state);
}

function takenOutside(ledger: RunLedger, state: NodeState, workerKey: string | undefined): void {
  const held = ledger.hold(state);
  held.startedMs = ledger.clock.nowMs();
  held.workerKey = workerKey;
  held.waitReason = "EXTERNAL";
  ledger.opened(held, "RUNNING");
}
