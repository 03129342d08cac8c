/** JSON Schemas (2020-12) of an object: forms that persons fill in, and the inputs of workflows. Threads run it too, so it is erasable TypeScript. */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { schemaFault, schemaValidator } from "#shared/json/json-schema.ts";
import { withinTime } from "#shared/time-limit.ts";

/** What a form, or the schema of an input, may be at most, as JSON. */
export const formBytes = 32 * 1024;

/** Of one answer so many problems are told. */
const maxProblems = 50;
const shownProblems = 5;
const limitMs = 250;

/** What is wrong with one field of an answer. */
export interface FieldProblem {
  /** A JSON pointer into the answer; "" for the answer as a whole. */
  field: string;
  message: string;
}

/** Why a value is no form, in words that go on from its name; undefined: it is one. */
export function formFault(form: Json): string | undefined {
  const properties = isJsonObject(form) ? form["properties"] : undefined;
  if (isJsonObject(properties) && Object.hasOwn(properties, "action"))
    return 'has no property called "action": that is where the output says which action was taken';
  return objectSchemaFault(form);
}

/** Why a value is no JSON Schema of an object, in words that go on from its name; undefined: it is one. */
export function objectSchemaFault(schema: Json): string | undefined {
  if (!isJsonObject(schema)) return "is a JSON Schema, an object such as { type, properties, required }";
  if (JSON.stringify(schema).length > formBytes) return `has more than ${formBytes} characters`;
  const { type } = schema;
  if (type !== undefined && type !== "object") return `describes an object: its type is "object", not ${JSON.stringify(type)}`;
  const fault = schemaFault(schema);
  return fault && `is no JSON Schema: ${fault.path} ${fault.problem}`;
}

/** Everything that is wrong with values by a JSON Schema of an object, each with its field; none: they fit. undefined: that takes too long to find out. */
export function schemaProblems(schema: JsonObject, values: JsonObject): FieldProblem[] | undefined {
  const result = withinTime(limitMs, () => schemaValidator({ type: "object", ...schema }).validate(values));
  if (result === undefined) return undefined;
  if (result.valid) return [];
  // The outer keywords repeat what the inner ones say.
  const leaves = result.errors.filter(({ keyword }) => !wrappers.has(keyword));
  const told = leaves.length > 0 ? leaves : result.errors;
  return told.slice(0, maxProblems).map(({ keyword, instanceLocation, error }) => {
    const at = instanceLocation.slice(1);
    return { field: keyword === "required" ? `${at}/${missingIn(error)}` : at, message: error };
  });
}

/** The first few of them, for a sentence. */
export function problemsShown(problems: readonly FieldProblem[]): string {
  return problems
    .slice(0, shownProblems)
    .map(({ field, message }) => `${field === "" ? "" : `${field}: `}${message}`)
    .join(" ");
}

const wrappers = new Set(["properties", "items", "prefixItems", "additionalProperties", "patternProperties", "$ref", "allOf"]);

/** The validator names it in its sentence only. */
function missingIn(error: string): string {
  return (/property "(.*)"/.exec(error)?.[1] ?? "").replaceAll("~", "~0").replaceAll("/", "~1");
}
