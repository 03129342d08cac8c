/** A provider as requests see it: where it is, as whom it is asked, and what must not be shown of that. */
import type { EgressPolicy } from "#shared/fetch/egress.ts";
import { createScrubber, type Scrubber } from "#shared/secret/scrub.ts";

/** Where to ask, and as whom. */
export interface ProviderTarget {
  /** null: the configured provider. */
  code: string | null;
  baseUrl: string;
  apiKey: string | undefined;
  /** The header that carries the key as it is; undefined: `authorization`, as a bearer token. */
  apiKeyHeader: string | undefined;
  /** Sent with every request, by lower-case name; as secret as the key. */
  headers: Record<string, string>;
  /** Added to the URL of every request, such as `api-version`. */
  query: Record<string, string>;
  egress: EgressPolicy;
}

/** Takes the provider's key, and the values of its headers, out of what the provider says of them. */
export function secretScrubber({ apiKey, headers }: Pick<ProviderTarget, "apiKey" | "headers">): Scrubber {
  const secrets = Object.values(headers);
  return createScrubber(apiKey === undefined ? secrets : [apiKey, ...secrets]);
}

/** The URL of a path beneath the provider's base. */
export function requestUrl({ baseUrl, query }: ProviderTarget, path: string): string {
  const added = Object.entries(query).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  return baseUrl + path + (added.length === 0 ? "" : `?${added.join("&")}`);
}
