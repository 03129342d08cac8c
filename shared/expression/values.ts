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
 * Two lists as one. `map` and `filter` add to their list item by item: the one that was made last grows in place, and costs what is added to it. Any other begins one that grows, and
 * stays where it is. (The library's own is made of the two; nested as deep as a list is long, it cannot be read.) `spend` is told what is made, before it is.
 */
export function joined(one: CelList, other: CelList, spend: (units: number) => void): CelList {
  const grown = one instanceof GrownList ? one : undefined;
  if (grown?.isNewest === true) {
    spend(other.size + 1);
    return grown.with(other) as unknown as CelList;
  }
  const depth = grown === undefined ? 1 : grown.depth + 1;
  const isCopied = depth > deepest || one.size <= shortItems;
  spend(other.size + (isCopied ? one.size : 0) + 1);
  const made = isCopied ? new GrownList(undefined, [...one, ...other]) : new GrownList(one, [...other], depth);
  return made as unknown as CelList;
}

/** Lists that are no longer are copied. */
const shortItems = 16;
/** Of lists each of which begins with the one before. */
const deepest = 8;

/** A list, and after it the first items of an array that it has in common with those that are made of it. */
class GrownList {
  readonly [listMark] = {};
  readonly #base: CelList | undefined;
  readonly #items: CelValue[];
  readonly #ownSize: number;
  readonly size: number;
  readonly depth: number;

  constructor(base: CelList | undefined, items: CelValue[], depth = 0) {
    this.#base = base;
    this.#items = items;
    this.#ownSize = items.length;
    this.size = (base?.size ?? 0) + items.length;
    this.depth = depth;
  }

  /** Whether none was made of it yet. */
  get isNewest(): boolean {
    return this.#items.length === this.#ownSize;
  }

  /** With more after it; it must be the newest. */
  with(other: CelList): GrownList {
    // First as a whole: it may be the same list.
    for (const item of [...other]) this.#items.push(item);
    return new GrownList(this.#base, this.#items, this.depth);
  }

  get(index: number): CelValue | undefined {
    const baseSize = this.#base?.size ?? 0;
    if (index < baseSize) return this.#base?.get(index);
    return index < this.size ? this.#items[index - baseSize] : undefined;
  }

  *values(): Generator<CelValue> {
    if (this.#base !== undefined) yield* this.#base;
    for (let index = 0; index < this.#ownSize; index++) yield this.#items[index] as CelValue;
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
