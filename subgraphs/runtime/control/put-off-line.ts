/**
 * When messages come again that found no room: one after another, as in a line, each tenant in its own. However many a tenant has, so many of them come in a second, and not all
 * of them each second, which would be two changes of each row each time, in the table that carries everybody's messages.
 */

const shortestPauseMs = 1_000;
const longestUnlessGivenMs = 5 * 60_000;

/** See above; the lines of one process. */
export class PutOffLine {
  readonly #stepMs: number;
  readonly #longestPauseMs: number;
  /** By tenant, when the last of its line comes, in milliseconds of `performance.now`. */
  readonly #ends = new Map<string, number>();

  /** @param perSecond  how many of a tenant come in a second. longestPauseMs: none comes later; five minutes unless given. */
  constructor(perSecond: number, { longestPauseMs = longestUnlessGivenMs } = {}) {
    this.#stepMs = 1_000 / perSecond;
    this.#longestPauseMs = longestPauseMs;
  }

  /** Puts a message at the end of its tenant's line. @returns after how many milliseconds it comes. */
  pauseMs(tenantId: string): number {
    const nowMs = performance.now();
    const end = this.#ends.get(tenantId);
    if (end === undefined) this.#forgetPast(nowMs);
    const comesAtMs = Math.min(Math.max(nowMs + shortestPauseMs, (end ?? 0) + this.#stepMs), nowMs + this.#longestPauseMs);
    this.#ends.set(tenantId, comesAtMs);
    return comesAtMs - nowMs;
  }

  /** Nobody of a tenant stands in line any more: whoever comes now is the first. @returns whether somebody did. */
  forget(tenantId: string): boolean {
    return this.#ends.delete(tenantId);
  }

  #forgetPast(nowMs: number): void {
    for (const [tenantId, end] of this.#ends) if (end < nowMs) this.#ends.delete(tenantId);
  }
}
