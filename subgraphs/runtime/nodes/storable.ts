/**
 * What can be kept: JSON and texts that PostgreSQL stores and that read back as they were, of bounded depth and size. The one rule for outputs,
 * updates of the state, artifacts, spans, and what callers send. PostgreSQL's json type would take some of what is refused here (the escape of NUL,
 * of half a character) and fail whoever reads it; found out at the flush, a value would fail all runs that share it.
 */
import type { Json, JsonObject } from "#shared/json.ts";
import type { ArtifactDraft, NodeOutcome } from "./executor.ts";

/** The most that one node may put out; what exceeds a hot row (2 kB) becomes an artifact up to this. */
export const maxOutputBytes = 50 * 1024 * 1024;

/** Levels of lists and objects. Fewer than what may come from outside (512), for much is put around an output on its way. */
export const maxStorableDepth = 256;

/** Why a value cannot be kept. text: a character. deep: its nesting. value: no JSON. large: its size, or that of the state that it makes. */
export class NotStorable extends Error {
  override readonly name = "NotStorable";
  readonly kind: "text" | "deep" | "value" | "large";
  readonly code: "OUTPUT_NOT_STORABLE" | "OUTPUT_TOO_LARGE" | "STATE_TOO_LARGE";
  /** What is wrong, from its place on: `outputJson.a.1 is NaN`. */
  readonly problem: string;

  constructor(kind: NotStorable["kind"], problem: string, code: NotStorable["code"] = "OUTPUT_NOT_STORABLE") {
    super(code === "OUTPUT_NOT_STORABLE" ? `The node's output cannot be kept: ${problem}.` : problem);
    this.kind = kind;
    this.code = code;
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

/** An outcome that can be kept, with the JSON texts of its parts. */
export interface StorableOutcome<Outcome> {
  /** The outcome as it reads back, or the failure that takes its place. */
  outcome: Outcome | FailedOutcome;
  outputJson?: string;
  stateUpdates?: string;
  artifacts: readonly StorableArtifact[];
}

/** An artifact that can be kept; `json`: its contentJson. */
export interface StorableArtifact {
  draft: ArtifactDraft;
  json: string | undefined;
}

type CompletedOutcome = Extract<NodeOutcome, { kind: "completed" }>;
type FailedOutcome = Extract<NodeOutcome, { kind: "failed" }>;

/** Text from outside, with what PostgreSQL cannot store (NUL, half characters) made visible instead. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "\ufffd");
}

/** Checks a text. @throws NotStorable */
export function checkStorableText(text: string, name: string): string {
  new Walk(name).text(text, 0);
  return text;
}

/** Checks a JSON value by walking it once. @throws NotStorable, which names the place beneath `name` */
export function storableJson(value: unknown, name: string): StorableJson {
  const walk = new Walk(name);
  const copy = walk.copy(value, 0);
  return { value: copy, text: JSON.stringify(copy) };
}

/** Checks all that an outcome would store. One that cannot be kept is a failure instead; a failure loses what cannot be kept of it. Throws for bugs only. */
export function storableOutcome<Outcome extends { kind: string }>(outcome: Outcome | NodeOutcome): StorableOutcome<Outcome | NodeOutcome> {
  if (outcome.kind === "completed") return completedOrFailed(outcome as CompletedOutcome);
  return outcome.kind === "failed" ? failedStorable(outcome as FailedOutcome) : { outcome, artifacts: [] };
}

/** The failure of a node whose outcome cannot be kept. Anything but NotStorable is thrown on. */
export function notStorableFailure(cause: unknown, usage: CompletedOutcome["usage"]): FailedOutcome {
  if (!(cause instanceof NotStorable)) throw cause;
  return { kind: "failed", code: cause.code, message: cause.message, retryable: false, ...(usage !== undefined && { usage }) };
}

function completedOrFailed(outcome: CompletedOutcome): StorableOutcome<NodeOutcome> {
  try {
    return completedStorable(outcome);
  } catch (cause) {
    return { outcome: notStorableFailure(cause, outcome.usage), artifacts: [] };
  }
}

function completedStorable(given: CompletedOutcome): StorableOutcome<NodeOutcome> {
  const { outputText, route } = given;
  if (outputText !== undefined) checkStorableText(outputText, "outputText");
  if (route !== undefined) checkStorableText(route, "route");
  const outputJson = jsonOf(given.outputJson, "outputJson");
  refuseLarge("output", outputText, outputJson?.text);
  const stateUpdates = jsonOf(given.stateUpdates, "stateUpdates");
  refuseLarge("output", stateUpdates?.text);
  const artifacts = (given.artifacts ?? []).map(artifactStorable);
  const outcome = {
    ...given,
    ...(outputJson !== undefined && { outputJson: outputJson.value }),
    ...(stateUpdates !== undefined && { stateUpdates: stateUpdates.value as JsonObject }),
    ...(given.artifacts !== undefined && { artifacts: artifacts.map(({ draft }) => draft) }),
  };
  return {
    outcome,
    ...(outputJson !== undefined && { outputJson: outputJson.text }),
    ...(stateUpdates !== undefined && { stateUpdates: stateUpdates.text }),
    artifacts,
  };
}

function artifactStorable(given: ArtifactDraft, index: number): StorableArtifact {
  const { contentJson, ...texts } = given;
  for (const [field, text] of Object.entries(texts)) checkStorableText(text, `artifacts.${index}.${field}`);
  const json = jsonOf(contentJson, `artifacts.${index}.contentJson`);
  refuseLarge("artifact", texts.contentText, json?.text);
  return { draft: { ...texts, ...(json !== undefined && { contentJson: json.value }) }, json: json?.text };
}

/** A failure keeps its story even when the output that goes with it cannot be kept. */
function failedStorable(given: FailedOutcome): StorableOutcome<NodeOutcome> {
  const { outputJson: output, ...failure } = given;
  const outcome = { ...failure, code: storableText(failure.code), message: storableText(failure.message) };
  try {
    const outputJson = jsonOf(output, "outputJson");
    refuseLarge("output", outputJson?.text);
    if (outputJson === undefined) return { outcome, artifacts: [] };
    return { outcome: { ...outcome, outputJson: outputJson.value }, outputJson: outputJson.text, artifacts: [] };
  } catch (cause) {
    if (!(cause instanceof NotStorable)) throw cause;
    return { outcome, artifacts: [] };
  }
}

/** null is no output, as absent is. */
function jsonOf(value: Json | undefined, name: string): StorableJson | undefined {
  return value === undefined || value === null ? undefined : storableJson(value, name);
}

function refuseLarge(what: string, ...texts: (string | undefined)[]): void {
  const bytes = texts.reduce((sum, text) => sum + (text === undefined ? 0 : Buffer.byteLength(text)), 0);
  if (bytes > maxOutputBytes) throw tooLarge(what);
}

function tooLarge(what: string): NotStorable {
  return new NotStorable("large", `The node's ${what} is larger than ${maxOutputBytes} bytes.`, "OUTPUT_TOO_LARGE");
}

/** One value, walked: checked and copied as it reads back. */
class Walk {
  /** Keys and indexes from the value down to where the walk is. */
  readonly #path: (string | number)[];
  #units = 0;

  constructor(name: string) {
    this.#path = [name];
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
    if (text.includes("\u0000")) throw this.#problem("text", "has the character NUL (\\u0000)", depth);
    if (!text.isWellFormed()) throw this.#problem("text", "has half a character (a lone surrogate)", depth);
    // A unit of UTF-16 takes a byte at least: told before its JSON is made.
    this.#units += text.length;
    if (this.#units > maxOutputBytes) throw tooLarge("output");
    return text;
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
      this.text(key, depth + 1);
      const kept = this.copy(value, depth + 1);
      if (key === "__proto__") Object.defineProperty(copy, key, { value: kept, enumerable: true, configurable: true, writable: true });
      else copy[key] = kept;
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
