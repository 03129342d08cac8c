/** Finds where a JSON list or object ends in a text that comes in pieces. Each character is looked at once, whatever the pieces are. */
export class JsonScan {
  #depth = 0;
  #inString = false;
  #isEscaped = false;

  /** Whether a list or an object has begun and not ended. */
  get isInside(): boolean {
    return this.#depth > 0;
  }

  /** Reads on from `from`. Gives the index behind the value's last character, -1 while it goes on. Outside of a value it begins one. */
  feed(text: string, from = 0): number {
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (this.#inString) this.#readString(code);
      else if (code === quote) this.#inString = this.#depth > 0;
      else if (code === openBrace || code === openBracket) this.#depth++;
      else if ((code === closeBrace || code === closeBracket) && this.#depth > 0 && --this.#depth === 0) return at + 1;
    }
    return -1;
  }

  #readString(code: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (code === backslash) this.#isEscaped = true;
    else if (code === quote) this.#inString = false;
  }
}

const quote = 34;
const backslash = 92;
const [openBracket, closeBracket, openBrace, closeBrace] = [91, 93, 123, 125];

/** The lists and objects that stand one behind the other in a text; undefined where there is anything else between them. */
export function splitValues(text: string): string[] | undefined {
  const values: string[] = [];
  for (let at = skipBlank(text, 0); at < text.length;) {
    const end = isOpening(text, at) ? new JsonScan().feed(text, at) : -1;
    if (end < 0) return undefined;
    values.push(text.slice(at, end));
    at = skipBlank(text, end);
  }
  return values;
}

/** Whether a list or an object begins here. */
export function isOpening(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === openBrace || code === openBracket;
}

/** The index of the next character that says something: commas between values do not. */
export function skipBlank(text: string, from: number): number {
  let at = from;
  while (at < text.length && /[\s,]/.test(text[at]!)) at++;
  return at;
}
