/** Functions as providers of models take them. */
import type { JsonObject } from "#shared/json.ts";

/** A name that providers take: 1 to 64 letters, digits, `_` and `-`. */
export function freeName(code: string, taken: Set<string>): string {
  const base = code.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 60);
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}_${number}`;
  taken.add(name);
  return name;
}

/** Providers want an object's schema; one that says nothing takes any. */
export function parametersOf(schema: JsonObject): JsonObject {
  return schema["type"] === undefined ? { type: "object", properties: {}, ...schema } : schema;
}
