/** The time that one operation has, whatever its plan: each of its fetches has a deadline of its own, and a plan may have many, one after another. */
import { clientLeft } from "#shared/client-left.ts";
import { AppError, defineErrors } from "#shared/errors.ts";
import { keyErrors } from "../access/errors.ts";

export interface OperationDeadlines {
  /** For operations that databases answer. */
  operationMs: number;
  /** For those that wait for somebody outside, such as a model, or for a run. */
  outsideMs: number;
}

const deadlineErrors = defineErrors({
  OPERATION_TIMED_OUT: {
    code: "TIMEOUT",
    message: (f: { afterMs: number; effectUnknown?: true | undefined }) =>
      f.effectUnknown
        ? `The operation was not done within ${f.afterMs} ms. What it has begun may have happened: look, before you send it again.`
        : `The operation was not answered within ${f.afterMs} ms. Ask for less at once, or later.`,
  },
});

/** A deadline that runs. */
export interface RunningDeadline {
  /** Fires with the deadline, or when the client has gone; its reason is the error for the client. */
  signal: AbortSignal;
  /** Whether something may have been changed from now on. */
  changing(): void;
  /** To be called when the operation is done. */
  clear(): void;
}

/** Whoever is told that their key is accepted no more takes that for nothing done, unless they are told otherwise. */
function ofChange(reason: unknown): unknown {
  const isOfKey = reason instanceof AppError && reason.reason === "KEY_INVALID";
  return isOfKey ? keyErrors.KEY_INVALID({ effectUnknown: true }) : (reason ?? clientLeft());
}

/** Starts it. */
export function startDeadline(afterMs: number, parent: AbortSignal | undefined): RunningDeadline {
  const controller = new AbortController();
  let effectUnknown: true | undefined;
  const onParent = () => controller.abort(effectUnknown ? ofChange(parent?.reason) : (parent?.reason ?? clientLeft()));
  const timer = setTimeout(() => controller.abort(deadlineErrors.OPERATION_TIMED_OUT({ afterMs, effectUnknown })), afterMs);
  const clear = () => {
    clearTimeout(timer);
    parent?.removeEventListener("abort", onParent);
  };
  if (parent?.aborted === true) onParent();
  parent?.addEventListener("abort", onParent, { once: true });
  return { signal: controller.signal, changing: () => void (effectUnknown = true), clear };
}
