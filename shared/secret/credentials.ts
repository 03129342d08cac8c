/** What is a credential by its name, and how it is shown. */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";

/** What is shown instead of a secret. */
export const hiddenValue = "***";

/** In characters: of a secret, of a header, of a credential in a URL. Servers take half of it. */
export const longestCredential = 16_384;

const names =
  /^(authentication|(proxy-|x-)?auth(orization)?|cookie)$|token|secret|passw(or)?d|credential|signature|(api|access|auth|account|license|shared|functions|subscription)[-_]?key/i;

/** Whether a name, of a header or of a query parameter, says that its value is a credential. */
export function isCredentialName(name: string): boolean {
  return names.test(name);
}

/** Headers or query parameters as they may be shown. */
export function withoutCredentials(values: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, isQueryCredential(name) && value !== null ? hiddenValue : value]),
  );
}

/** A URL as it may be shown: without user and password, values of query parameters that are named like credentials hidden. */
export function shownUrl(url: URL): string {
  const shown = new URL(url);
  if (shown.username || shown.password) [shown.username, shown.password] = ["", ""];
  for (const name of new Set(shown.searchParams.keys())) if (isQueryCredential(name)) shown.searchParams.set(name, hiddenValue);
  return shown.href;
}

const urlKeys = new Set(["url", "base_url", "source_url"]);

/** A node's config of an HTTP request as it may be shown: its URLs, query and headers without credentials. */
export function shownRequestConfig(config: JsonObject): JsonObject {
  const shown = (key: string, value: Json | undefined): Json | undefined => {
    if (urlKeys.has(key) && typeof value === "string") return URL.canParse(value) ? shownUrl(new URL(value)) : value;
    return (key === "headers" || key === "query") && isJsonObject(value) ? withoutCredentials(value) : value;
  };
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, shown(key, value)]));
}

/** Whether the name of a query parameter says that its value is a credential. Many services call it just `key`. */
export function isQueryCredential(name: string): boolean {
  return isCredentialName(name) || name.toLowerCase() === "key";
}
