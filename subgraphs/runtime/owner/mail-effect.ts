/** Reads a message of a run's inbox as what it does to the run, in its owner's hands. Changes nothing. */
import type { NodeState } from "../engine/frame.ts";
import { nodeAtPath } from "../engine/run-state.ts";
import type { InboxMessage } from "../queue/load.sql.ts";
import { inboxKinds } from "../queue/statuses.ts";
import { inboxBodies, type OutcomeBody } from "./inbox-message.ts";
import { outsideOutcome } from "./outside-outcome.ts";
import type { RunLedger } from "./run-ledger.ts";
import type { Ending } from "./run-rest.ts";

/** What a message comes to. nothing: it came too late, or is not for such a run; that is no fault. */
export type MailEffect =
  | { kind: "nothing" }
  | { kind: "end"; ending: Ending }
  /** A MANUAL run was set to RUNNING. */
  | { kind: "running" }
  /** An attempt ended somewhere else. */
  | { kind: "outcome"; state: NodeState; body: OutcomeBody }
  /** An outside executor has taken the node of a MANUAL run. */
  | { kind: "taken"; state: NodeState; workerKey: string | undefined };

const nothing: MailEffect = { kind: "nothing" };

/** The run that a message is for. */
export type Addressee = Pick<RunLedger, "graph" | "held"> & { isManual: boolean };

/**
 * Reads one message.
 *
 * @throws for a kind that nobody knows, a body that is not of its kind, and a path at which the run has no node.
 */
export function mailEffect(run: Addressee, message: InboxMessage): MailEffect {
  switch (message.kind) {
    case inboxKinds.cancel:
      return { kind: "end", ending: { status: "CANCELLED", reason: inboxBodies.cancel(message.body).reason } };
    case inboxKinds.outcome:
      return outcomeEffect(run, message, inboxBodies.outcome(message.body));
    case inboxKinds.mark:
      return markEffect(run, message, inboxBodies.mark(message.body).workerKey ?? undefined);
    case inboxKinds.runStatus:
      return run.isManual ? runStatusEffect(inboxBodies.runStatus(message.body).status) : nothing;
    default:
      throw new Error(`no message has the kind ${message.kind}`);
  }
}

function outcomeEffect(run: Addressee, message: InboxMessage, body: OutcomeBody): MailEffect {
  const state = stateOf(run, message);
  const held = run.held.get(state.path);
  // The first outcome of an open attempt counts, whoever made it. A MANUAL run's node may also be finished before anybody opened it.
  const isOpenAttempt = held !== undefined && run.graph.open.has(state) && (message.attempt ?? held.attempt) === held.attempt;
  if (!isOpenAttempt && !(state.phase === "READY" && run.isManual)) return nothing;
  // Workers say when they began; whoever answers from outside does not.
  const outcome = body.startedMs === undefined ? outsideOutcome(state.node, body.outcome) : body.outcome;
  return { kind: "outcome", state, body: { ...body, outcome } };
}

function markEffect(run: Addressee, message: InboxMessage, workerKey: string | undefined): MailEffect {
  const state = stateOf(run, message);
  return run.isManual && state.phase === "READY" ? { kind: "taken", state, workerKey } : nothing;
}

function runStatusEffect(status: "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED"): MailEffect {
  if (status === "RUNNING") return { kind: "running" };
  const failed = { code: "FAILED_OUTSIDE", message: "The run was set to FAILED from outside." };
  return { kind: "end", ending: { status, ...(status === "FAILED" && failed) } };
}

function stateOf({ graph }: Addressee, { path }: InboxMessage): NodeState {
  const state = nodeAtPath(graph, path ?? "");
  if (state === undefined) throw new Error(`the run has no node at the path ${JSON.stringify(path)}`);
  return state;
}
