/** The ways in which a secret is written where somebody repeats it. */

/** Shorter ones are words of ordinary text, and protect nothing. */
export const shortestSecret = 8;

/** Of longer ones rare forms are left out: each would be as long again, or seven times. */
const longSecret = 2_048;

/**
 * Every form of the secrets, each once: as it is, in JSON, in HTML, in URLs and forms, in hex, and in base64 wherever in a longer text it begins.
 *
 * @param secrets header values or keys; of `Bearer x` and `Basic x` the x is a secret too.
 */
export function secretForms(secrets: readonly string[]): string[] {
  const parts = new Set(secrets.flatMap(partsOf).filter((part) => part.length >= shortestSecret));
  return [...new Set([...parts].flatMap(formsOf))];
}

function partsOf(secret: string): string[] {
  const [, scheme, credentials] = /^(\w+)\s+(\S.*)$/s.exec(secret) ?? [];
  if (scheme === undefined || credentials === undefined) return [secret];
  if (scheme.toLowerCase() !== "basic") return [secret, credentials];
  const password = Buffer.from(credentials, "base64").toString("utf8").split(":").slice(1).join(":");
  return [secret, credentials, password];
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, "utf8");
  const hex = bytes.toString("hex");
  const percent = hex.replace(/../g, "%$&");
  const inBase64 = [0, 1, 2].map((offset) => base64Within(bytes, offset));
  return [
    secret,
    ...formsInJson(secret),
    ...formsInHtml(secret),
    ...formsInUrl(secret),
    hex,
    hex.toUpperCase(),
    percent,
    percent.toUpperCase(),
    bytes.toString("base64"),
    ...inBase64,
    ...inBase64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
  ];
}

/**
 * JSON as its writers write it: Go and Rails escape what HTML knows, PHP the slash too, Python and PHP what is not ASCII; each again in capitals, as .NET does
 * anyway, and where JSON stands within JSON.
 */
function formsInJson(secret: string): string[] {
  const escape = (characters: RegExp) => (text: string) => text.replace(characters, unicodeEscape);
  const withSlash = (text: string) => text.replaceAll("/", "\\/");
  const plain = JSON.stringify(secret).slice(1, -1);
  const written = [plain, escape(/[<>&]/g)(plain), escape(/[<>&']/g)(plain)].flatMap((text) => [text, escape(/[^ -~]/g)(text)]);
  const all = [...written, ...written.map(withSlash)];
  if (secret.length > longSecret) return all;
  const capitals = all.map((text) => text.replace(/\\u[0-9a-f]{4}/g, (one) => `\\u${one.slice(2).toUpperCase()}`));
  const dotNet = jsonOfDotNet(secret);
  return [...all, ...capitals, dotNet, ...[...all, dotNet].map((text) => JSON.stringify(text).slice(1, -1))];
}

/** System.Text.Json escapes whatever may mean something to HTML, the quote and the plus of base64 among it; in capitals. */
function jsonOfDotNet(secret: string): string {
  const quoted = secret.split('"').map((text) => JSON.stringify(text).slice(1, -1));
  return quoted.join("\\u0022").replace(/[<>&'`+]|[^ -~]/g, (character) => `\\u${unicodeEscape(character).slice(2).toUpperCase()}`);
}

const unicodeEscape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** The ways to write the two quotes, of which a page has one. */
const quotesInHtml = [
  ["&quot;", "&#39;"],
  ["&quot;", "&#x27;"],
  ["&quot;", "&#039;"],
  ["&quot;", "&apos;"],
  ["&#34;", "&#39;"],
  ['"', "'"],
] as const;

function formsInHtml(secret: string): string[] {
  const text = secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const written = quotesInHtml.map(([double, single]) => text.replaceAll('"', double).replaceAll("'", single));
  if (secret.length > longSecret) return written;
  return [...written, ...plusesInHtml.flatMap((plus) => written.map((one) => one.replaceAll("+", plus))), htmlOfDotNet(secret)];
}

/** Of Go's html/template, and of .NET. */
const plusesInHtml = ["&#43;", "&#x2B;"] as const;

/** Its HtmlEncoder leaves letters of Basic Latin alone. */
function htmlOfDotNet(secret: string): string {
  const named: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return secret.replace(/["&'+<>`]|[^ -~]/gu, (one) => named[one] ?? `&#x${one.codePointAt(0)!.toString(16).toUpperCase()};`);
}

/** The slash is no escape to some, and marks that may stay are one to others. */
function formsInUrl(secret: string): string[] {
  const inUrl = encodeURIComponent(secret.toWellFormed());
  const strict = inUrl.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  const written = [inUrl, strict].flatMap((text) => [text, text.replaceAll("%2F", "/")]);
  const all = [...written, ...written.map((text) => text.replaceAll("%20", "+")), new URLSearchParams([["", secret]]).toString().slice(1)];
  return [...all, ...all.map((text) => text.replace(/%../g, (escape) => escape.toLowerCase()))];
}

/** The characters of base64 that are the secret's alone where so many bytes stand before it, modulo 3. */
function base64Within(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
  return text.slice(Math.ceil((8 * offset) / 6), Math.floor((8 * (offset + bytes.length)) / 6));
}
