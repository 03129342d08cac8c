/** How long a run is left alone that there was no room for: longer each time, until it rests by itself. Of the last thousand that this process has given back. */
const firstPauseMs = 1_000;
const longestPauseMs = 15_000;
const remembered = 1_000;

export class SetBacks {
  readonly #counts = new Map<string, number>();

  /** Counts one more. @returns when it is due again, spread by up to a quarter */
  nextPauseMs(runId: string): number {
    const count = this.#counts.get(runId) ?? 0;
    this.#counts.delete(runId);
    this.#counts.set(runId, count + 1);
    if (this.#counts.size > remembered) this.#counts.delete(this.#counts.keys().next().value ?? "");
    return Math.min(longestPauseMs, firstPauseMs * 2 ** count) * (1 + Math.random() / 4);
  }

  /** It has gone its way. */
  forget(runId: string): void {
    this.#counts.delete(runId);
  }
}
