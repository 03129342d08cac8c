/** Schemas that are applied in a time that is about that of reading the value: they need no watchdog, which costs more than they do. */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";

/** None of them looks at a part of a value twice, or runs a pattern. */
const plainKeys = new Set([
  ...["$schema", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "type", "const", "enum"],
  ...[
    "properties",
    "required",
    "additionalProperties",
    "items",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
  ],
  ...["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"],
]);
const mostParts = 200;
const mostValues = 2_000;

/** By schemas, which nobody changes, whether they are plain and small. */
const plain = new WeakMap<JsonObject, boolean>();

/** Whether a schema is plain, and small, and the value that it is applied to is small. */
export function isQuickCheck(schema: JsonObject, value: Json): boolean {
  let isPlain = plain.get(schema);
  if (isPlain === undefined) plain.set(schema, (isPlain = partsOf(schema, mostParts) <= mostParts));
  return isPlain && valuesIn(value, mostValues) <= mostValues;
}

/** How many schemas it is made of; more than `most` where it is not plain. */
function partsOf(schema: Json | undefined, most: number): number {
  if (!isJsonObject(schema)) return 1;
  if (Object.keys(schema).some((key) => !plainKeys.has(key)) || listed(schema["enum"]) || valuesIn(schema["const"] ?? null, most) > most)
    return most + 1;
  const { properties, items, additionalProperties } = schema;
  const inner = [...(isJsonObject(properties) ? Object.values(properties) : []), items, additionalProperties];
  let parts = 1;
  for (const one of inner) {
    if (parts > most) break;
    if (one !== undefined) parts += partsOf(one, most - parts);
  }
  return parts;
}

/** A long list of values is compared with each value. */
function listed(values: Json | undefined): boolean {
  return Array.isArray(values) && (values.length > 100 || values.some((value) => typeof value === "object" && value !== null));
}

function valuesIn(value: Json, most: number): number {
  if (typeof value === "string") return 1 + value.length / 64;
  if (typeof value !== "object" || value === null) return 1;
  let values = 1;
  for (const inner of Object.values(value)) {
    if (values > most) break;
    values += valuesIn(inner as Json, most - values);
  }
  return values;
}
