import type { JsonObject } from "#shared/json.ts";

/** The first of these keys that holds text, as it stands in the config; empty where none does. */
export function configText(config: JsonObject, ...keys: string[]): string {
  for (const key of keys) {
    const value = config[key];
    if (typeof value === "string") return value;
  }
  return "";
}
