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
  /** Fires with the deadline, when the client has gone, or with what ended it; its reason is the error for the client. */
  signal: AbortSignal;
  /** Whether something may have been changed from now on. */
  changing(): void;
  /** Ends the operation before its time. */
  end(why: AppError): void;
  /** To be called when the operation is done. */
  clear(): void;
}

/** Why a change ended that had begun. Whoever is told that their key is not accepted takes that for nothing done, unless they are told otherwise. */
export function ofChange(why: unknown): unknown {
  if (!(why instanceof AppError)) return why;
  if (why.reason === "KEY_INVALID") return keyErrors.KEY_INVALID({ effectUnknown: true });
  return why.reason === "KEYS_UNAVAILABLE" ? keyErrors.KEYS_UNAVAILABLE({ retryAfterMs: 1_000, effectUnknown: true }) : why;
}

/** Starts it. */
export function startDeadline(afterMs: number, parent: AbortSignal | undefined): RunningDeadline {
  const controller = new AbortController();
  let effectUnknown: true | undefined;
  const end = (why: unknown) => controller.abort(effectUnknown ? ofChange(why) : why);
  const onParent = () => end(parent?.reason ?? clientLeft());
  const timer = setTimeout(() => end(deadlineErrors.OPERATION_TIMED_OUT({ afterMs, effectUnknown })), afterMs);
  const clear = () => {
    clearTimeout(timer);
    parent?.removeEventListener("abort", onParent);
  };
  if (parent?.aborted === true) onParent();
  parent?.addEventListener("abort", onParent, { once: true });
  return { signal: controller.signal, changing: () => void (effectUnknown = true), end, clear };
}
