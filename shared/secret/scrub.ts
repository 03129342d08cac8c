/** Takes secrets out of what comes back from the outside: some services repeat what they were sent, in errors and in answers. */
import { hash } from "node:crypto";
import type { Json } from "#shared/json.ts";
import { LruCache } from "#shared/lru-cache.ts";
import { finishInTurns, pieceUnits } from "#shared/pieces.ts";
import { jsonBytes } from "#shared/template/text.ts";
import { hiddenValue } from "./credentials.ts";
import { secretForms } from "./secret-forms.ts";

/** Replaces each occurrence of the secrets by `***`, in each of their forms (secret-forms.ts). */
export interface Scrubber {
  text(value: string): string;
  json(value: Json): Json;
  /** The same of a value of any size, in turns of the main loop. */
  jsonInTurns(value: Json): Promise<Json>;
  /** For a text that comes in pieces. */
  stream(): ScrubbedStream;
}

/** A text that comes in pieces. What may be the beginning of a secret waits for what follows. */
export interface ScrubbedStream {
  /** Takes a piece in, and gives what is sure. */
  push(piece: string): string;
  /** Nothing follows: gives what waited. */
  end(): string;
}

/** Scrubbers of late: making one takes 50 µs, and a key is used for many calls. By a hash. */
const made = new LruCache<Scrubber>({ entries: 256, bytes: 4 << 20 });

/** @param secrets header values or keys; of `Bearer x` and `Basic x` the x is a secret too. Those of less than 8 characters are left alone. */
export function createScrubber(secrets: readonly string[]): Scrubber {
  const key = hash("sha256", JSON.stringify(secrets), "base64url");
  const known = made.get(key);
  if (known !== undefined) return known;
  const forms = secretForms(secrets);
  const scrubber = forms.length === 0 ? nothingToScrub : scrubberOf(forms);
  made.set(
    key,
    scrubber,
    forms.reduce((sum, { length }) => sum + 4 * length, 0),
  );
  return scrubber;
}

function scrubberOf(forms: readonly string[]): Scrubber {
  const shortest = forms.at(-1)!.length;
  // One pattern of all: 4 ms a MiB with three keys, 80 ns for a short text; a search for each takes 840 ns for that (Node 24, November 2026).
  const pattern = new RegExp(forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "g");
  const text = (value: string) => (value.length < shortest ? value : value.replace(pattern, hiddenValue));
  const json = (value: Json): Json => {
    if (typeof value === "string") return text(value);
    if (Array.isArray(value)) return value.map(json);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [text(key), item === undefined ? undefined : json(item)]));
  };
  const jsonInTurns = async (value: Json): Promise<Json> => (isSmall(value) ? json(value) : finishInTurns(steps(value)));
  function* steps(value: Json): Generator<void, Json> {
    yield;
    if (typeof value !== "object" || value === null || isSmall(value)) return json(value);
    if (Array.isArray(value)) {
      const list: Json[] = [];
      for (const item of value) list.push(yield* steps(item));
      return list;
    }
    const entries: [string, Json][] = [];
    for (const [key, item] of Object.entries(value))
      entries.push([text(key), item === undefined ? (undefined as never) : yield* steps(item)]);
    return Object.fromEntries(entries);
  }
  return { text, json, jsonInTurns, stream: () => new FormStream(forms, pattern) };
}

const isSmall = (value: Json): boolean => jsonBytes(value, pieceUnits) <= pieceUnits;

/** A stream with secrets in it, perhaps. */
class FormStream implements ScrubbedStream {
  readonly #forms: readonly string[];
  readonly #pattern: RegExp;
  #waiting = "";

  constructor(forms: readonly string[], pattern: RegExp) {
    this.#forms = forms;
    this.#pattern = pattern;
  }

  push(piece: string): string {
    if (piece === "") return "";
    const text = this.#waiting + piece;
    const sure = this.#sureOf(text);
    let [shown, at] = ["", 0];
    for (const match of text.matchAll(this.#pattern)) {
      // One that may still become a longer one waits with it.
      if (match.index >= sure) break;
      shown += text.slice(at, match.index) + hiddenValue;
      at = match.index + match[0].length;
    }
    const end = Math.max(at, sure);
    this.#waiting = text.slice(end);
    return shown + text.slice(at, end);
  }

  end(): string {
    const rest = this.#waiting.replace(this.#pattern, hiddenValue);
    this.#waiting = "";
    return rest;
  }

  /** How much of a text is no beginning of a form. */
  #sureOf(text: string): number {
    const longest = this.#forms[0]!.length;
    for (let at = Math.max(0, text.length - longest + 1); at < text.length; at++) {
      const length = text.length - at;
      if (this.#forms.some((form) => form.length > length && form.charCodeAt(0) === text.charCodeAt(at) && form.startsWith(text.slice(at))))
        return at;
    }
    return text.length;
  }
}

const nothingToScrub: Scrubber = {
  text: (value) => value,
  json: (value) => value,
  jsonInTurns: (value) => Promise.resolve(value),
  stream: () => ({ push: (piece) => piece, end: () => "" }),
};
