/** The label of a body: its media type and charset, as servers write them. */

/** A content-type, read. */
export interface MediaType {
  /** `type/subtype` in lower case; empty: there is none that can be read. */
  essence: string;
  charset: string | undefined;
}

const essencePattern = /^[!#$%&'*+.^_`|~0-9a-z-]+\/[!#$%&'*+.^_`|~0-9a-z-]+$/;
const textTypes =
  /^(text\/.+|application\/(.+\+)?(xml|yaml|javascript)|application\/(x-ndjson|x-www-form-urlencoded|ecmascript|graphql|toml|sql)|.+\+xml)$/;

/** Reads a content-type; of several, the last that can be read counts, as in browsers. */
export function readMediaType(contentType: string | undefined): MediaType {
  const types = splitOutsideQuotes(contentType ?? "", ",").map(readOne);
  const last = types.findLast(({ essence }) => essence !== "" && essence !== "*/*");
  // A charset that an earlier value of the same type gave still counts.
  const charset = last?.charset ?? types.findLast((type) => type.essence === last?.essence && type.charset !== undefined)?.charset;
  return { essence: last?.essence ?? "", charset };
}

/** Whether a body of the type is JSON: application/json, text/json, and all that ends in +json. */
export function isJsonType({ essence }: MediaType): boolean {
  return /^(application|text)\/(x-)?json$/.test(essence) || essence.endsWith("+json");
}

/** Whether the type promises text: then bytes that are none are shown as U+FFFD, and do not make the body binary. */
export function isTextType(type: MediaType): boolean {
  return isJsonType(type) || type.charset !== undefined || textTypes.test(type.essence);
}

/**
 * What a web page is called that came where something else was asked for, such as `text/html`: the answer of a proxy, a log-in or a wrong
 * URL. undefined: it is no page.
 *
 * @param start  the body's first characters: some servers call everything text/html.
 */
export function pageInstead(contentType: string | undefined, start: string): string | undefined {
  const { essence } = readMediaType(contentType);
  const isCalledPage = essence === "text/html" || essence === "application/xhtml+xml";
  if (isCalledPage && /^\s*(<|$)/.test(start)) return essence;
  return /^\s*<(!doctype html|html)\b/i.test(start) ? "text/html" : undefined;
}

/** Blanks have one way to be read: a header has up to 64 KiB, and of two ways each of so many was tried with each. */
const charsetPattern = /^charset\s*=\s*(?:["']\s*)?([^"'\s][^"']*)?["']?$/i;

function readOne(text: string): MediaType {
  const [type = "", ...parameters] = splitOutsideQuotes(text, ";").map((part) => part.trim());
  const essence = type.toLowerCase();
  const charset = parameters.map((parameter) => charsetPattern.exec(parameter)?.[1]?.trim()).find(Boolean);
  return { essence: essencePattern.test(essence) ? essence : "", charset };
}

function splitOutsideQuotes(text: string, separator: "," | ";"): string[] {
  return text.match(separator === "," ? /(?:"[^"]*"|[^,])+/g : /(?:"[^"]*"|[^;])+/g) ?? [];
}
