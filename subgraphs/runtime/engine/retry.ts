import type { RetryPolicy } from "./plan.ts";

/** A failed attempt, as far as the next one depends on it. */
export interface FailedAttempt {
  /** 1 for the first. */
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

/** Attempts that are made of a node whose executor throws, whatever its `retry` says, and the pause after the first. */
const ownFaultAttempts = 3;
const ownFaultPauseMs = 200;

/** How long a node waits for its next attempt after a fault of the platform's own; undefined: it is no passing one, and fails the run. */
export function ownFaultDelayMs(attempt: number): number | undefined {
  return attempt < ownFaultAttempts ? ownFaultPauseMs * 2 ** (attempt - 1) : undefined;
}
