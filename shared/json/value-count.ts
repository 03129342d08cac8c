/** How many values a JSON text has, told while it comes and before anything is made of it: 50 MB of `0,0,0` are 25 million numbers. */
import { defineErrors, type AppError } from "#shared/errors.ts";
import { finishInTurns, pieceUnits } from "#shared/pieces.ts";
import { maxNesting, nestedTooDeep } from "./nesting.ts";

/** Values that one result, one answer or one list of documents may have. */
export const maxJsonValues = 1_000_000;

/**
 * Keys that one object may have. More are none of a record but of a dictionary, which takes a microsecond for each key at each step: to list them alone would
 * hold a main loop up.
 */
export const maxJsonKeys = 50_000;

const keyErrors = defineErrors({
  TOO_MANY_KEYS: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { limit: number }) =>
      `An object of the request has more than ${f.limit} keys. Send less, or a list in its place: it may have more items than an object keys.`,
  },
});

const [quote, backslash, comma, colon, openList, openObject, closeList, closeObject] = [...'"\\,:[{]}'].map((character) =>
  character.charCodeAt(0),
);

/** Characters of a key with its value, at least. */
const fewestChars = 5;

/** Keys of objects that lie deeper are not told apart: nobody reads them. */
const maxDepth = 1_024;

/** Counts the values of a text that comes in parts; about: an empty list counts as one more. */
export class ValueCounter {
  count = 1;
  /** Levels of its lists and objects. */
  deepest = 0;
  /** Keys of the objects in which it is, by level; lists have none. */
  readonly #keys: number[] = [];
  #depth = 0;
  /** Keys of the object that has most of them. */
  mostKeys = 0;
  #inString = false;
  #isEscaped = false;
  readonly #mostValues: number;

  /** @param mostValues  more are its excess. */
  constructor(mostValues = maxJsonValues) {
    this.#mostValues = mostValues;
  }

  /** Counts on. The parts may end anywhere, also within a character. */
  add(part: Uint8Array | string): void {
    const isText = typeof part === "string";
    for (let index = 0; index < part.length; index += 1) {
      const code = isText ? part.charCodeAt(index) : part[index];
      if (this.#inString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (code === backslash) this.#isEscaped = true;
        else if (code === quote) this.#inString = false;
      } else if (code === quote) this.#inString = true;
      else if (code === comma || code === colon || code === openList || code === openObject) {
        this.count += 1;
        if (code === colon) this.#key();
        else if (code !== comma) this.#open();
      } else if (code === closeList || code === closeObject) this.#depth -= 1;
    }
  }

  /** What it has too much of. */
  get excess(): "values" | "keys" | undefined {
    if (this.count > this.#mostValues) return "values";
    return this.mostKeys > maxJsonKeys ? "keys" : undefined;
  }

  #open(): void {
    this.#depth += 1;
    this.deepest = Math.max(this.deepest, this.#depth);
    if (this.#depth <= maxDepth) this.#keys[this.#depth] = 0;
  }

  #key(): void {
    const keys = (this.#keys[this.#depth] ?? 0) + 1;
    if (this.#depth > maxDepth || this.#depth < 0) return;
    this.#keys[this.#depth] = keys;
    this.mostKeys = Math.max(this.mostKeys, keys);
  }
}

/** What a text has too much of. */
export function jsonExcess(text: string): ValueCounter["excess"] {
  // A value takes two.
  if (text.length < Math.min(maxJsonValues * 2, maxJsonKeys * fewestChars)) return undefined;
  const counter = new ValueCounter();
  counter.add(text);
  return counter.excess;
}

/**
 * Why a JSON text is refused: it nests too deep, or one of its objects has more keys than it may. It is read in turns of the main loop.
 *
 * @param limit  keys of one object; any number unless given.
 */
export async function sizeRefusalInTurns(text: string, limit = Infinity): Promise<AppError | undefined> {
  const counter = new ValueCounter();
  return finishInTurns(
    (function* () {
      for (let from = 0; from < text.length; from += pieceUnits) {
        counter.add(text.slice(from, from + pieceUnits));
        if (counter.deepest > maxNesting) return nestedTooDeep();
        if (counter.mostKeys > limit) return keyErrors.TOO_MANY_KEYS({ limit });
        yield;
      }
      return undefined;
    })(),
  );
}

/** {@link jsonExcess} in a sentence about it. */
export function excessWords(excess: NonNullable<ValueCounter["excess"]>, mostValues = maxJsonValues): string {
  return excess === "values" ? `has more than ${mostValues} values` : `has an object of more than ${maxJsonKeys} keys`;
}
