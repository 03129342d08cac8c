/**
 * JSON Schemas (2020-12) that users write. They are interpreted (@cfworker/json-schema), never compiled to code. Nothing is fetched: a
 * $ref leads into its own document. A time limit stands against patterns and documents that are made to be slow.
 */
import { Validator, type OutputUnit } from "@cfworker/json-schema";
import { metaSchema } from "./json-schema-meta.ts";
import { isQuickCheck } from "./plain-schema.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { jsonBytes } from "#shared/template/text.ts";
import { withinTime } from "#shared/time-limit.ts";

const draft = "2020-12";
/** How long is computed, at most; see {@link withinTime}. */
export interface SchemaTime {
  limitMs: number;
  patience?: number;
}

const usual: SchemaTime = { limitMs: 250 };
/** Of one value so many problems are told. */
const maxProblems = 50;

/** Why a document is no usable schema. `path` is a JSON pointer into it, as a fragment (`#/properties/a`). */
export interface SchemaFault {
  path: string;
  problem: string;
}

/** The fault of a schema that there was no time to check. */
export const tooSlowFault: SchemaFault = { path: "#", problem: `it cannot be checked within ${usual.limitMs} ms.` };

/** What is wrong with one place of a value. */
export interface SchemaProblem {
  /** Of the schema. */
  keyword: string;
  /** A JSON pointer into the value, as a fragment. */
  path: string;
  message: string;
}

/** The first fault of a schema; undefined: it can be used. Bound its size first. In a main loop: checkedSchema of schema-checks.ts. */
export function schemaFault(schema: JsonObject, { limitMs, patience } = usual): SchemaFault | undefined {
  const checked = withinTime(limitMs, () => ({ fault: metaFault(schema) ?? referenceFault(schema) }), patience);
  return checked === undefined ? tooSlowFault : checked.fault;
}

/** What is wrong with a value by a schema that {@link schemaFault} finds nothing in; undefined: that takes too long to find out. In a main loop: checkedValue. */
export function schemaProblems(schema: JsonObject, value: Json, { limitMs, patience } = usual): SchemaProblem[] | undefined {
  const isQuick = isQuickCheck(schema, value);
  const work = () => ({ result: validated(schema, value, { isQuick }) });
  const result = (isQuick ? work() : withinTime(limitMs, work, patience))?.result;
  if (result === undefined) return undefined;
  if (result.valid) return [];
  // The outer keywords repeat what the inner ones say.
  const leaves = result.errors.filter(({ keyword }) => !wrappers.has(keyword));
  const told = leaves.length > 0 ? leaves : result.errors;
  return told.slice(0, maxProblems).map(({ keyword, instanceLocation: path, error }) => ({
    ...{ keyword, path },
    message: keyword === "false" ? nothingTaken : error,
  }));
}

/** Of plain schemas: to make one copies its schema and looks through all of it, and a tool's is asked for each of its calls. */
const quickValidators = new WeakMap<JsonObject, Validator>();
/** A copy of more, such as one with long defaults, is not kept. */
const keptBytes = 16_384;

function quickValidator(schema: JsonObject): Validator {
  const known = quickValidators.get(schema);
  if (known !== undefined) return known;
  const validator = schemaValidator(schema);
  if (jsonBytes(schema, keptBytes) <= keptBytes) quickValidators.set(schema, validator);
  return validator;
}

/** undefined: there are not as many calls as levels of references, which the same value would need. */
function validated(schema: JsonObject, value: Json, { isQuick }: { isQuick: boolean }): ReturnType<Validator["validate"]> | undefined {
  try {
    return (isQuick ? quickValidator(schema) : schemaValidator(schema)).validate(value);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Of a schema `false`, such as that of all properties that `additionalProperties` does not want. */
const nothingTaken = "Nothing is taken here: leave it out.";

const wrappers = new Set(["properties", "items", "prefixItems", "additionalProperties", "patternProperties", "$ref", "allOf"]);

/** A validator of a schema; it gives all problems of a value. Run it within a time limit. */
export function schemaValidator(schema: JsonObject): Validator {
  // The validator writes into the schema that it is given.
  return new Validator(structuredClone(schema), draft, false);
}

function metaFault(schema: JsonObject): SchemaFault | undefined {
  const { valid, errors } = new Validator(structuredClone(metaSchema), draft).validate(schema);
  const told = errors.at(-1);
  if (valid || told === undefined) return undefined;
  const { instanceLocation: path, error: problem } = closest(errors, told);
  return { path, problem };
}

/** Where one of several things may stand, what is wrong with that which was meant: not that it is of the type of none of the others. */
function closest(errors: readonly OutputUnit[], told: OutputUnit): OutputUnit {
  const { instanceLocation: place } = told;
  const isOther = ({ keyword, instanceLocation }: OutputUnit) => keyword === "type" && instanceLocation === place;
  if (!isOther(told) || !errors.some(({ keyword, instanceLocation }) => keyword === "anyOf" && instanceLocation === place)) return told;
  const isWithin = ({ instanceLocation }: OutputUnit) => instanceLocation === place || instanceLocation.startsWith(`${place}/`);
  return errors.findLast((one) => isWithin(one) && !isOther(one) && !wrappers.has(one.keyword) && one.keyword !== "anyOf") ?? told;
}

function referenceFault(schema: JsonObject): SchemaFault | undefined {
  try {
    const validator = schemaValidator(schema);
    const { lookup } = validator as unknown as { lookup: Record<string, object | boolean> };
    for (const [place, part] of Object.entries(lookup)) {
      const { $ref, __absolute_ref__: target } = typeof part === "object" ? (part as JsonObject) : {};
      if (typeof $ref === "string" && typeof target === "string" && !Object.hasOwn(lookup, target)) {
        const reference = JSON.stringify($ref);
        return { path: `#${place.split("#")[1] ?? ""}`, problem: `$ref ${reference} leads nowhere in this document.` };
      }
    }
    const endless = endlessPart(lookup);
    if (endless !== undefined) return { path: `#${endless.split("#")[1] ?? ""}`, problem: endlessProblem };
    validator.validate({});
    return undefined;
  } catch (error) {
    return { path: "#", problem: error instanceof RangeError ? endlessProblem : (error as Error).message };
  }
}

const endlessProblem = "it refers to itself without end.";

/** A part that refers to itself without going deeper into the value: it would never end, whatever the value is. By the places of all parts. */
function endlessPart(lookup: Readonly<Record<string, object | boolean>>): string | undefined {
  const ended = new Set<object>();
  const under = new Set<object>();
  const endlessIn = (part: unknown): object | undefined => {
    if (typeof part !== "object" || part === null || ended.has(part)) return undefined;
    if (under.has(part)) return part;
    under.add(part);
    for (const other of sameValueParts(part, lookup)) {
      const found = endlessIn(other);
      if (found !== undefined) return found;
    }
    under.delete(part);
    ended.add(part);
    return undefined;
  };
  for (const part of Object.values(lookup)) {
    const found = endlessIn(part);
    if (found !== undefined) return Object.entries(lookup).find(([, other]) => other === found)?.[0];
  }
  return undefined;
}

/** The parts of a schema that are held against the same value as it is itself. */
function sameValueParts(part: object, lookup: Readonly<Record<string, object | boolean>>): unknown[] {
  const { $ref, __absolute_ref__: target, allOf, anyOf, oneOf, not, if: condition, then, else: otherwise, ...more } = part as JsonObject;
  const listed = [allOf, anyOf, oneOf].flatMap((list) => (Array.isArray(list) ? list : []));
  // Of a key with a list of other keys there is nothing to look at.
  const dependent = [more["dependentSchemas"], more["dependencies"]].flatMap((parts) => (isJsonObject(parts) ? Object.values(parts) : []));
  const isReferred = typeof $ref === "string" && typeof target === "string" && Object.hasOwn(lookup, target);
  return [
    ...(isReferred ? [lookup[target]] : []),
    ...listed,
    ...dependent,
    not,
    ...(condition === undefined ? [] : [condition, then, otherwise]),
  ];
}
