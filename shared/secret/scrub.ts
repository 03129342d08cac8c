/** Takes secrets out of what comes back from the outside: some services repeat what they were sent. */
import type { Json } from "#shared/json.ts";
import { finishInTurns, pieceUnits } from "#shared/pieces.ts";
import { jsonBytes } from "#shared/template/text.ts";

/** Replaces each occurrence of the secrets by `***`, also in their base64, URL-encoded and JSON-escaped forms. */
export interface Scrubber {
  text(value: string): string;
  json(value: Json): Json;
  /** The same of a value of any size, in turns of the main loop. */
  jsonInTurns(value: Json): Promise<Json>;
}

/** Shorter ones would blank ordinary text, and protect nothing. */
const shortestSecret = 4;

/** @param secrets header values or keys; of `Bearer x` and `Basic x` the x is a secret too. */
export function createScrubber(secrets: readonly string[]): Scrubber {
  const forms = new Set(secrets.flatMap(partsOf).flatMap(formsOf));
  // The longest first: a part of it must not be replaced before the whole is.
  const ordered = [...forms].filter((form) => form.length >= shortestSecret).sort((a, b) => b.length - a.length);
  const text = (value: string) => ordered.reduce((scrubbed, form) => scrubbed.replaceAll(form, "***"), value);
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
  if (ordered.length > 0) return { text, json, jsonInTurns };
  return { text: (value) => value, json: (value) => value, jsonInTurns: (value) => Promise.resolve(value) };
}

const isSmall = (value: Json): boolean => jsonBytes(value, pieceUnits) <= pieceUnits;

function partsOf(secret: string): string[] {
  const [, scheme, credentials] = /^(\w+)\s+(\S.*)$/.exec(secret) ?? [];
  if (scheme === undefined || credentials === undefined) return [secret];
  if (scheme.toLowerCase() !== "basic") return [secret, credentials];
  const password = Buffer.from(credentials, "base64").toString("utf8").split(":").slice(1).join(":");
  return [secret, credentials, password];
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, "utf8");
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), bytes.toString("base64"), bytes.toString("base64url")];
}
