/**
 * Writes JSON in turns: a value of many megabytes takes long to write, and who else is served here must not wait for it. Whoever gives the value
 * does not change it meanwhile.
 */
import { pieceUnits, takeInTurns, textPieces } from "#shared/pieces.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { jsonBytes, keysOf } from "#shared/template/text.ts";

/** The JSON of a value that is small; undefined for any other. */
export function smallJson(value: Json): string | undefined {
  return jsonBytes(value, pieceUnits) <= pieceUnits ? JSON.stringify(value) : undefined;
}

/** Writes a value of any size. `take` gets the pieces in order; it throws to stop. */
export function writeJson(value: Json, take: (piece: string) => void): Promise<void> {
  return takeInTurns(jsonPieces(value), take);
}

/** The pieces of a value's JSON, in order. */
export function* jsonPieces(value: Json): Generator<string> {
  if (typeof value === "string" && value.length > pieceUnits) yield* stringPieces(value);
  else if (typeof value !== "object" || value === null || jsonBytes(value, pieceUnits) <= pieceUnits) yield JSON.stringify(value);
  else if (Array.isArray(value)) yield* listPieces(value);
  else yield* objectPieces(value);
}

function* stringPieces(text: string): Generator<string> {
  yield '"';
  for (const piece of textPieces(text)) yield JSON.stringify(piece).slice(1, -1);
  yield '"';
}

function* listPieces(list: readonly Json[]): Generator<string> {
  let opening = "[";
  for (let from = 0; from < list.length;) {
    const to = batchEnd(from, list.length, (index) => list[index]);
    yield opening;
    if (to > from) yield JSON.stringify(list.slice(from, to)).slice(1, -1);
    else yield* jsonPieces(list[from] ?? null);
    opening = ",";
    from = Math.max(to, from + 1);
  }
  yield "]";
}

function* objectPieces(object: JsonObject): Generator<string> {
  const keys = keysOf(object);
  let opening = "{";
  for (let from = 0; from < keys.length;) {
    const to = batchEnd(from, keys.length, (index) => object[keys[index]!]);
    if (to > from) {
      // Not by assignment: a key may be called __proto__.
      const text = JSON.stringify(Object.fromEntries(keys.slice(from, to).map((key) => [key, object[key]]))).slice(1, -1);
      if (text !== "") {
        yield opening + text;
        opening = ",";
      }
    } else {
      yield `${opening}${JSON.stringify(keys[from])}:`;
      yield* jsonPieces(object[keys[from]!] ?? null);
      opening = ",";
    }
    from = Math.max(to, from + 1);
  }
  yield opening === "{" ? "{}" : "}";
}

/** Where the items from `from` on no longer fit into one piece; `from` when the first alone does not. */
function batchEnd(from: number, end: number, valueOf: (index: number) => Json | undefined): number {
  let units = 0;
  let to = from;
  for (; to < end; to += 1) {
    units += 8 + jsonBytes(valueOf(to) ?? null, pieceUnits);
    if (units > pieceUnits) break;
  }
  return to;
}
