import type { RetryPolicy } from "./plan.ts";

/** A failed attempt, as far as the next one depends on it. */
export interface FailedAttempt {
  /** 1 for the first. Attempts that ended by a fault of the platform's own are not counted. */
  attempt: number;
  retryable: boolean;
  /** The other side asked to wait this long; never less is waited. */
  retryAfterMs?: number | undefined;
}

/**
 * How long to wait before the next attempt; undefined: there is none.
 *
 * @param jitter  0 to 1; spreads attempts that failed together by up to a quarter of the pause.
 */
export function retryDelayMs(policy: RetryPolicy, failed: FailedAttempt, jitter: number): number | undefined {
  if (!failed.retryable || failed.attempt >= policy.maxAttempts) return undefined;
  const backoffMs = Math.min(policy.maxBackoffMs, policy.backoffMs * policy.factor ** (failed.attempt - 1));
  return Math.max(backoffMs * (1 + jitter / 4), failed.retryAfterMs ?? 0);
}

/** The third such fault of a node run is no passing one, whatever its `retry` says; the pause is that after the first. */
const mostOwnFaults = 3;
const ownFaultPauseMs = 200;

/** How long a node waits for its next attempt after so many faults of the platform's own; undefined: it is no passing one, and fails the run. */
export function ownFaultDelayMs(faults: number): number | undefined {
  return faults < mostOwnFaults ? ownFaultPauseMs * 2 ** (faults - 1) : undefined;
}
