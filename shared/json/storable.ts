/**
 * What can be kept: JSON and texts that PostgreSQL stores and that read back as they were, of bounded depth. The one rule for whatever callers send
 * and nodes put out. Columns of type json would take some of what is refused here (the escape of NUL, of half a character) and fail whoever reads it.
 */
import type { Json, JsonObject } from "#shared/json.ts";

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
  /** JSON of values that were written before, as JSON.stringify writes it. */
  written?: ReadonlyMap<unknown, string> | undefined;
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
  const { written, replaced } = options;
  const before = replaced?.count;
  const copy = new Walk(name, options).copy(value, 0);
  // What was written is the value as it was given.
  const text = replaced?.count === before ? written?.get(value) : undefined;
  return { value: copy, text: text ?? JSON.stringify(copy) };
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
        if (depth >= maxStorableDepth) throw this.#problem("deep", `is nested more than ${maxStorableDepth} deep`, depth);
        return Array.isArray(value) ? this.#list(value, depth) : this.#object(value, depth);
      default:
        throw this.#problem("value", value === undefined ? "is undefined" : `is a ${typeof value}`, depth);
    }
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
    // By tag, not by prototype: an object of another realm is as plain.
    const tag = Object.prototype.toString.call(object);
    if (tag !== "[object Object]") throw this.#problem("value", `is a ${tag.slice(8, -1)}`, depth);
    const copy: JsonObject = {};
    for (const key of Object.keys(object)) {
      const value = (object as Record<string, unknown>)[key];
      if (value === undefined) continue;
      this.#path[depth + 1] = key;
      let name = this.text(key, depth + 1);
      // Two keys that differ in what was replaced stay two.
      while (name !== key && (Object.hasOwn(object, name) || Object.hasOwn(copy, name))) name += "\ufffd";
      const kept = this.copy(value, depth + 1);
      if (name === "__proto__") Object.defineProperty(copy, name, { value: kept, enumerable: true, configurable: true, writable: true });
      else copy[name] = kept;
    }
    return copy;
  }

  #problem(kind: NotStorable["kind"], words: string, depth: number): NotStorable {
    const place = this.#path.slice(0, depth + 1).map((key) => storableText(String(key)).slice(0, 100));
    return new NotStorable(kind, `${excerptOf(place)} ${words}`);
  }
}

/** A place of any depth, in a sentence. */
function excerptOf(place: readonly string[]): string {
  return place.length <= 12 ? place.join(".") : `${place.slice(0, 6).join(".")}.….${place.slice(-5).join(".")}`;
}
