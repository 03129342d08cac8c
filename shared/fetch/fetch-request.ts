/** What a stranger may put into an outgoing request: checked before anything is resolved or sent. */
import { fetchErrors } from "./fetch-errors.ts";

// RFC 9110's token; and field values without control characters, so that no header smuggles another one in.
const namePattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
const valuePattern = /^[\t\x20-\x7e\x80-\xff]*$/;
const methodPattern = /^[A-Z]{1,16}$/;

// They belong to the connection or are made from the URL and the body.
const unsettable = new Set([
  "host",
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "content-length",
  "expect",
  "http2-settings",
  "accept-encoding",
]);

// What may follow a redirect to another origin; everything else could be a secret made for the first one.
const portableHeaders = new Set(["accept", "accept-language", "content-type", "user-agent", "traceparent"]);

/** Parses and checks a URL. @throws AppError FETCH_REQUEST_INVALID */
export function checkedUrl(text: string, base?: URL): URL {
  if (!URL.canParse(text, base?.href)) throw invalid("its URL cannot be read");
  const url = new URL(text, base?.href);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw invalid("its URL is neither http nor https");
  if (url.username || url.password) throw invalid("its URL carries credentials; use a header");
  return url;
}

/** Upper-cases and checks a method. CONNECT and TRACE are tunnels and mirrors, not requests. @throws AppError FETCH_REQUEST_INVALID */
export function checkedMethod(method: string): string {
  const upper = method.toUpperCase();
  if (!methodPattern.test(upper) || upper === "CONNECT" || upper === "TRACE")
    throw invalid(`its method ${JSON.stringify(method)} is not allowed`);
  return upper;
}

/** Lower-cases names and checks names and values; of one name given twice the later wins. @throws AppError FETCH_REQUEST_INVALID */
export function checkedHeaders(headers: Record<string, string>): Record<string, string> {
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (!namePattern.test(name)) throw invalid(`${JSON.stringify(name)} is not a header name`);
    if (unsettable.has(lower)) throw invalid(`the header ${lower} cannot be set`);
    if (!valuePattern.test(value)) throw invalid(`the value of the header ${lower} has characters that headers cannot carry`);
    checked[lower] = value;
  }
  return checked;
}

/** Parts of a request that are for its origin alone. */
export interface SecretParts {
  /** Names of headers, in lower case. */
  headers: ReadonlySet<string>;
  body: boolean;
}

/** A request on its way through redirects. */
export interface Hop {
  url: URL;
  method: string;
  headers: Record<string, string>;
  body: string | Uint8Array | undefined;
  secret?: SecretParts | undefined;
}

/**
 * The request that a redirect asks for: 303, and 301 or 302 after a POST, become GET without a body; another origin gets no header that
 * could be a secret. undefined: another origin would get a body with a secret in it, so it is not followed.
 *
 * @throws AppError FETCH_REQUEST_INVALID when it leaves https or names no usable URL
 */
export function redirectedHop(hop: Hop, status: number, location: string): Hop | undefined {
  const url = checkedUrl(location, hop.url);
  if (hop.url.protocol === "https:" && url.protocol === "http:") throw invalid("it is redirected from https to http");
  const isSame = url.origin === hop.url.origin;
  const headers = isSame ? hop.headers : pick(hop.headers, (name) => portableHeaders.has(name) && hop.secret?.headers.has(name) !== true);
  const becomesGet = status === 303 ? hop.method !== "HEAD" : status < 303 && hop.method === "POST";
  if (!becomesGet && !isSame && hop.body !== undefined && hop.secret?.body === true) return undefined;
  if (!becomesGet) return { ...hop, url, headers };
  const { "content-type": _, ...rest } = headers;
  return { ...hop, url, method: "GET", headers: rest, body: undefined };
}

function pick(headers: Record<string, string>, isTaken: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isTaken(name)));
}

function invalid(problem: string) {
  return fetchErrors.FETCH_REQUEST_INVALID({ problem, retryable: false, effectUnknown: false });
}
