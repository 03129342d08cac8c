/** JSON as CEL sees it, and back. Objects and lists are wrapped, not copied: what an expression does not read costs nothing. */
import type { Json, JsonObject } from "#shared/json.ts";
import { celList, celMap, isCelList, isCelMap, isCelUint, type CelInput, type CelList, type CelValue } from "@bufbuild/cel";

/** A JSON value for an expression; numbers are doubles, objects show their own keys only. */
export function toCel(value: Json): CelInput {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return new JsonList(value) as unknown as CelList;
  return celMap(new JsonMap(value));
}

/** To make a list or an object takes as long as some items. */
const containerUnits = 5;

/** The JSON of what an expression gave, or undefined when JSON has no such value (a timestamp, bytes, a type, NaN). `spend` is told what is made, before it is. */
export function fromCel(value: CelValue, spend: (units: number) => void): Json | undefined {
  if (typeof value === "string") spend(value.length);
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value === "bigint") return Number(value);
  if (isCelUint(value)) return Number(value.value);
  if (isCelList(value)) {
    spend(value.size + containerUnits);
    return allOf(Array.from(value, (item) => fromCel(item, spend)));
  }
  if (!isCelMap(value)) return undefined;
  spend(value.size + containerUnits);
  return objectOf([...value.entries()].map(([key, item]) => [isCelUint(key) ? String(key.value) : String(key), fromCel(item, spend)]));
}

function allOf(items: (Json | undefined)[]): Json | undefined {
  return items.includes(undefined) ? undefined : (items as Json[]);
}

function objectOf(entries: [string, Json | undefined][]): Json | undefined {
  return entries.some(([, item]) => item === undefined) ? undefined : Object.fromEntries(entries);
}

/** CEL's own list type wraps an array, whose items it copies; by this registered symbol it knows other lists. */
const listMark = (Object.getOwnPropertySymbols(celList([])) as [symbol])[0];

class JsonList {
  readonly [listMark] = {};
  readonly #items: readonly Json[];

  constructor(items: readonly Json[]) {
    this.#items = items;
  }

  get size(): number {
    return this.#items.length;
  }

  get(index: number): CelValue | undefined {
    const item = Number.isInteger(index) ? this.#items[index] : undefined;
    return item === undefined ? undefined : (toCel(item) as CelValue);
  }

  *values(): Generator<CelValue> {
    for (const item of this.#items) yield toCel(item) as CelValue;
  }

  [Symbol.iterator](): Generator<CelValue> {
    return this.values();
  }
}

/**
 * Two lists as one. `map` and `filter` add to their list item by item: the one that was made last grows in place, and costs what is added to it. The library's
 * own is made of the two; nested as deep as a list is long, it cannot be read. `spend` is told what is made, before it is.
 */
export function joined(one: CelList, other: CelList, spend: (units: number) => void): CelList {
  const grows = one instanceof GrownList && one.isNewest;
  spend(other.size + (grows ? 0 : one.size) + 1);
  const items = grows ? one.items : [...one];
  // First as a whole: it may be the same list.
  for (const item of [...other]) items.push(item);
  return new GrownList(items) as unknown as CelList;
}

/** The first items of an array that those made of it have in common with it. */
class GrownList {
  readonly [listMark] = {};
  readonly items: CelValue[];
  readonly size: number;

  constructor(items: CelValue[]) {
    this.items = items;
    this.size = items.length;
  }

  /** Whether none was made of it yet. */
  get isNewest(): boolean {
    return this.items.length === this.size;
  }

  get(index: number): CelValue | undefined {
    return index < this.size ? this.items[index] : undefined;
  }

  *values(): Generator<CelValue> {
    for (let index = 0; index < this.size; index++) yield this.items[index] as CelValue;
  }

  [Symbol.iterator](): Generator<CelValue> {
    return this.values();
  }
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
