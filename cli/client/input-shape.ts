import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";

/** The input that a document's runs are given, by its input_schema, in a line for people: `email (string), n (integer, optional)`. */
export function inputShape(dsl: Json): string {
  return schemaShape(isJsonObject(dsl) ? dsl["input_schema"] : undefined);
}

/** What a schema takes, in such a line. */
export function schemaShape(schema: Json | undefined): string {
  if (!isJsonObject(schema)) return "any object";
  const { properties, required } = schema;
  const needed = new Set(Array.isArray(required) ? required : []);
  const fields = isJsonObject(properties) ? Object.entries(properties) : [];
  return fields.length === 0 ? "an object" : fields.map(([name, field]) => fieldShape(name, field, needed.has(name))).join(", ");
}

function fieldShape(name: string, field: Json | undefined, isNeeded: boolean): string {
  const { type, enum: values, description } = isJsonObject(field) ? field : ({} as JsonObject);
  const kind = Array.isArray(values) ? values.map((value) => JSON.stringify(value)).join(" | ") : kindOf(type);
  const words = [kind, ...(isNeeded ? [] : ["optional"])].join(", ");
  return `${name} (${words}${typeof description === "string" ? `: ${description}` : ""})`;
}

function kindOf(type: Json | undefined): string {
  return Array.isArray(type) ? type.join(" | ") : typeof type === "string" ? type : "anything";
}
