/** JSON Schemas of tools: checked before they are stored, and applied to the arguments of calls. */
import { checkJson } from "#shared/fields.ts";
import { checkedSchema, checkedValue } from "#shared/json/schema-checks.ts";
import type { JsonObject } from "#shared/json.ts";
import { toolErrors } from "./errors.ts";

const schemaBytes = 64 * 1024;
/** As json-schema.ts has it. */
const limitMs = 250;
const maxProblems = 10;

/** Checks a schema before it is stored. @throws AppError TOOL_SCHEMA_INVALID and those of checkJson and {@link checkedSchema} */
export async function checkSchema(tenantId: string, field: string, schema: JsonObject): Promise<JsonObject> {
  checkJson(field, schema, schemaBytes);
  const fault = await checkedSchema({ tenantId, whenBusy: "refuse" }, schema);
  if (fault !== undefined) throw toolErrors.TOOL_SCHEMA_INVALID({ field, path: fault.path, problem: fault.problem });
  return schema;
}

/** Whose call it is: by a node it may have to wait for its turn. */
export interface ArgumentsCall {
  tenantId: string;
  signal?: AbortSignal | undefined;
}

/** Checks arguments against a version's input schema. @throws AppError TOOL_ARGUMENTS_INVALID, TOOL_ARGUMENTS_TOO_SLOW and those of {@link checkedValue} */
export async function checkArguments(
  { tenantId, signal }: ArgumentsCall,
  version: { id: string; inputSchema: JsonObject },
  values: JsonObject,
): Promise<void> {
  const facts = { field: "arguments", toolVersionId: version.id };
  const call = { tenantId, whenBusy: "wait" as const, ...(signal !== undefined && { signal }) };
  const problems = await checkedValue(call, version.inputSchema, values);
  if (problems === undefined) throw toolErrors.TOOL_ARGUMENTS_TOO_SLOW({ ...facts, limitMs });
  if (problems.length === 0) return;
  throw toolErrors.TOOL_ARGUMENTS_INVALID({
    ...facts,
    problems: problems.slice(0, maxProblems).map(({ path, message }) => ({ path, message })),
  });
}
