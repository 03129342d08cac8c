/** JSON Schemas (2020-12) of an object: forms that persons fill in, and the inputs of workflows. Threads run it too, so it is erasable TypeScript. */
import type { FieldProblem } from "#shared/json/form-answers.ts";
import { isJsonObject, type Json } from "#shared/json.ts";
import { schemaFault } from "#shared/json/json-schema.ts";

/** What a form, or the schema of an input, may be at most, as JSON. */
export const formBytes = 32 * 1024;

const shownProblems = 5;

/** Why a value is no form, in words that go on from its name; undefined: it is one. It computes for up to 250 ms: in a thread. */
export function formFault(form: Json): string | undefined {
  const properties = isJsonObject(form) ? form["properties"] : undefined;
  if (isJsonObject(properties) && Object.hasOwn(properties, "action"))
    return 'has no property called "action": that is where the output says which action was taken';
  return objectSchemaFault(form);
}

/** Why a value is no JSON Schema of an object, in words that go on from its name; undefined: it is one. It computes as long. */
export function objectSchemaFault(schema: Json): string | undefined {
  if (!isJsonObject(schema)) return "is a JSON Schema, an object such as { type, properties, required }";
  if (JSON.stringify(schema).length > formBytes) return `has more than ${formBytes} characters`;
  const { type } = schema;
  if (type !== undefined && type !== "object") return `describes an object: its type is "object", not ${JSON.stringify(type)}`;
  const fault = schemaFault(schema);
  return fault && `is no JSON Schema: ${fault.path} ${fault.problem.replace(/\.$/, "")}`;
}

/** The first few problems of a value, for a sentence. */
export function problemsShown(problems: readonly FieldProblem[]): string {
  return problems
    .slice(0, shownProblems)
    .map(({ field, message }) => `${field === "" ? "" : `${field}: `}${message}`)
    .join(" ");
}
