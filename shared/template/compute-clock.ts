/** A machine that is busy with other work may need this many times the limit. */
const mostPatience = 8;

/**
 * How long an evaluation may compute, looked at between its steps. What counts is the processor time of its thread: while the machine is busy with others the
 * clock on the wall goes on, and an expression would fail for their work. That is asked for only when the limit is over by the wall, so a look costs little.
 */
export class ComputeClock {
  readonly #limitMs: number;
  readonly #fromCpuMs = threadCpuMs();
  readonly #lastMs: number;
  #nextLookMs: number;

  /** Begins. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
    const nowMs = performance.now();
    this.#nextLookMs = nowMs + limitMs;
    this.#lastMs = nowMs + limitMs * mostPatience;
  }

  /** Whether it has computed for that long, or lasted eight times as long by the wall. Stays so. */
  isOver(nowMs = performance.now()): boolean {
    if (nowMs < this.#nextLookMs) return false;
    const leftMs = nowMs >= this.#lastMs ? 0 : this.#leftMs();
    // That much it cannot compute in less by the wall.
    if (leftMs > 0) this.#nextLookMs = nowMs + leftMs;
    return leftMs <= 0;
  }

  #leftMs(): number {
    return this.#fromCpuMs === undefined ? 0 : this.#limitMs - ((threadCpuMs() ?? Infinity) - this.#fromCpuMs);
  }
}

/** Undefined where it cannot be told: an older Node. */
function threadCpuMs(): number | undefined {
  const { threadCpuUsage } = process as { threadCpuUsage?: () => { user: number; system: number } };
  if (threadCpuUsage === undefined) return undefined;
  const { user, system } = threadCpuUsage();
  return (user + system) / 1_000;
}
