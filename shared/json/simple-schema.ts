/** JSON Schemas that a value is checked by in a time that is proportional to both. Threads run it too, so it is erasable TypeScript. */
import { isJsonObject, type Json } from "#shared/json.ts";

/** Keywords that look at each value once, and into nothing but its parts. */
const plainKeywords = new Set([
  "$schema",
  "$comment",
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
  "type",
  "const",
  "enum",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
]);

/** Characters of a schema that is simple; what is longer need not be looked at. */
const simpleChars = 8_192;

/**
 * Whether a schema is short and has neither patterns, nor references, nor parts that look at the same value twice: then it may be used in a main loop
 * (ADR 0011).
 */
export function isSimpleSchema(schema: Json): boolean {
  return JSON.stringify(schema).length <= simpleChars && isPlain(schema);
}

function isPlain(schema: Json | undefined): boolean {
  if (!isJsonObject(schema)) return typeof schema === "boolean";
  return Object.entries(schema).every(([keyword, value]) => plainKeywords.has(keyword) && partsOf(keyword, value).every(isPlain));
}

/** The schemas within a keyword. */
function partsOf(keyword: string, value: Json | undefined): (Json | undefined)[] {
  if (keyword === "properties") return isJsonObject(value) ? Object.values(value) : [];
  return keyword === "items" || keyword === "additionalProperties" ? [value] : [];
}
