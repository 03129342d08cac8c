/**
 * What can be kept: JSON and texts that PostgreSQL stores and that read back as they were, of bounded depth. The one rule for whatever callers send
 * and nodes put out. Columns of type json would take some of what is refused here (the escape of NUL, of half a character) and fail whoever reads it.
 */
import { jsonPieces } from "#shared/json-writer.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { finishInTurns, joinInTurns, pieceUnits } from "#shared/pieces.ts";
import { jsonBytes } from "#shared/template/text.ts";

/** Levels of lists and objects. Fewer than what may come from outside (512), for much is put around a value on its way. */
export const maxStorableDepth = 256;

/** Why a value cannot be kept. text: a character. deep: its nesting. value: no JSON. large: its size. */
export class NotStorable extends Error {
  override readonly name = "NotStorable";
  readonly kind: "text" | "deep" | "value" | "large";
  /** What is wrong, from its place on: `outputJson.a.1 is NaN`. */
  readonly problem: string;

  constructor(kind: NotStorable["kind"], problem: string) {
    super(problem);
    this.kind = kind;
    this.problem = problem;
  }
}

/** A value that was checked. */
export interface StorableJson {
  /** As it reads back: without absent keys, and no part of it is shared with what was given. */
  value: Json;
  /** As JSON.stringify writes it. */
  text: string;
}

/** Counts characters that could not be stored, and that U+FFFD stands for now. */
export interface Replaced {
  count: number;
}

/** How a value is looked at. */
export interface StorableOptions {
  /** Where given, what PostgreSQL cannot store of texts and keys is replaced and counted there; else it is refused. */
  replaced?: Replaced;
  /** What its texts and keys may take; told before JSON is made of them. */
  maxBytes?: number;
}

/** Text from outside, with what PostgreSQL cannot store (NUL, half characters) made visible instead. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "\ufffd");
}

/** Gives a text back that can be kept: itself, unless something of it is replaced. @throws NotStorable */
export function requireStorableText(text: string, name: string, options: StorableOptions = {}): string {
  return new Walk(name, options).text(text, 0);
}

/** Checks a JSON value by walking it once; what cannot be stored of its texts and keys is refused, or replaced. @throws NotStorable, which names the place beneath `name` */
export function storableJson(value: unknown, name: string, options: StorableOptions = {}): StorableJson {
  const known = typeof value === "object" && value !== null ? ahead.get(value) : undefined;
  if (known?.problem !== undefined && known.name === name && known.maxBytes === options.maxBytes) throw known.problem;
  if (
    known?.json !== undefined &&
    known.units <= (options.maxBytes ?? Infinity) &&
    (known.replaced === 0 || options.replaced !== undefined)
  ) {
    if (options.replaced !== undefined) options.replaced.count += known.replaced;
    return known.json;
  }
  const copy = new Walk(name, options).copy(value, 0);
  return { value: copy, text: JSON.stringify(copy) };
}

/** A value that was walked before it is asked for. */
interface Ahead {
  name: string;
  maxBytes: number | undefined;
  units: number;
  replaced: number;
  json?: StorableJson;
  problem?: NotStorable;
}

/** By the value as it was given, which nobody changes. */
const ahead = new WeakMap<object, Ahead>();

/** Does what {@link storableJson} does with a large value in turns of the main loop: it finds it done, once or more often. */
export async function storableAhead(value: object, name: string, options: Required<StorableOptions>): Promise<void> {
  const walk = new Walk(name, options);
  const facts = () => ({ name, maxBytes: options.maxBytes, units: walk.units, replaced: options.replaced.count });
  try {
    const copy = await finishInTurns(walk.steps(value, 0));
    ahead.set(value, { ...facts(), json: { value: copy, text: await joinInTurns(jsonPieces(copy)) } });
  } catch (cause) {
    if (!(cause instanceof NotStorable)) throw cause;
    ahead.set(value, { ...facts(), problem: cause });
  }
}

/** One value, walked: checked and copied as it reads back. */
class Walk {
  /** Keys and indexes from the value down to where the walk is. */
  readonly #path: (string | number)[];
  readonly #maxBytes: number;
  readonly #replaced: Replaced | undefined;
  #units = 0;

  constructor(name: string, { maxBytes = Infinity, replaced }: StorableOptions) {
    this.#path = [name];
    this.#maxBytes = maxBytes;
    this.#replaced = replaced;
  }

  /** Characters of texts and keys so far. */
  get units(): number {
    return this.#units;
  }

  /** As {@link copy}, of what is large in steps. */
  *steps(value: unknown, depth: number): Generator<void, Json> {
    yield;
    if (typeof value !== "object" || value === null || jsonBytes(value as Json, pieceUnits) <= pieceUnits) return this.copy(value, depth);
    this.#requireDepth(depth);
    return Array.isArray(value) ? yield* this.#listSteps(value, depth) : yield* this.#objectSteps(value, depth);
  }

  *#listSteps(list: readonly unknown[], depth: number): Generator<void, Json[]> {
    const copy: Json[] = [];
    for (let index = 0; index < list.length; index++) {
      this.#path[depth + 1] = index;
      copy.push(yield* this.steps(list[index], depth + 1));
    }
    return copy;
  }

  *#objectSteps(object: object, depth: number): Generator<void, JsonObject> {
    const copy: JsonObject = {};
    for (const key of this.#keys(object, depth)) {
      const value = (object as Record<string, unknown>)[key];
      if (value === undefined) continue;
      const name = this.#keyOf(key, { object, copy }, depth);
      set(copy, name, yield* this.steps(value, depth + 1));
    }
    return copy;
  }

  copy(value: unknown, depth: number): Json {
    switch (typeof value) {
      case "string":
        return this.text(value, depth);
      case "number":
        if (!Number.isFinite(value)) throw this.#problem("value", `is ${value}`, depth);
        // -0 reads back as 0.
        return value + 0;
      case "boolean":
        return value;
      case "object":
        if (value === null) return null;
        this.#requireDepth(depth);
        return Array.isArray(value) ? this.#list(value, depth) : this.#object(value, depth);
      default:
        throw this.#problem("value", value === undefined ? "is undefined" : `is a ${typeof value}`, depth);
    }
  }

  #requireDepth(depth: number): void {
    if (depth >= maxStorableDepth) throw this.#problem("deep", `is nested more than ${maxStorableDepth} deep`, depth);
  }

  text(text: string, depth: number): string {
    const hasNul = text.includes("\u0000");
    const isStorable = !hasNul && text.isWellFormed();
    if (!isStorable && this.#replaced === undefined) {
      throw this.#problem("text", hasNul ? "has the character NUL (\\u0000)" : "has half a character (a lone surrogate)", depth);
    }
    // A unit of UTF-16 takes a byte at least.
    this.#units += text.length;
    if (this.#units > this.#maxBytes) throw this.#problem("large", `is larger than ${this.#maxBytes} bytes`, 0);
    return isStorable ? text : this.#replacedText(text);
  }

  #replacedText(text: string): string {
    const storable = storableText(text);
    // Each stands for one unit.
    for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) !== storable.charCodeAt(at)) this.#replaced!.count += 1;
    return storable;
  }

  #list(list: readonly unknown[], depth: number): Json[] {
    const copy: Json[] = [];
    for (let index = 0; index < list.length; index++) {
      this.#path[depth + 1] = index;
      copy.push(this.copy(list[index], depth + 1));
    }
    return copy;
  }

  #object(object: object, depth: number): JsonObject {
    const copy: JsonObject = {};
    for (const key of this.#keys(object, depth)) {
      const value = (object as Record<string, unknown>)[key];
      if (value === undefined) continue;
      const name = this.#keyOf(key, { object, copy }, depth);
      set(copy, name, this.copy(value, depth + 1));
    }
    return copy;
  }

  #keys(object: object, depth: number): string[] {
    // By tag, not by prototype: an object of another realm is as plain.
    const tag = Object.prototype.toString.call(object);
    if (tag !== "[object Object]") throw this.#problem("value", `is a ${tag.slice(8, -1)}`, depth);
    return Object.keys(object);
  }

  #keyOf(key: string, { object, copy }: { object: object; copy: JsonObject }, depth: number): string {
    this.#path[depth + 1] = key;
    let name = this.text(key, depth + 1);
    // Two keys that differ in what was replaced stay two.
    while (name !== key && (Object.hasOwn(object, name) || Object.hasOwn(copy, name))) name += "\ufffd";
    return name;
  }

  #problem(kind: NotStorable["kind"], words: string, depth: number): NotStorable {
    const place = this.#path.slice(0, depth + 1).map((key) => storableText(String(key)).slice(0, 100));
    return new NotStorable(kind, `${excerptOf(place)} ${words}`);
  }
}

/** Not by assignment: a key may be called __proto__. */
function set(object: JsonObject, key: string, value: Json): void {
  if (key === "__proto__") Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

/** A place of any depth, in a sentence. */
function excerptOf(place: readonly string[]): string {
  return place.length <= 12 ? place.join(".") : `${place.slice(0, 6).join(".")}.….${place.slice(-5).join(".")}`;
}
