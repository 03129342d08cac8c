import type { OwnKeyChanges } from "#shared/request-info.ts";

/** For an answer that is later than that the end of its own key does not wait: whoever has a key must not keep open what is to be closed. */
const ownAnswerMs = 5_000;

/**
 * Keeps one operation that ends its own key, and what it came over, until it was answered: the next secret may be in that answer. Nothing else that is open with the key
 * is kept, and nothing at all where somebody else changes it: each change has a number of its own.
 */
export class KeyHold implements OwnKeyChanges {
  readonly #epochs = new Set<string>();
  readonly #forMs: number;
  /** By `performance.now()`; set with the first change, and never later. */
  #untilMs: number | undefined;

  constructor(forMs = ownAnswerMs) {
    this.#forMs = forMs;
  }

  hold(epoch: string): void {
    this.#untilMs ??= performance.now() + this.#forMs;
    this.#epochs.add(epoch);
  }

  drop(epoch: string): void {
    this.#epochs.delete(epoch);
  }

  /** Whether a key whose last change has this number, and has ended it, ends nothing of this operation yet. */
  isFor(epoch: string): boolean {
    return this.#epochs.has(epoch) && performance.now() < this.#untilMs!;
  }
}
