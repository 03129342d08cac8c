/** How many values a JSON text has, told while it comes and before anything is made of it: 50 MB of `0,0,0` are 25 million numbers. */

/** Values that one result, one answer or one list of documents may have. */
export const maxJsonValues = 1_000_000;

const [quote, backslash, comma, colon, openList, openObject] = [...'"\\,:[{'].map((character) => character.charCodeAt(0));

/** Counts the values of a text that comes in parts; about: an empty list counts as one more. */
export class ValueCounter {
  count = 1;
  #inString = false;
  #isEscaped = false;

  /** Counts on. The parts may end anywhere, also within a character. */
  add(part: Uint8Array | string): void {
    const at = typeof part === "string" ? (index: number) => part.charCodeAt(index) : (index: number) => part[index];
    for (let index = 0; index < part.length; index += 1) {
      const code = at(index);
      if (this.#inString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (code === backslash) this.#isEscaped = true;
        else if (code === quote) this.#inString = false;
      } else if (code === quote) this.#inString = true;
      else if (code === comma || code === colon || code === openList || code === openObject) this.count += 1;
    }
  }
}

/** True for a text with more values than {@link maxJsonValues}. */
export function hasTooManyValues(text: string): boolean {
  // Each takes two characters at least.
  if (text.length < maxJsonValues * 2) return false;
  const counter = new ValueCounter();
  counter.add(text);
  return counter.count > maxJsonValues;
}
