/** Any value that JSON can say. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** A JSON object; absent keys read as undefined. */
export interface JsonObject {
  [key: string]: Json | undefined;
}

/** True for a plain object: neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
