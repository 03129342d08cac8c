/** What threads run of JSON Schemas (schema-checks.ts). Erasable TypeScript only, as all that it imports: Node runs it without a build step. */
import { schemaFault, schemaProblems, type SchemaFault, type SchemaProblem } from "#shared/json/json-schema.ts";
import type { Json, JsonObject } from "#shared/json.ts";

/** The first fault of a schema; null: none. */
export function faultOf({ schema }: { schema: JsonObject }): SchemaFault | null {
  return schemaFault(schema) ?? null;
}

/** What is wrong with a value; null: that takes too long to find out. */
export function problemsOf({ schema, value }: { schema: JsonObject; value: Json }): SchemaProblem[] | null {
  return schemaProblems(schema, value) ?? null;
}
