/**
 * Runs that this process could not take over for what is stored of them, or had to drop by a bug. Somebody else may do better, such as a worker of a newer version, so each is
 * left to others for a lease. One that has failed so time after time would be taken up and left for ever, and nobody told: it is over. Of the last thousand.
 */
import { monotonicMs } from "../clock.ts";

const mostTries = 3;
const remembered = 1_000;
/** In leases. A caller may try three times in a second, which is no reason to give a run up. */
const shortestSpan = 1.5;
/** In leases. What comes after so much time is another trouble. */
const longestPause = 10;

interface Failures {
  count: number;
  firstMs: number;
  lastMs: number;
  /** The run's last event then. */
  eventSeq: number;
}

export class FailedTakeovers {
  readonly #failures = new Map<string, Failures>();

  /**
   * Counts one more. One that somebody has taken further meanwhile begins anew.
   *
   * @param littleProgress  events that are none: an owner that has to drop it may store some before.
   * @returns whether nobody is expected to do better.
   */
  add({ runId, leaseMs, eventSeq }: { runId: string; leaseMs: number; eventSeq: number }, littleProgress = 0): boolean {
    const nowMs = monotonicMs();
    const known = this.#failures.get(runId);
    const isSame = known !== undefined && nowMs - known.lastMs < longestPause * leaseMs && eventSeq <= known.eventSeq + littleProgress;
    const before = isSame ? known : { count: 0, firstMs: nowMs };
    const failures = { count: before.count + 1, firstMs: before.firstMs, lastMs: nowMs, eventSeq };
    this.#failures.delete(runId);
    this.#failures.set(runId, failures);
    if (this.#failures.size > remembered) this.#failures.delete(this.#failures.keys().next().value ?? "");
    return failures.count >= mostTries && nowMs - failures.firstMs >= shortestSpan * leaseMs;
  }

  /** It has gone its way. */
  forget(runId: string): void {
    this.#failures.delete(runId);
  }
}
