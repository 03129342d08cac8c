/** JSON as CEL sees it, and back. Objects are wrapped, not copied: what an expression does not read costs nothing. */
import type { Json, JsonObject } from "#shared/json.ts";
import { celList, celMap, isCelList, isCelMap, isCelUint, type CelInput, type CelValue } from "@bufbuild/cel";

/** A JSON value for an expression; numbers are doubles, objects show their own keys only. */
export function toCel(value: Json): CelInput {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return celList(value.map(toCel));
  return celMap(new JsonMap(value));
}

/** The JSON of what an expression gave, or undefined when JSON has no such value (a timestamp, bytes, a type, NaN). */
export function fromCel(value: CelValue): Json | undefined {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value === "bigint") return Number(value);
  if (isCelUint(value)) return Number(value.value);
  if (isCelList(value)) return allOf([...value].map(fromCel));
  if (isCelMap(value))
    return objectOf([...value.entries()].map(([key, item]) => [isCelUint(key) ? String(key.value) : String(key), fromCel(item)]));
  return undefined;
}

function allOf(items: (Json | undefined)[]): Json | undefined {
  return items.includes(undefined) ? undefined : (items as Json[]);
}

function objectOf(entries: [string, Json | undefined][]): Json | undefined {
  return entries.some(([, item]) => item === undefined) ? undefined : Object.fromEntries(entries);
}

class JsonMap implements ReadonlyMap<string, CelInput> {
  readonly #object: JsonObject;

  constructor(object: JsonObject) {
    this.#object = object;
  }

  get size(): number {
    return Object.keys(this.#object).length;
  }

  get(key: unknown): CelInput | undefined {
    const value = typeof key === "string" && Object.hasOwn(this.#object, key) ? this.#object[key] : undefined;
    return value === undefined ? undefined : toCel(value);
  }

  has(key: unknown): boolean {
    return this.get(key) !== undefined;
  }

  keys(): MapIterator<string> {
    return Object.keys(this.#object).values();
  }

  *entries(): MapIterator<[string, CelInput]> {
    for (const key of this.keys()) yield [key, this.get(key) ?? null];
  }

  *values(): MapIterator<CelInput> {
    for (const [, value] of this.entries()) yield value;
  }

  forEach(visit: (value: CelInput, key: string, map: ReadonlyMap<string, CelInput>) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this);
  }

  [Symbol.iterator](): MapIterator<[string, CelInput]> {
    return this.entries();
  }
}
