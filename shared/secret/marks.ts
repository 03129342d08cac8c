/**
 * Secrets in a request that is still being put together. Where a stored config names one there stands a mark instead, which nobody can guess: layers are
 * merged, queries and bodies encoded, and what a caller or a model says is text and stays so, whatever it looks like. Then the marks are filled, each as its
 * place needs it.
 */
import { randomBytes } from "node:crypto";
import { isJsonObject, type Json } from "#shared/json.ts";
import { replaceSecrets } from "./references.ts";

/** The marks of one request. */
export class SecretMarks {
  /** Of letters and digits only, so that no encoding changes a mark. */
  readonly #nonce = randomBytes(12).toString("hex");
  readonly #mark = new RegExp(`secret${this.#nonce}_([A-Za-z0-9_]+?)_${this.#nonce}`, "g");

  /** A text with marks for its references. */
  text(text: string): string {
    return replaceSecrets(text, (name) => `secret${this.#nonce}_${name}_${this.#nonce}`);
  }

  /** A value with marks in its texts, however deep; keys are no texts. */
  json<T extends Json>(value: T): T {
    return this.#deep(value) as T;
  }

  /** The names that are marked in texts, each once. */
  namesIn(texts: Iterable<string>): string[] {
    // Most have none, and the pattern, which is new with each request, is compiled for none of them.
    const names = [...texts].filter((text) => this.isIn(text)).flatMap((text) => [...text.matchAll(this.#mark)].map(([, name]) => name!));
    return [...new Set(names)];
  }

  /** Whether a text has a mark. */
  isIn(text: string): boolean {
    return text.includes(this.#nonce);
  }

  /** The text with the marks replaced by what is given for their names. */
  fill(text: string, valueOf: (name: string) => string): string {
    return this.isIn(text) ? text.replace(this.#mark, (_, name: string) => valueOf(name)) : text;
  }

  /** How many characters are put into texts where they are filled. */
  charactersPutInto(texts: Iterable<string>, lengthOf: (name: string) => number): number {
    const marked = [...texts].filter((text) => this.isIn(text));
    return marked.flatMap((text) => [...text.matchAll(this.#mark)]).reduce((sum, [, name]) => sum + lengthOf(name!), 0);
  }

  /** The text as it may be shown: as its author wrote it. */
  shown(text: string): string {
    return this.fill(text, (name) => `{{ secrets.${name} }}`);
  }

  #deep(value: Json | undefined): Json | undefined {
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.#deep(item) as Json);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#deep(item)]));
  }
}
