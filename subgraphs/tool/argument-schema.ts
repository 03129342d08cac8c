/** JSON Schemas of tools: checked before they are stored, and applied to the arguments of calls. */
import type { Validator } from "@cfworker/json-schema";
import { checkJson } from "#shared/fields.ts";
import { schemaFault, schemaResult, schemaValidator } from "#shared/json/json-schema.ts";
import type { JsonObject } from "#shared/json.ts";
import { toolErrors } from "./errors.ts";

const schemaBytes = 64 * 1024;
const limitMs = 250;
const maxProblems = 10;

/** Checks a schema before it is stored. @throws AppError TOOL_SCHEMA_INVALID and those of checkJson */
export function checkSchema(field: string, schema: JsonObject): JsonObject {
  checkJson(field, schema, schemaBytes);
  const fault = schemaFault(schema);
  if (fault !== undefined) throw toolErrors.TOOL_SCHEMA_INVALID({ field, path: fault.path, problem: fault.problem });
  return schema;
}

/** Checks arguments against a version's input schema. @throws AppError TOOL_ARGUMENTS_INVALID, TOOL_ARGUMENTS_TOO_SLOW */
export function checkArguments(version: { id: string; inputSchema: JsonObject }, values: JsonObject): void {
  const facts = { field: "arguments", toolVersionId: version.id };
  const result = schemaResult({ schema: version.inputSchema, value: values, validator: () => validatorOf(version), limitMs });
  if (result === undefined) throw toolErrors.TOOL_ARGUMENTS_TOO_SLOW({ ...facts, limitMs });
  if (result.valid) return;
  // The outer keywords repeat what the inner ones say; the deepest come last.
  const leaves = result.errors.filter(({ keyword }) => !wrappers.has(keyword));
  const problems = (leaves.length > 0 ? leaves : result.errors)
    .slice(0, maxProblems)
    .map(({ instanceLocation, error }) => ({ path: instanceLocation, message: error }));
  throw toolErrors.TOOL_ARGUMENTS_INVALID({ ...facts, problems });
}

const wrappers = new Set(["properties", "items", "prefixItems", "additionalProperties", "patternProperties", "$ref", "allOf"]);

const cached = new Map<string, Validator>();
const cacheLimit = 500;

/** Versions never change, so their ids are keys enough. */
function validatorOf({ id, inputSchema }: { id: string; inputSchema: JsonObject }): Validator {
  const known = cached.get(id);
  if (known !== undefined) return known;
  const validator = schemaValidator(inputSchema);
  if (cached.size >= cacheLimit) cached.delete(cached.keys().next().value!);
  cached.set(id, validator);
  return validator;
}
