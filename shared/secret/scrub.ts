/** Takes secrets out of what comes back from the outside: some services repeat what they were sent, in errors and in answers. */
import { hash } from "node:crypto";
import type { Json } from "#shared/json.ts";
import { LruCache } from "#shared/lru-cache.ts";
import { finishInTurns, pieceUnits } from "#shared/pieces.ts";
import { jsonBytes } from "#shared/template/text.ts";
import { FormSearch, FormStream } from "./form-search.ts";
import { secretForms, shortestSecret } from "./secret-forms.ts";

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

/** What may be hidden in one call: to make the forms of it the main loop takes 0.1 s. */
const most = { secrets: 1_000, characters: 65_536 };

/** What is wrong with so many secrets, or such long ones, in one call, each counted once; undefined: nothing. */
export function excessOfSecrets(secrets: readonly string[]): string | undefined {
  const counted = [...new Set(secrets)].filter(({ length }) => length >= shortestSecret);
  const characters = counted.reduce((sum, { length }) => sum + length, 0);
  if (counted.length <= most.secrets && characters <= most.characters) return undefined;
  const count = (value: number) => value.toLocaleString("en");
  return `it has ${count(counted.length)} secrets and credentials of ${count(characters)} characters together; one call has at most ${count(most.secrets)} of ${count(most.characters)}.`;
}

/** Scrubbers of late: making one takes 0.2 ms, and a key is used for many calls. By a hash. */
const made = new LruCache<Scrubber>({ entries: 256, bytes: 16 << 20 });

/**
 * @param secrets header values or keys; of `Bearer x` and `Basic x` the x is a secret too. Those of less than 8 characters are left alone.
 * @param given   credentials that whoever calls chose. They are hidden in what the secrets leave: beside a secret, or as the beginning of one, they must not change what is shown,
 *                for who chooses one again and again would read it.
 */
export function createScrubber(secrets: readonly string[], given: readonly string[] = []): Scrubber {
  if (secrets.length === 0 && given.length === 0) return nothingToScrub;
  const key = hash("sha256", JSON.stringify([secrets, given]), "base64url");
  const known = made.get(key);
  if (known !== undefined) return known;
  const rounds = [secrets, given].map(secretForms).filter((forms) => forms.length > 0);
  const scrubber = rounds.length === 0 ? nothingToScrub : scrubberOf(rounds);
  // A character, and what a node of the tree has (form-tree.ts).
  const bytes = 14 * rounds.flat().reduce((sum, { length }) => sum + length, 0);
  made.set(key, scrubber, bytes);
  return scrubber;
}

function scrubberOf(rounds: readonly (readonly string[])[]): Scrubber {
  const searches = rounds.map((forms) => new FormSearch(forms));
  const text = (value: string) => searches.reduce((shown, search) => search.text(shown), value);
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
  return { text, json, jsonInTurns, stream: () => new RoundsStream(searches) };
}

const isSmall = (value: Json): boolean => jsonBytes(value, pieceUnits) <= pieceUnits;

class RoundsStream implements ScrubbedStream {
  readonly #rounds: readonly FormStream[];

  constructor(searches: readonly FormSearch[]) {
    this.#rounds = searches.map((search) => new FormStream(search));
  }

  push(piece: string): string {
    return this.#rounds.reduce((shown, round) => round.push(shown), piece);
  }

  end(): string {
    return this.#rounds.reduce((shown, round) => round.push(shown) + round.end(), "");
  }
}

const nothingToScrub: Scrubber = {
  text: (value) => value,
  json: (value) => value,
  jsonInTurns: (value) => Promise.resolve(value),
  stream: () => ({ push: (piece) => piece, end: () => "" }),
};
