/**
 * What a tool call becomes, from the node's config, the binding's and the version's invokeConfig. Pure. The order, first given wins:
 * url: config, invoke · base_url: config, binding, invoke · path: config, invoke · method: invoke, config, GET.
 * Merged by key, later wins, shallow: query: invoke, arguments, config · body: invoke, arguments, config · headers: invoke, binding, config.
 * arguments are query for GET, HEAD and DELETE, body for all others.
 */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { jsonBytes } from "#shared/template/text.ts";
import { climbs, withoutSlashesBehind } from "#shared/url-path.ts";
import { readCallConfig, type CallConfig, type SealedHeader } from "./call-config.ts";
import { toolErrors } from "./errors.ts";

/** The layers of a call. */
export interface ToolCallLayers {
  /** The caller's: a node's rendered config. */
  config: JsonObject;
  /** The binding's config as stored; {} without a binding. */
  binding: JsonObject;
  /** The tool version's invokeConfig as stored; {} without a version. */
  invoke: JsonObject;
  arguments?: JsonObject | undefined;
}

/** A secret header that the call would carry, and which layer it is of. */
export interface SecretHeader extends SealedHeader {
  layer: "binding" | "invoke";
}

/** A call, ready but for its secrets. */
export interface ResolvedToolCall {
  method: string;
  url: URL;
  /** By lower-case name. */
  headers: Map<string, string | SecretHeader>;
  body: string | undefined;
  /** How the body is written. */
  bodyForm: "json" | "form" | "text";
  timeoutSeconds: number | undefined;
}

/**
 * Resolves a call (S-89 to S-95).
 *
 * @throws AppError TOOL_URL_MISSING, TOOL_CONFIG_INVALID
 */
export function resolveToolCall(layers: ToolCallLayers): ResolvedToolCall {
  const { config, binding, invoke } = readLayers(layers);
  const url = urlOf(config, binding, invoke);
  if (url === undefined) throw toolErrors.TOOL_URL_MISSING({ field: "config.base_url" });
  const method = invoke.method ?? config.method ?? "GET";
  const asQuery = method === "GET" || method === "HEAD" || method === "DELETE";
  const given = asQuery ? layers.arguments : undefined;
  checkQueryLength([invoke.query ?? {}, given ?? {}, config.query ?? {}]);
  addQuery(url, { ...invoke.query, ...given, ...config.query });
  checkLength("url", url.href.length);
  const body = mergedBody([invoke.body, asQuery ? undefined : layers.arguments, config.body]);
  const headers = mergedHeaders(config, binding, invoke);
  return {
    method,
    url,
    headers,
    ...encodedBody(body, headers),
    timeoutSeconds: config.timeoutSeconds ?? binding.timeoutSeconds ?? invoke.timeoutSeconds,
  };
}

/** The origin that a call goes to when its caller says nothing about it: what secrets are bound to. undefined: nothing says. */
export function homeOrigin(layers: Pick<ToolCallLayers, "binding" | "invoke">): string | undefined {
  const { config, binding, invoke } = readLayers({ config: {}, ...layers });
  return urlOf(config, binding, invoke)?.origin;
}

function readLayers({ config, binding, invoke }: ToolCallLayers) {
  return {
    config: readCallConfig("config", config, { sealed: false }),
    binding: readCallConfig("binding.config", binding, { sealed: true }),
    invoke: readCallConfig("invokeConfig", invoke, { sealed: true }),
  };
}

function urlOf(config: CallConfig, binding: CallConfig, invoke: CallConfig): URL | undefined {
  const whole = config.url ?? invoke.url;
  if (whole !== undefined) return parseUrl(config.url === undefined ? "invokeConfig.url" : "config.url", whole);
  const base = config.baseUrl ?? binding.baseUrl ?? invoke.baseUrl;
  if (base === undefined) return undefined;
  return withPath(parseUrl("base_url", base), config.path ?? invoke.path ?? "");
}

function parseUrl(field: string, text: string): URL {
  checkLength(field, text.length);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw toolErrors.TOOL_CONFIG_INVALID({ field, problem: `${JSON.stringify(text.slice(0, 200))} is no http or https URL.` });
  }
  if (url.username || url.password)
    throw toolErrors.TOOL_CONFIG_INVALID({ field, problem: "it carries credentials. Put them in the binding's secretHeaders." });
  url.hash = "";
  return url;
}

/** The longest URL of a call, in characters. Few servers take a tenth of it, and to read one of half a million, or to write it, holds everybody up. */
const longestUrl = 65_536;

/** @throws AppError TOOL_CONFIG_INVALID */
function checkLength(field: string, length: number): void {
  if (length <= longestUrl) return;
  const problem = `the URL of the call has more than ${longestUrl.toLocaleString("en")} characters. Give what is long in the body, with a method that has one.`;
  throw toolErrors.TOOL_CONFIG_INVALID({ field, problem });
}

/**
 * Before they are merged or written, which takes a tenth of a second for 50,000 arguments. Written they have more characters, not fewer.
 *
 * @param queries  a later one's keys win
 * @throws AppError TOOL_CONFIG_INVALID
 */
function checkQueryLength(queries: readonly JsonObject[]): void {
  let characters = 0;
  const winning = queries.flatMap((query, place) =>
    Object.keys(query).flatMap((key) =>
      queries.slice(place + 1).some((later) => Object.hasOwn(later, key)) ? [] : [[key, query[key]] as const],
    ),
  );
  for (const [key, value] of winning) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item === null || item === undefined) continue;
      characters += key.length + 2 + (typeof item === "object" ? jsonBytes(item, longestUrl) : String(item).length);
      checkLength("query", characters);
    }
  }
}

/** Beneath the base, whatever the path looks like: set as a pathname it can never name another host, and it may not climb. */
function withPath(base: URL, path: string): URL {
  checkLength("path", path.length);
  const [pathname = "", query = ""] = splitOnce(path, "?");
  if (climbs(path)) {
    const problem = `${JSON.stringify(path.slice(0, 200))} has the step "..", which would leave the base URL. Name the path without it.`;
    throw toolErrors.TOOL_CONFIG_INVALID({ field: "path", problem });
  }
  const tail = pathname.replace(/^\/+/, "");
  if (tail !== "") base.pathname = `${withoutSlashesBehind(base.pathname)}/${tail}`;
  base.search = joinedQuery(base.search.slice(1), query);
  return base;
}

function splitOnce(text: string, separator: string): string[] {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

/**
 * Sets keys of a URL's query. What it has beside them stays byte for byte as it is: a signature is made over bytes, and written anew (`%20` as
 * `+`, `~` as `%7E`) it would not fit.
 */
function addQuery(url: URL, query: JsonObject): void {
  if (Object.keys(query).length === 0) return;
  const kept = url.search
    .slice(1)
    .split("&")
    .filter((pair) => !Object.hasOwn(query, keyOf(pair)));
  url.search = joinedQuery(kept.join("&"), encodedQuery(query));
}

function keyOf(pair: string): string {
  const [key = ""] = new URLSearchParams(pair).keys();
  return key;
}

function joinedQuery(first: string, second: string): string {
  return first !== "" && second !== "" ? `${first}&${second}` : first + second;
}

function encodedQuery(query: JsonObject): string {
  const encoded = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null && item !== undefined) encoded.append(key, typeof item === "object" ? JSON.stringify(item) : String(item));
    }
  }
  return encoded.toString();
}

function mergedBody(parts: (Json | undefined)[]): Json | undefined {
  return parts.reduce<Json | undefined>((body, part) => {
    if (part === undefined || part === null) return body;
    if (!isJsonObject(part)) return part;
    if (isJsonObject(body)) return { ...body, ...part };
    // No arguments change nothing about a body that is not an object.
    return body !== undefined && Object.keys(part).length === 0 ? body : part;
  }, undefined);
}

function mergedHeaders(config: CallConfig, binding: CallConfig, invoke: CallConfig): ResolvedToolCall["headers"] {
  const merged: ResolvedToolCall["headers"] = new Map();
  for (const [layer, { headers }] of [
    ["invoke", invoke],
    ["binding", binding],
    ["config", config],
  ] as const) {
    for (const [name, value] of headers) {
      if (value === null) merged.delete(name);
      else if (typeof value === "string") merged.set(name, value);
      else if (layer !== "config") merged.set(name, { ...value, layer });
    }
  }
  return merged;
}

/** The body's bytes; sets content-type where no layer did. */
function encodedBody(body: Json | undefined, headers: ResolvedToolCall["headers"]): Pick<ResolvedToolCall, "body" | "bodyForm"> {
  if (body === undefined) return { body, bodyForm: "text" };
  const given = headers.get("content-type");
  const type = typeof given === "string" ? given.toLowerCase() : given;
  if (typeof body === "string") {
    if (type === undefined) headers.set("content-type", "text/plain; charset=utf-8");
    return { body, bodyForm: typeof type === "string" ? formOf(type) : "text" };
  }
  if (typeof type === "string" && formOf(type) === "form" && isJsonObject(body)) return { body: encodedQuery(body), bodyForm: "form" };
  if (type === undefined) headers.set("content-type", "application/json");
  return { body: JSON.stringify(body), bodyForm: "json" };
}

/** How a text of a media type is written. */
function formOf(type: string): ResolvedToolCall["bodyForm"] {
  if (type.startsWith("application/x-www-form-urlencoded")) return "form";
  return /^[\w.+-]+\/([\w.-]+\+)?json\b/.test(type) ? "json" : "text";
}
