/** How values become text, and how large they are. */
import type { Json } from "#shared/json.ts";

/** A value as text: objects and arrays as JSON, null and missing ones as nothing. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  // What JSON cannot say (no number, such as NaN) says its name.
  return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? "");
}

/** UTF-8 bytes of a text. */
export function textBytes(text: string): number {
  return Buffer.byteLength(text, "utf8");
}

/** Of objects that have many. To list hundreds of thousands takes long enough that others would notice it the second time. */
const manyKeys = new WeakMap<object, readonly string[]>();

/** The keys of an object that nobody changes any more. */
export function keysOf(value: object): readonly string[] {
  const known = manyKeys.get(value);
  if (known !== undefined) return known;
  const keys = Object.keys(value);
  if (keys.length > 1_000) manyKeys.set(value, keys);
  return keys;
}

/** About how many bytes a value has as JSON (never more than it really has); stops counting once that exceeds `limit`. */
export function jsonBytes(value: Json, limit: number): number {
  if (typeof value === "string") return value.length + 2;
  // A list of what is still to be counted, not recursion: values may be nested deeper than the stack.
  const open: (Json | undefined)[] = [value];
  let bytes = 0;
  while (open.length > 0 && bytes <= limit) {
    const next = open.pop();
    if (typeof next === "string") bytes += next.length + 2;
    else if (typeof next !== "object" || next === null) bytes += 1;
    else if (Array.isArray(next)) {
      bytes += 2 + next.length;
      // Items have a byte each: a list that is too long already need not be looked into.
      if (bytes <= limit) for (const item of next) open.push(item);
    } else {
      const keys = keysOf(next);
      bytes += 2 + 4 * keys.length;
      for (const key of bytes <= limit ? keys : []) {
        bytes += key.length - 1;
        open.push(next[key]);
      }
    }
  }
  return bytes;
}
