/**
 * Persisted queries, of which the router keeps none: what they save a client its plans save the router already. Whoever sends the hash of a query alone is
 * told PERSISTED_QUERY_NOT_SUPPORTED, in the words and with the status by which clients know to send the text; what comes with its text is answered by that.
 */
import type { HTTPGraphQLRequest } from "@apollo/server";
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import { readJson } from "#shared/json/nesting.ts";
import { acceptsJson } from "./stream-formats.ts";

/** A request as Apollo Server is to see it, which looks for the hash first. */
export function withoutPersisted(read: HTTPGraphQLRequest): HTTPGraphQLRequest {
  const { query, extensions } = read.method === "GET" ? searched(read.search) : posted(read.body);
  if (!isJsonObject(extensions) || extensions["persistedQuery"] === undefined) return read;
  if (typeof query !== "string" || query === "") return toldAsJson(read);
  const { persistedQuery: _, ...rest } = extensions;
  if (read.method !== "GET") return { ...read, body: { ...(read.body as JsonObject), extensions: rest } };
  const search = new URLSearchParams(read.search);
  search.set("extensions", JSON.stringify(rest));
  return { ...read, search: `?${search.toString()}` };
}

interface Asked {
  query?: unknown;
  extensions?: unknown;
}

const posted = (body: unknown): Asked => (isJsonObject(body) ? body : {});

function searched(search: string): Asked {
  const parameters = new URLSearchParams(search);
  return { query: parameters.get("query"), extensions: readJson(parameters.get("extensions") ?? "null") };
}

/** Who would take a stream alone for an answer must hear the refusal too. */
function toldAsJson(read: HTTPGraphQLRequest): HTTPGraphQLRequest {
  if (!acceptsJson(read.headers.get("accept") ?? "*/*")) read.headers.set("accept", "application/json");
  return read;
}
