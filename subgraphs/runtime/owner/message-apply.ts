/** What a message in its inbox does to a run in its owner's hands. */
import { nodeAt } from "../engine/run-state.ts";
import type { InboxMessage } from "../queue/load.sql.ts";
import { nodeRunId } from "../queue/node-run-id.ts";
import { inboxKinds } from "../queue/statuses.ts";
import { inboxBodies, type OutcomeBody, type OwnerOutcome } from "./inbox-message.ts";
import type { NodeCalls } from "./node-calls.ts";
import type { SpanRecord } from "./node-context.ts";
import { outsideOutcome } from "./outside-outcome.ts";
import type { RunLedger } from "./run-ledger.ts";
import type { Ending } from "./run-rest.ts";

/** The run that a message is for. */
export interface Addressee {
  readonly ledger: RunLedger;
  readonly calls: NodeCalls;
  readonly isManual: boolean;
  /** The first ending stays. */
  end(ending: Ending): void;
  runningOutside(): void;
  outcome(index: number, outcome: OwnerOutcome, spans: readonly SpanRecord[]): void;
}

/**
 * Applies one message.
 *
 * @throws for a kind that nobody knows, and a body that is not of its kind.
 */
export function messageApply(run: Addressee, message: InboxMessage): void {
  switch (message.kind) {
    case inboxKinds.cancel:
      return run.end({ status: "CANCELLED", reason: inboxBodies.cancel(message.body).reason });
    case inboxKinds.outcome:
      return outcomeApply(run, message, inboxBodies.outcome(message.body));
    case inboxKinds.mark:
      return markApply(run, message.path ?? "", inboxBodies.mark(message.body).workerKey);
    case inboxKinds.runStatus:
      return runStatusApply(run, inboxBodies.runStatus(message.body).status);
    default:
      throw new Error(`no message has the kind ${message.kind}`);
  }
}

function outcomeApply(run: Addressee, message: InboxMessage, body: OutcomeBody): void {
  const { ledger, calls } = run;
  const index = ledger.plan.indexById.get(message.path ?? "");
  if (index === undefined) return;
  const phase = ledger.graph.phases[index];
  const open = ledger.open.get(index);
  // The first outcome of an open attempt counts, whoever made it. A MANUAL run's node may also be finished before anybody opened it.
  const isOpenAttempt = open !== undefined && ledger.graph.open.has(index) && (message.attempt ?? open.attempt) === open.attempt;
  if (!isOpenAttempt && !(phase === "READY" && run.isManual)) return;
  if (phase === "QUEUED") ledger.pending.withdrawn.push(nodeRunId(ledger.runId, ledger.pathOf(index)));
  calls.forget(index, "answered");
  const node = ledger.node(index);
  // The end of the attempt finds it there.
  ledger.open.set(index, node);
  if (body.startedMs !== undefined) node.startedMs = body.startedMs;
  if (body.workerKey !== undefined) node.workerKey = body.workerKey;
  // Workers say when they began; whoever answers from outside does not.
  const outcome = body.startedMs === undefined ? outsideOutcome(nodeAt(ledger.plan, index), body.outcome) : body.outcome;
  run.outcome(index, outcome, body.spans ?? []);
}

function markApply({ ledger, isManual }: Addressee, path: string, workerKey: string | null): void {
  const index = ledger.plan.indexById.get(path);
  if (index === undefined || !isManual || ledger.graph.phases[index] !== "READY") return;
  const node = ledger.node(index);
  node.startedMs = ledger.clock.nowMs();
  node.workerKey = workerKey ?? undefined;
  node.waitReason = "EXTERNAL";
  ledger.opened(index, node, "RUNNING");
}

function runStatusApply(run: Addressee, status: "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED"): void {
  if (!run.isManual) return;
  if (status === "RUNNING") return run.runningOutside();
  const failed = { code: "FAILED_OUTSIDE", message: "The run was set to FAILED from outside." };
  run.end({ status, ...(status === "FAILED" && failed) });
}
