/** Reads a message of a run's inbox as what it does to the run, in its owner's hands. Changes nothing. */
import { isJsonObject } from "#shared/json.ts";
import { isStopped, type NodeState } from "../../engine/frame.ts";
import { nodeOfPath } from "../../engine/plan.ts";
import { nodeAtPath } from "../../engine/run-state.ts";
import type { Approval } from "../../nodes/executor.ts";
import type { InboxMessage } from "../../queue/load.sql.ts";
import { inboxKinds } from "../../queue/statuses.ts";
import { childReason } from "../composites/child-runs.ts";
import { inboxBodies, type OutcomeBody } from "./inbox-message.ts";
import { outsideOutcome } from "../calls/outside-outcome.ts";
import type { RunLedger } from "../run-ledger.ts";
import type { Ending } from "../run-rest.ts";

/** What a message comes to. nothing: it came too late, or is not for such a run; that is no fault. */
export type MailEffect =
  | { kind: "nothing" }
  | { kind: "end"; ending: Ending }
  /** A MANUAL run was set to RUNNING. */
  | { kind: "running" }
  /** An attempt ended somewhere else. */
  | { kind: "outcome"; state: NodeState; body: OutcomeBody }
  /** Somebody says something to an agent that works. */
  | { kind: "input"; state: NodeState; text: string; inputId: string }
  /** A person has decided of a call. */
  | { kind: "decided"; state: NodeState; approval: Approval }
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
    case inboxKinds.childOutcome:
      return childEffect(run, message, inboxBodies.childOutcome(message.body));
    case inboxKinds.decision:
      return decisionEffect(run, message, inboxBodies.decision(message.body));
    case inboxKinds.mark:
      return markEffect(run, message, inboxBodies.mark(message.body).workerKey ?? undefined);
    case inboxKinds.agentInput:
      return inputEffect(run, message, inboxBodies.agentInput(message.body));
    case inboxKinds.runStatus:
      return run.isManual ? runStatusEffect(inboxBodies.runStatus(message.body).status) : nothing;
    default:
      throw new Error(`no message has the kind ${message.kind}`);
  }
}

function outcomeEffect(run: Addressee, message: InboxMessage, body: OutcomeBody): MailEffect {
  const state = stateOf(run, message);
  if (state === undefined) return nothing;
  const held = run.held.get(state.path);
  // The first outcome of an open attempt counts, whoever made it. A MANUAL run's node may also be finished before anybody opened it.
  const isOpenAttempt = held !== undefined && run.graph.open.has(state) && (message.attempt ?? held.attempt) === held.attempt;
  if (!isOpenAttempt && !mayTake(run, state)) return nothing;
  // Whoever answers from outside would complete a call that a person is to approve of, or what another run is at.
  const isOthers = isOpenAttempt && (held.waitReason === "APPROVAL" || held.waitReason === childReason);
  if (isOthers && body.startedMs === undefined) return nothing;
  // Workers say when they began; whoever answers from outside does not.
  const outcome = body.startedMs === undefined ? outsideOutcome(state, body.outcome) : body.outcome;
  return { kind: "outcome", state, body: { ...body, outcome } };
}

/** Only the run counts that the node run waits for now: another attempt of it may have made another since. */
function childEffect(
  run: Addressee,
  message: InboxMessage,
  { childRunId, outcome }: ReturnType<typeof inboxBodies.childOutcome>,
): MailEffect {
  const state = stateOf(run, message);
  const held = state && run.held.get(state.path);
  const isAwaited = state?.phase === "WAITING" && held?.waitReason === childReason && held.childRunId === childRunId;
  return isAwaited && !isStopped(state) ? { kind: "outcome", state, body: { outcome } } : nothing;
}

/** One that was sent twice counts once. */
function inputEffect(run: Addressee, message: InboxMessage, { text, inputId }: { text: string; inputId: string }): MailEffect {
  const state = stateOf(run, message);
  const frame = state?.drive?.frames.get(0);
  if (state === undefined || frame?.agent === undefined) return nothing;
  const known = Object.values(frame.outputs).some(({ output }) => isJsonObject(output) && output["input_id"] === inputId);
  return known ? nothing : { kind: "input", state, text, inputId };
}

function decisionEffect(run: Addressee, message: InboxMessage, approval: Approval): MailEffect {
  const state = stateOf(run, message);
  const held = state && run.held.get(state.path);
  const isAsked = state?.phase === "WAITING" && held?.waitReason === "APPROVAL" && (message.attempt ?? held.attempt) === held.attempt;
  return isAsked && !isStopped(state) ? { kind: "decided", state, approval } : nothing;
}

function markEffect(run: Addressee, message: InboxMessage, workerKey: string | undefined): MailEffect {
  const state = stateOf(run, message);
  return state !== undefined && mayTake(run, state) ? { kind: "taken", state, workerKey } : nothing;
}

/** Of a MANUAL run anybody may execute what is ready; but for what only the engine knows: how a composite goes on, and what comes of a frame. */
function mayTake({ isManual }: Addressee, state: NodeState): boolean {
  return isManual && state.phase === "READY" && state.ends === undefined && state.drive === undefined && !isStopped(state);
}

function runStatusEffect(status: "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED"): MailEffect {
  if (status === "RUNNING") return { kind: "running" };
  const failed = { code: "FAILED_OUTSIDE", message: "The run was set to FAILED from outside." };
  return { kind: "end", ending: { status, ...(status === "FAILED" && failed) } };
}

/** undefined: what it was part of has ended, or has not begun. */
function stateOf({ graph }: Addressee, { path }: InboxMessage): NodeState | undefined {
  const state = nodeAtPath(graph, path ?? "");
  if (state === undefined && nodeOfPath(graph.root.plan, path ?? "") === undefined)
    throw new Error(`the run has no node at the path ${JSON.stringify(path)}`);
  return state;
}
