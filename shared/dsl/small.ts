/**
 * What may be evaluated in a main loop, where other tenants wait for it: only what is small by this rule; all else goes to a thread. It counts
 * characters and items and never the time, so it holds on every machine.
 *
 * 1. The config's templates and expressions are short (`configChars`, `brackets`, `configValues`), and simple (shared/template/simple.ts,
 *    shared/expression/simple.ts): what they make is at most a few times what they read.
 * 2. What they read, each value as often as it is read, is at most `readUnits` characters and items. Values are measured up to that and no further.
 */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { AppError } from "#shared/errors.ts";
import { compileExpression } from "#shared/expression/expression.ts";
import { isShortExpression, type SimpleRead } from "#shared/expression/simple.ts";
import { readPath } from "#shared/template/path.ts";
import type { ReadAs, TemplateScope } from "#shared/template/scope.ts";
import { compileTemplate } from "#shared/template/template.ts";
import { jsonBytes } from "#shared/template/text.ts";
import { configTexts, type ConfigText, type TextSpec } from "./node-texts.ts";

/** Up to which size something is small. */
export const smallLimits = {
  /** Characters of all templates and expressions of a config together. */
  configChars: 8_192,
  /** Opening brackets in them: names that are computed by names that are computed take long to read. */
  brackets: 100,
  /** Values of the fields that have templates. */
  configValues: 1_000,
  /** Characters and items of what they read. */
  readUnits: 16_384,
} as const;

/** What the texts of each config read, null where they are not simple. A config of a plan is one object however often its node runs. */
const known = new WeakMap<JsonObject, readonly SimpleRead[] | null>();

/** Whether a config's texts can be evaluated over a scope in a main loop. */
export function isSmall(spec: TextSpec, config: JsonObject, scope: TemplateScope): boolean {
  let reads = known.get(config);
  if (reads === undefined) known.set(config, (reads = simpleConfig(spec, config)));
  if (reads === null) return false;
  let left: number = smallLimits.readUnits;
  for (const { path, as } of reads) {
    left -= unitsRead(scope, path, as, left);
    if (left < 0) return false;
  }
  return true;
}

/** The texts of a config when all of them together are short; null otherwise. Nothing is read of them yet. */
export function shortTexts(spec: TextSpec, config: JsonObject): ConfigText[] | null {
  const fields = new Set(spec.templates.map(({ field }) => field.split(".")[0] ?? ""));
  let left: number = smallLimits.configValues;
  for (const field of fields) left -= valueCount(config[field], left);
  if (left < 0) return null;
  let chars = 0;
  let brackets = 0;
  const texts = [...configTexts(spec, config)];
  for (const { text, kind } of texts) {
    chars += text.length;
    if (chars > smallLimits.configChars) return null;
    for (let at = text.indexOf("["); at >= 0; at = text.indexOf("[", at + 1)) brackets += 1;
    if (brackets > smallLimits.brackets || (kind === "expression" && !isShortExpression(text))) return null;
  }
  return texts;
}

function simpleConfig(spec: TextSpec, config: JsonObject): readonly SimpleRead[] | null {
  const reads: SimpleRead[] = [];
  for (const text of shortTexts(spec, config) ?? [null]) {
    // Of a list nobody has counted its items yet.
    const isMany = text?.kind === "expression" && spec.isEachItem === true;
    const found = text === null || isMany ? null : simpleText(text);
    if (found === null) return null;
    reads.push(...found);
  }
  return reads;
}

/** A text that is no template or expression at all is said to be simple: that is what evaluating it will tell. */
function simpleText({ text, kind, names }: ConfigText): readonly SimpleRead[] | null {
  try {
    if (kind === "expression") return compileExpression(text, names).simple;
    return compileTemplate(text).simple?.map((path) => ({ path, as: "value" })) ?? null;
  } catch (error) {
    if (error instanceof AppError) return [];
    throw error;
  }
}

/** Beyond `limit` it need not be right. */
function unitsRead(scope: TemplateScope, path: readonly string[], as: ReadAs, limit: number): number {
  const parent = readPath(scope, path.slice(0, -1));
  const last = path.at(-1) ?? "";
  // Its keys are counted.
  const isCount = last === "size" && isJsonObject(parent) && !Object.hasOwn(parent, last);
  const value = (isCount ? parent : readPath(scope, path)) as Json | undefined;
  if (typeof value === "string") return as === "value" || as === "members" ? value.length + 1 : 1;
  if (typeof value !== "object" || value === null || as === "presence") return 1;
  const isList = Array.isArray(value);
  if ((as === "size" && isList) || (as === "members" && !isList)) return 1;
  return jsonBytes(value, limit);
}

/** Values in a value, itself included; beyond `limit` it need not be right. */
function valueCount(value: Json | undefined, limit: number): number {
  const open: (Json | undefined)[] = [value];
  let count = 0;
  while (open.length > 0 && count <= limit) {
    const next = open.pop();
    count += 1;
    if (typeof next !== "object" || next === null) continue;
    const items = Object.values(next);
    if (items.length + count > limit) return limit + 1;
    open.push(...items);
  }
  return count;
}
