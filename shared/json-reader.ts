/**
 * Reads JSON from outside in turns: a text of many megabytes, or one of a million values, takes long to read, and who else is served here must not wait for it.
 * The counterpart of json-writer.ts. What is small is read at once.
 */
import type { Json, JsonObject } from "#shared/json.ts";
import { isNestedTooDeep, maxNesting, readJson } from "#shared/json/nesting.ts";
import type { LongNumber } from "#shared/json/numbers.ts";
import { excessWords, maxJsonValues, ValueCounter } from "#shared/json/value-count.ts";
import { finishInTurns, pieceUnits } from "#shared/pieces.ts";

/** How it is read. */
export interface JsonReading {
  /** Hears of numbers that a double does not keep, as {@link readJson} tells them; without it they are read as doubles. */
  told?: (numbers: readonly LongNumber[]) => void;
  /** It comes from the platform itself, and may have as many values as it has. */
  isOurs?: boolean;
  /** Values that it may have otherwise; a million unless given. */
  mostValues?: number;
}

/** Why a text is not read: it is no JSON or nests too deep, or has more values, or more keys in one object, than may be. */
export class JsonProblem {
  readonly kind: "malformed" | "values" | "keys";

  readonly #mostValues: number;

  constructor(kind: "malformed" | "values" | "keys", mostValues = maxJsonValues) {
    this.kind = kind;
    this.#mostValues = mostValues;
  }

  /** What is too much, in a sentence about it; undefined: it is no JSON that can be read. */
  get excess(): string | undefined {
    return this.kind === "malformed" ? undefined : excessWords(this.kind, this.#mostValues);
  }
}

/** As many numbers as {@link readJson} tells. */
const mostTold = 100;
/** What a program puts out is refused where it is stored, with its place. */
const deepestOfOurs = 10_000;

/** Reads a text; one that is large in turns of the main loop. */
export async function readJsonInTurns(text: string, { told, isOurs = false, mostValues }: JsonReading = {}): Promise<Json | JsonProblem> {
  if (text.length <= pieceUnits) {
    const value = isOurs ? parsed(text) : readAtOnce(text, told);
    return value === undefined ? new JsonProblem("malformed") : value;
  }
  const problem = isOurs ? undefined : await counted(text, mostValues);
  if (problem !== undefined) return problem;
  const reader = new Reader(text, { keepsDigits: told !== undefined, deepest: isOurs ? deepestOfOurs : maxNesting });
  try {
    const value = await finishInTurns(reader.read());
    if (reader.numbers.length > 0) told?.(reader.numbers);
    return value;
  } catch (cause) {
    // It nests deeper than there are calls: some 1,500 levels.
    if (cause instanceof SyntaxError || cause instanceof RangeError) return new JsonProblem("malformed");
    throw cause;
  }
}

/** undefined: it is none. JSON's own null is there. */
function readAtOnce(text: string, told: JsonReading["told"]): Json | undefined {
  if (told !== undefined) return readJson(text, told);
  return isNestedTooDeep(text) ? undefined : parsed(text);
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

async function counted(text: string, mostValues?: number): Promise<JsonProblem | undefined> {
  const counter = new ValueCounter(mostValues);
  await finishInTurns(
    (function* () {
      for (let from = 0; from < text.length && counter.excess === undefined; from += pieceUnits) {
        counter.add(text.slice(from, from + pieceUnits));
        yield;
      }
    })(),
  );
  if (counter.excess !== undefined) return new JsonProblem(counter.excess, mostValues);
  return counter.deepest > maxNesting ? new JsonProblem("malformed") : undefined;
}

const [quote, backslash, comma, colon, openList, closeList, openObject, closeObject] = [...'"\\,:[]{}'].map((one) => one.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/** Reads a value piece by piece: neighbours that are small are read together, by JSON.parse itself, and so is whatever is wrong. */
class Reader {
  readonly #text: string;
  readonly #keepsDigits: boolean;
  readonly #deepest: number;
  readonly #path: (string | number)[] = [];
  readonly numbers: LongNumber[] = [];
  #at = 0;

  constructor(text: string, { keepsDigits, deepest }: { keepsDigits: boolean; deepest: number }) {
    this.#text = text;
    this.#keepsDigits = keepsDigits;
    this.#deepest = deepest;
  }

  *read(): Generator<void, Json> {
    const value = yield* this.#value();
    this.#space();
    if (this.#at < this.#text.length) throw new SyntaxError("more than a value");
    return value;
  }

  /** The value at which it stands; it is large. */
  *#value(): Generator<void, Json> {
    this.#space();
    if (this.#path.length >= this.#deepest) throw new SyntaxError("too deep");
    switch (this.#text.charCodeAt(this.#at)) {
      case openList:
        return yield* this.#list();
      case openObject:
        return yield* this.#object();
      case quote:
        return yield* this.#string();
      default: {
        // A number, or what is none of JSON: of any length.
        const from = this.#at;
        this.#at = this.#endOfWord();
        return this.#parse(this.#text.slice(from, this.#at), (path) => path);
      }
    }
  }

  *#list(): Generator<void, Json[]> {
    const list: Json[] = [];
    yield* this.#members(closeList, {
      small: (text) => {
        const base = list.length;
        for (const item of this.#parse(`[${text}]`, ([first, ...rest]) => [base + Number(first), ...rest]) as Json[]) list.push(item);
      },
      large: function* (this: Reader): Generator<void> {
        this.#path.push(list.length);
        list.push(yield* this.#value());
        this.#path.pop();
      }.bind(this),
    });
    return list;
  }

  *#object(): Generator<void, JsonObject> {
    const object: JsonObject = {};
    yield* this.#members(closeObject, {
      small: (text) => {
        const part = this.#parse(`{${text}}`, (path) => path) as JsonObject;
        for (const key of Object.keys(part)) set(object, key, part[key]!);
      },
      large: function* (this: Reader): Generator<void> {
        const key = yield* this.#string();
        this.#space();
        if (this.#text.charCodeAt(this.#at) !== colon) throw new SyntaxError("a key without a value");
        this.#at += 1;
        this.#path.push(key);
        set(object, key, yield* this.#value());
        this.#path.pop();
      }.bind(this),
    });
    return object;
  }

  /** What stands between two brackets. */
  *#members(close: number, take: { small: (text: string) => void; large: () => Generator<void> }): Generator<void> {
    this.#at += 1;
    for (let isFirst = true; ; isFirst = false) {
      this.#space();
      if (isFirst && this.#text.charCodeAt(this.#at) === close) break;
      const end = this.#endOfMembers();
      if (end > this.#at) {
        const text = this.#text.slice(this.#at, end);
        // JSON.parse would take a piece that has nothing in it.
        if (text.trim() === "") throw new SyntaxError("nothing between two commas");
        this.#at = end;
        take.small(text);
      } else yield* take.large();
      yield;
      this.#space();
      const next = this.#text.charCodeAt(this.#at);
      if (next === close) break;
      if (next !== comma) throw new SyntaxError("neither a comma nor an end");
      this.#at += 1;
    }
    this.#at += 1;
  }

  /** Where the members end that are read together: at a comma, or at the closing bracket. Where it stands: the first is too large by itself. */
  #endOfMembers(): number {
    const text = this.#text;
    const most = Math.min(text.length, this.#at + pieceUnits);
    let last = this.#at;
    let depth = 0;
    for (let at = this.#at; at < most; at += 1) {
      const code = text.charCodeAt(at);
      if (code === quote) at = endOfString(text, at, most);
      else if (code === openList || code === openObject) depth += 1;
      else if (code === closeList || code === closeObject) {
        if (depth === 0) return at;
        depth -= 1;
      } else if (code === comma && depth === 0) last = at;
    }
    return last;
  }

  /** A text of any length, cut where no escape and no character is cut. */
  *#string(): Generator<void, string> {
    if (this.#text.charCodeAt(this.#at) !== quote) throw new SyntaxError("no text");
    const pieces: string[] = [];
    let from = this.#at + 1;
    for (let isEnd = false; !isEnd;) {
      const cut = this.#endOfPiece(from);
      isEnd = this.#text.charCodeAt(cut) === quote;
      if (!isEnd && cut >= this.#text.length) throw new SyntaxError("a text without an end");
      pieces.push(JSON.parse(`"${this.#text.slice(from, cut)}"`) as string);
      from = cut;
      yield;
    }
    this.#at = from + 1;
    return pieces.join("");
  }

  /** Where a piece of a text ends: at its closing quotation mark, or behind some characters. */
  #endOfPiece(from: number): number {
    const text = this.#text;
    const most = Math.min(text.length, from + pieceUnits);
    for (let at = from; at < most; at += 1) {
      const code = text.charCodeAt(at);
      if (code === quote) return at;
      // An escape has two characters, one of a unit six.
      if (code === backslash) at += text[at + 1] === "u" ? 5 : 1;
      if (at + 7 >= most) return Math.min(at + 1, text.length);
    }
    return most;
  }

  #endOfWord(): number {
    const found = this.#text.slice(this.#at).search(/[\s,\]}]/);
    return found < 0 ? this.#text.length : this.#at + found;
  }

  #space(): void {
    const text = this.#text;
    for (; this.#at < text.length; this.#at += 1) {
      const code = text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    }
  }

  #parse(text: string, placed: (path: readonly (string | number)[]) => readonly (string | number)[]): Json {
    const told = (numbers: readonly LongNumber[]): void => {
      for (const number of numbers)
        if (this.numbers.length < mostTold) this.numbers.push({ ...number, path: [...this.#path, ...placed(number.path)] });
    };
    const value = this.#deepest > maxNesting ? parsed(text) : readAtOnce(text, this.#keepsDigits ? told : undefined);
    if (value === undefined) throw new SyntaxError("no JSON");
    return value;
  }
}

/** Not by assignment: a key may be called __proto__. */
function set(object: JsonObject, key: string, value: Json): void {
  if (key === "__proto__") Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

/** The place of the quotation mark that ends a text, or `most`. */
function endOfString(text: string, start: number, most: number): number {
  let at = start + 1;
  while (at < most && text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at;
}
