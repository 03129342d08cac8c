/**
 * What this process cannot go on with, as workers of a newer version can: it names node types, or composites opened by drivers, that are not known here; or what is stored of it does not fit. It was given back, and
 * this process claims none of it for a while, so that during a rolling update it goes to those who know it and turns round and round nowhere.
 */
import { monotonicMs } from "../clock.ts";

/** Then it is looked at again: perhaps nobody else is there. */
const restMs = 30_000;
/** A claim names them all. */
const remembered = 1_000;

export class LeftToOthers {
  /** By key of the queue, when it may be claimed again; what was added first comes first. */
  readonly #until = new Map<string, number>();

  add(key: string, forMs = restMs): void {
    this.#until.delete(key);
    this.#until.set(key, monotonicMs() + forMs);
    if (this.#until.size > remembered) this.#until.delete(this.#until.keys().next().value ?? "");
  }

  /** Those that are not to be claimed now. */
  keys(): readonly string[] {
    if (this.#until.size === 0) return none;
    const nowMs = monotonicMs();
    for (const [key, untilMs] of this.#until) if (untilMs <= nowMs) this.#until.delete(key);
    return [...this.#until.keys()];
  }
}

const none: readonly string[] = [];
