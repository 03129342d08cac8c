// Each thread's performance.now() begins at its own start. It reads the same clock as hrtime.bigint(), without making a BigInt of it.
const threadStartMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Milliseconds that never jump, comparable between the threads of a process. Says nothing about the time of day. */
export function monotonicMs(): number {
  return threadStartMs + performance.now();
}

/** The database's clock, as one claim told it: time of day for due dates and rows. The host's own clock decides nothing. */
export class DatabaseClock {
  readonly #offsetMs: number;

  constructor(dbNowMs: number, receivedAtMs = monotonicMs()) {
    this.#offsetMs = dbNowMs - receivedAtMs;
  }

  nowMs(): number {
    return this.#offsetMs + monotonicMs();
  }
}

/** The first of two times, where there are any. */
export function earliest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}
