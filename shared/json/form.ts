/** Forms that persons fill in: JSON Schemas (2020-12) of an object. */
import { isJsonObject, type Json } from "#shared/json.ts";
import { schemaFault } from "#shared/json/json-schema.ts";

/** What a form may be at most, as JSON. */
export const formBytes = 32 * 1024;

/** Why a value is no form, in words that go on from its name; undefined: it is one. It computes for up to 250 ms: in a thread. */
export function formFault(form: Json): string | undefined {
  if (!isJsonObject(form)) return "is a JSON Schema, an object such as { type, properties, required }";
  if (JSON.stringify(form).length > formBytes) return `has more than ${formBytes} characters`;
  const { type, properties } = form;
  if (type !== undefined && type !== "object") return `describes an object: its type is "object", not ${JSON.stringify(type)}`;
  if (isJsonObject(properties) && Object.hasOwn(properties, "action"))
    return 'has no property called "action": that is where the output says which action was taken';
  const fault = schemaFault(form);
  return fault && `is no JSON Schema: ${fault.path} ${fault.problem}`;
}
