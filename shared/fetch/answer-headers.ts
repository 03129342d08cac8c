/** The headers of an answer, from undici's. */
import { isUtf8 } from "node:buffer";
import type { Dispatcher } from "undici";

/** Headers by lower-case name. */
export interface AnswerHeaders {
  /** A name that came several times is joined by `, `. `set-cookie` is not among them: its values have commas of their own. */
  headers: Record<string, string>;
  /** One for each `set-cookie`. */
  setCookies: string[];
}

type RawHeaders = Dispatcher.ResponseData["headers"];

/** Sorts them. */
export function readHeaders(raw: RawHeaders): AnswerHeaders {
  const { "set-cookie": cookies, ...others } = raw;
  const headers = Object.entries(others).map(([name, value]) => [name, valuesOf(value).join(", ")] as const);
  return { headers: Object.fromEntries(headers), setCookies: valuesOf(cookies) };
}

/** Where a redirect leads; undefined: nowhere. Beyond ASCII it is UTF-8, as browsers take it. */
export function locationOf(raw: RawHeaders): string | undefined {
  const [location] = valuesOf(raw["location"]);
  if (location === undefined) return undefined;
  const bytes = Buffer.from(location, "latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : location;
}

function valuesOf(value: RawHeaders[string]): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
