import type { DatabaseClock } from "./clock.ts";

/** It is looked at least so often, as timers and the database's clock part. */
const longestMs = 60_000;

/** Wakes one run when the first of its times has come. */
export class DueTimer {
  readonly #clock: DatabaseClock;
  readonly #wake: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: DatabaseClock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** @param dueMs  by the database's clock. */
  arm(dueMs: number): void {
    const waitMs = Math.max(1, dueMs - this.#clock.nowMs());
    this.#timer = setTimeout(this.#wake, Math.min(waitMs, longestMs)).unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
