/**
 * Writes JSON in turns: a value of many megabytes takes long to write, and who else is served here must not wait for it. Whoever gives the value
 * does not change it meanwhile.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Json } from "#shared/json.ts";
import { jsonBytes } from "#shared/template/text.ts";

/** Written at once up to this size. */
const pieceUnits = 65_536;
const turnMs = 5;

/** The JSON of a value that is small; undefined for any other. */
export function smallJson(value: Json): string | undefined {
  return jsonBytes(value, pieceUnits) <= pieceUnits ? JSON.stringify(value) : undefined;
}

/** Writes a value of any size. `take` gets the pieces in order, with about how many values are in each; it throws to stop. */
export async function writeJson(value: Json, take: (piece: string, values: number) => void): Promise<void> {
  let turnAt = performance.now();
  for (const [piece, values] of pieces(value)) {
    take(piece, values);
    if (performance.now() - turnAt < turnMs) continue;
    await nextTurn();
    turnAt = performance.now();
  }
}

type Piece = readonly [text: string, values: number];

function* pieces(value: Json): Generator<Piece> {
  const units = jsonBytes(value, pieceUnits);
  if (typeof value !== "object" || value === null || units <= pieceUnits) yield [JSON.stringify(value), units];
  else if (Array.isArray(value)) yield* listPieces(value);
  else yield* objectPieces(Object.keys(value), (key) => value[key]);
}

function* listPieces(list: readonly Json[]): Generator<Piece> {
  let opening = "[";
  for (let from = 0; from < list.length;) {
    const { to, units } = batch(from, list.length, (index) => list[index]);
    yield [opening, 1];
    if (to > from) yield [JSON.stringify(list.slice(from, to)).slice(1, -1), units];
    else yield* pieces(list[from] ?? null);
    opening = ",";
    from = Math.max(to, from + 1);
  }
  yield ["]", 0];
}

function* objectPieces(allKeys: readonly string[], valueOf: (key: string) => Json | undefined): Generator<Piece> {
  const keys = allKeys.filter((key) => valueOf(key) !== undefined);
  let opening = "{";
  for (let from = 0; from < keys.length;) {
    const { to, units } = batch(from, keys.length, (index) => valueOf(keys[index]!));
    yield [opening, 1];
    // Not by assignment: a key may be called __proto__.
    const some = keys.slice(from, Math.max(to, from + 1)).map((key) => [key, to > from ? valueOf(key) : null] as const);
    const text = JSON.stringify(Object.fromEntries(some)).slice(1, -1);
    if (to > from) yield [text, units];
    else {
      yield [text.slice(0, -"null".length), 1];
      yield* pieces(valueOf(keys[from]!) ?? null);
    }
    opening = ",";
    from = Math.max(to, from + 1);
  }
  yield [keys.length === 0 ? "{}" : "}", 0];
}

/** How many from `from` on fit into one piece; `to` is `from` when the first alone does not. */
function batch(from: number, end: number, valueOf: (index: number) => Json | undefined): { to: number; units: number } {
  let units = 0;
  let to = from;
  for (; to < end; to += 1) {
    const size = jsonBytes(valueOf(to) ?? null, pieceUnits);
    if (units + size > pieceUnits) break;
    units += size;
  }
  return { to, units };
}
