import { isJsonObject, type Json } from "#shared/json.ts";
import type { FormFault } from "./check-forms.ts";
import { show, type IssueList } from "../issue.ts";

/** Checks the schema of the input. @param schemaFault  why a value is none (shared/json/form.ts); unless given only its kind is looked at. */
export function checkInputSchema(schema: Json | undefined, schemaFault: FormFault | undefined, issues: IssueList): void {
  if (schema === undefined) return;
  const fault = isJsonObject(schema)
    ? schemaFault?.(schema)
    : `is a JSON Schema of an object, such as { "type": "object", "properties": … }`;
  if (fault === undefined) return;
  const found = isJsonObject(schema) ? "" : ` It is ${show(schema)}.`;
  issues.error("INPUT_SCHEMA_INVALID", ["input_schema"], `The document's input_schema ${fault}.${found}`);
}
