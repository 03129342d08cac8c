/**
 * Spreads work over turns of the main loop: one request may ask for two hundred things at once, each of them small. They are let go on one after the
 * other as long as the turn has time; the rest in the next turn, after whatever came in meanwhile.
 */
import { setImmediate as nextTurn } from "node:timers/promises";

const turnMs = 5;

/** See above. */
export class Turns {
  #last = Promise.resolve();
  #endsAtMs: number | undefined;

  /** Resolves when there is time. Not async: whoever waits for it goes on before the next one is looked at. */
  next(): Promise<void> {
    this.#last = this.#last.then(() => this.#time());
    return this.#last;
  }

  async #time(): Promise<void> {
    while (this.#endsAtMs !== undefined && performance.now() > this.#endsAtMs) await nextTurn();
    if (this.#endsAtMs !== undefined) return;
    this.#endsAtMs = performance.now() + turnMs;
    setImmediate(() => (this.#endsAtMs = undefined));
  }
}
