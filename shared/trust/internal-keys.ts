/**
 * The keys with which the platform's processes know each other, two of them while they are rotated: all are believed, the first signs. Whoever does not know it
 * yet is told so with the second, so that processes may be started again one after another.
 */
import { createSecretKey, type KeyObject } from "node:crypto";

/** What a key looks like: 32 bytes in hex. */
export const internalKeyPattern = /^[0-9a-fA-F]{64}$/;

/** How often the place that keys were read from is looked at again while they are refused. */
const rereadMs = 1_000;

export class InternalKeys {
  readonly #reread: (() => readonly string[]) | undefined;
  #texts: readonly string[];
  #keys: readonly KeyObject[];
  #rereadAtMs = Number.NEGATIVE_INFINITY;

  /**
   * @param texts   one, or two as `new, old`.
   * @param reread  gives them anew, for who works beside a platform that makes a key at each start.
   * @throws Error when there is none, or one is no key.
   */
  constructor(texts: readonly string[], reread?: () => readonly string[]) {
    if (texts.length === 0 || !texts.every((text) => internalKeyPattern.test(text))) throw new Error("an internal key is 64 hex digits");
    this.#texts = texts;
    this.#keys = texts.map(keyOf);
    this.#reread = reread;
  }

  /** Those that are believed; the first signs. */
  get all(): readonly KeyObject[] {
    return this.#keys;
  }

  /** The same as they were given, to hand on to a child process. */
  get texts(): readonly string[] {
    return this.#texts;
  }

  /** Whether they lie where others may be written. */
  get areReread(): boolean {
    return this.#reread !== undefined;
  }

  /** Looks whether there are others now; true when there are. */
  renew(): boolean {
    const nowMs = performance.now();
    if (this.#reread === undefined || nowMs - this.#rereadAtMs < rereadMs) return false;
    this.#rereadAtMs = nowMs;
    const texts = this.#reread().filter((text) => internalKeyPattern.test(text));
    if (texts.length === 0 || texts.join() === this.#texts.join()) return false;
    this.#texts = texts;
    this.#keys = texts.map(keyOf);
    return true;
  }
}

const keyOf = (text: string): KeyObject => createSecretKey(Buffer.from(text, "hex"));
