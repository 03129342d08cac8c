/** One call of a node executor: its deadline, its abort, and an outcome whatever happens. */
import type { Log } from "#shared/log.ts";
import { internalCode } from "../../engine/handling.ts";
import { nodeEffect, type NodeExecutor, type NodeOutcome } from "../../nodes/executor.ts";
import { storedAhead } from "../../nodes/storable.ts";
import { PausingClock } from "#shared/pausing-clock.ts";
import type { NodeRunContext } from "./node-context.ts";

/** Why a call is stopped. Only a deadline is an outcome of the node; after the others nobody waits for one. */
export type StopCause = "cancelled" | "sibling-failed" | "lost" | "stopping" | "answered";

/** How long an executor may take to notice that it was stopped. */
const abortGraceMs = 1_000;
/** Outside nodes without a deadline of their own. */
export const defaultTimeoutMs = 15 * 60_000;

/** A call that runs. */
export interface Execution {
  readonly context: NodeRunContext;
  /** Stops it; `outcome` follows within a second. */
  stop(cause: StopCause): void;
  /** Why it was stopped, if it was. */
  readonly stopped: StopCause | undefined;
  /** Never rejects. */
  readonly outcome: Promise<NodeOutcome>;
}

/** Calls an executor with a deadline. */
export function execute(executor: NodeExecutor, context: NodeRunContext, timeoutMs: number, log: Log): Execution {
  let stopped: StopCause | undefined;
  let giveUp: (outcome: NodeOutcome) => void = () => {};
  const gaveUp = new Promise<NodeOutcome>((resolve) => {
    giveUp = resolve;
  });
  const abort = (message: string, outcome: NodeOutcome): void => {
    context.abort(new Error(message));
    setTimeout(() => giveUp(outcome), abortGraceMs).unref();
  };
  let isOverdue = false;
  const timedOut: NodeOutcome = {
    kind: "failed",
    code: "NODE_TIMEOUT",
    message: `The node did not finish within ${timeoutMs / 1000} s.`,
    retryable: true,
    effectUnknown: true,
  };
  // A flag, not a comparison of times: a timer may fire a fraction of a millisecond early.
  const clock = new PausingClock(timeoutMs, () => {
    isOverdue = true;
    abort("deadline", timedOut);
  });
  context.clock = clock;
  const called = callExecutor(executor, context, log).then(async (outcome) => {
    clock.end();
    await storedAhead(outcome);
    // What an executor says of a call that was cut off at its deadline is an echo of the abort; it was the deadline.
    return outcome.kind === "failed" && stopped === undefined && isOverdue ? timedOut : outcome;
  });
  const outcome = Promise.race([called, gaveUp]).then((value) => {
    clock.end();
    context.closeSpans();
    return value;
  });
  return {
    context,
    outcome,
    get stopped() {
      return stopped;
    },
    stop(cause) {
      if (stopped !== undefined) return;
      stopped = cause;
      abort(cause, {
        kind: "failed",
        code: "NODE_STOPPED",
        message: `The node was stopped: ${cause}.`,
        retryable: false,
        effectUnknown: true,
      });
    },
  };
}

/** Calls an executor; what it throws is a bug of ours: INTERNAL, which the run's owner gives back before it fails. */
export async function callExecutor(executor: NodeExecutor, context: NodeRunContext, log: Log): Promise<NodeOutcome> {
  try {
    return await executor.run(context);
  } catch (cause) {
    return executorFailed(executor, context, cause, log);
  }
}

/** The outcome of an executor that threw; the story goes to the log only. Nobody knows whether a call to the outside had gone out. */
export function executorFailed(executor: NodeExecutor, context: NodeRunContext, cause: unknown, log: Log): NodeOutcome {
  log.error({ err: cause, nodeRunId: context.nodeRunId }, "node executor threw");
  const failure = {
    kind: "failed",
    code: internalCode,
    message: "The node failed for a reason inside of the platform.",
    retryable: false,
    fault: "own",
  } as const;
  return nodeEffect(executor, context.config) === "pure" ? failure : { ...failure, effectUnknown: true };
}

/** The outcome of a node that was executed alone when owner after owner died. */
export const workerCrashed: Extract<NodeOutcome, { kind: "failed" }> = {
  kind: "failed",
  code: "WORKER_CRASHED",
  message: "The workers that executed the node ended before it did.",
  retryable: false,
  effectUnknown: true,
  fault: "crash",
};
