import { finishAtOnce } from "#shared/pieces.ts";

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
    if (from >= text.length) return -1;
    let [depth, inString] = [this.#depth, this.#inString];
    let end = -1;
    // The first character may be escaped by the last of the piece before.
    let at = this.#isEscaped ? from + 1 : from;
    for (; at < text.length && end < 0; at++) {
      if (inString) at = endOfString(text, at);
      const code = text.charCodeAt(at);
      if (code === quote) inString = !inString && depth > 0;
      else if (code === openBrace || code === openBracket) depth++;
      else if ((code === closeBrace || code === closeBracket) && depth > 0 && --depth === 0) end = at + 1;
    }
    this.#depth = depth;
    this.#inString = inString;
    // An escape that is cut goes on where the next piece begins.
    this.#isEscaped = inString && at > text.length + 1;
    return end;
  }

  /** As {@link feed}, in steps. */
  *steps(text: string, at = 0): Generator<void, number> {
    for (let from = at; from < text.length; from += stepUnits) {
      const end = this.feed(text.slice(from, from + stepUnits));
      if (end >= 0) return from + end;
      if (from + stepUnits < text.length) yield;
    }
    return -1;
  }
}

/** Where the quotation mark stands that ends a string. Behind the text where it does not end: one further where its last character escapes the next one. */
function endOfString(text: string, from: number): number {
  for (let at = from; ;) {
    for (const near = Math.min(at + nearUnits, text.length); at < near; at++) {
      const code = text.charCodeAt(at);
      if (code === quote) return at;
      if (code === backslash) at++;
    }
    if (at >= text.length) return at;
    // Long strings have few of either: to look at each of 15 million characters took 0.1 s, this takes a tenth.
    const run = text.slice(at, at + runUnits);
    const found = [run.indexOf('"'), run.indexOf("\\")].filter((place) => place >= 0);
    at += found.length === 0 ? run.length : Math.min(...found);
  }
}

const nearUnits = 64;
const runUnits = 4_096;
/** As much of a value is looked at in one step, in units of UTF-16. */
const stepUnits = 65_536;
const quote = 34;
const backslash = 92;
const [openBracket, closeBracket, openBrace, closeBrace] = [91, 93, 123, 125];

/** The lists and objects that stand one behind the other in a text, in steps; undefined where there is anything else between them. */
export function* splitSteps(text: string): Generator<void, string[] | undefined> {
  const values: string[] = [];
  for (let at = skipBlank(text, 0); at < text.length;) {
    if (!isOpening(text, at)) return undefined;
    const scan = new JsonScan();
    const end = yield* scan.steps(text, at);
    if (end < 0) return undefined;
    values.push(text.slice(at, end));
    at = skipBlank(text, end);
    // Short ones are a step each: there may be a million.
    yield;
  }
  return values;
}

/** The same at once, of a text that is short. */
export function splitValues(text: string): string[] | undefined {
  return finishAtOnce(splitSteps(text));
}

/** Whether a list or an object begins here. */
export function isOpening(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === openBrace || code === openBracket;
}

const saying = /[^\s,]/g;

/** The index of the next character that says something: commas between values do not. */
export function skipBlank(text: string, from: number): number {
  // Most begin with what is none; and one by one 15 million of them took 0.5 s.
  if (from >= text.length || !/[\s,]/.test(text[from]!)) return from;
  saying.lastIndex = from;
  return saying.exec(text)?.index ?? text.length;
}
