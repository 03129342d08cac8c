/**
 * Writes JSON in turns: a value of many megabytes takes long to write, and who else is served here must not wait for it. Whoever gives the value
 * does not change it meanwhile.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Json, JsonObject } from "#shared/json.ts";
import { jsonBytes, keysOf } from "#shared/template/text.ts";

/** Written at once up to this size. */
const pieceUnits = 65_536;
const turnMs = 5;

/** The JSON of a value that is small; undefined for any other. */
export function smallJson(value: Json): string | undefined {
  return jsonBytes(value, pieceUnits) <= pieceUnits ? JSON.stringify(value) : undefined;
}

/** Writes a value of any size. `take` gets the pieces in order; it throws to stop. */
export async function writeJson(value: Json, take: (piece: string) => void): Promise<void> {
  let turnAt = performance.now();
  for (const piece of pieces(value)) {
    take(piece);
    if (performance.now() - turnAt < turnMs) continue;
    await nextTurn();
    turnAt = performance.now();
  }
}

function* pieces(value: Json): Generator<string> {
  if (typeof value === "string" && value.length > pieceUnits) yield* textPieces(value);
  else if (typeof value !== "object" || value === null || jsonBytes(value, pieceUnits) <= pieceUnits) yield JSON.stringify(value);
  else if (Array.isArray(value)) yield* listPieces(value);
  else yield* objectPieces(value);
}

/** A character that is cut in two is written as two escapes, which are one character again when they are read. */
function* textPieces(text: string): Generator<string> {
  yield '"';
  for (let from = 0; from < text.length; from += pieceUnits) yield JSON.stringify(text.slice(from, from + pieceUnits)).slice(1, -1);
  yield '"';
}

function* listPieces(list: readonly Json[]): Generator<string> {
  let opening = "[";
  for (let from = 0; from < list.length;) {
    const to = batchEnd(from, list.length, (index) => list[index]);
    yield opening;
    if (to > from) yield JSON.stringify(list.slice(from, to)).slice(1, -1);
    else yield* pieces(list[from] ?? null);
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
      yield* pieces(object[keys[from]!] ?? null);
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
