/** The part of a scope that a config's texts read: so little is handed to another thread. */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { AppError } from "#shared/errors.ts";
import { compileExpression } from "#shared/expression/expression.ts";
import type { ReadAs, TemplateScope } from "#shared/template/scope.ts";
import { compileTemplate } from "#shared/template/template.ts";
import { configTexts, type TextSpec } from "./node-texts.ts";

/** What the texts of a config read. */
export interface ConfigReads {
  paths: { path: readonly string[]; as: ReadAs }[];
  /** False: nobody knows; it may be anything. */
  complete: boolean;
}

/** Reads every text of a config; one that is not valid reads nothing. */
export function configReads(spec: TextSpec, config: JsonObject): ConfigReads {
  const reads: ConfigReads = { paths: [], complete: true };
  for (const { text, kind, names } of configTexts(spec, config)) {
    try {
      const compiled = kind === "template" ? compileTemplate(text) : compileExpression(text, names);
      if ("referencesComplete" in compiled) reads.complete &&= compiled.referencesComplete;
      reads.paths.push(...compiled.references.map(({ path, as }) => ({ path, as })));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  }
  return reads;
}

/** What is wanted of a value: all of it, what its members are called, and more of some of them. */
interface Want {
  whole: boolean;
  outline: boolean;
  members: Map<string, Want>;
}

/** The scope with what is read, and nothing else of what is large: whatever evaluates the texts cannot tell the difference. Shares its values. */
export function scopeRead(scope: TemplateScope, { paths, complete }: ConfigReads): TemplateScope {
  if (!complete) return scope;
  const root = noWant();
  for (const { path, as } of paths) want(root, path, as);
  const { current, item, index, loop: variables, run, session } = scope;
  const whole = { input: scope.input, state: scope.state, nodes: scope.nodes, ...(session && { session }) } as JsonObject;
  const { input = {}, state = {}, nodes = {}, session: said } = partOf(whole, root) as unknown as Partial<TemplateScope>;
  const loop = variables === undefined ? {} : { loop: variables };
  // The item whole: a template's own variable is often called so too, and then nobody knows which is read.
  const facts = { ...(run && { run }), ...(said && { session: said }) };
  return { input, state, nodes, current, ...facts, ...(item !== undefined && { item }), ...(index !== undefined && { index }), ...loop };
}

function noWant(): Want {
  return { whole: false, outline: false, members: new Map() };
}

function want(root: Want, path: readonly string[], as: ReadAs): void {
  let at = root;
  for (const step of path) {
    // Of an object without such a key templates count the keys.
    if (step === "size") at.outline = true;
    const next = at.members.get(step) ?? noWant();
    at.members.set(step, next);
    at = next;
  }
  if (as === "value") at.whole = true;
  else if (as !== "presence") at.outline = true;
  // Of a list its items are looked at.
  if (as === "members") at.members.set("0", at.members.get("0") ?? noWant());
}

function partOf(value: Json, wanted: Want): Json {
  if (wanted.whole || typeof value !== "object" || value === null) return value;
  // Places in a list, such as the last, are known to the list alone.
  if (Array.isArray(value)) return wanted.members.size > 0 ? value : wanted.outline ? value.map(outlineOf) : [];
  const part: [string, Json][] = [];
  if (wanted.outline)
    for (const [key, item] of Object.entries(value)) if (!wanted.members.has(key)) part.push([key, outlineOf(item ?? null)]);
  for (const [key, member] of wanted.members) if (Object.hasOwn(value, key)) part.push([key, partOf(value[key] ?? null, member)]);
  return Object.fromEntries(part);
}

/** Something of the same kind that is there as much as the value is. */
function outlineOf(value: Json): Json {
  if (typeof value === "string") return "";
  return isJsonObject(value) ? {} : Array.isArray(value) ? [] : value;
}
