/** Errors within what a provider answers: with status 200, in the middle of a stream, in the many places that providers have for them. */
import type { Scrubber } from "#shared/secret/scrub.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { jsonPieces } from "#shared/json-writer.ts";
import { isErrorName } from "./answer-body.ts";

/** An error in the provider's words. */
export interface ToldError {
  message: string;
  /** Its code, its type and its status: whichever it has. */
  codes: readonly string[];
}

const shownCharacters = 500;
const lookedThrough = 64 * shownCharacters;
const wordKeys = [
  ...["message", "msg", "detail", "error_msg", "error_message", "errmsg", "errorMessage", "status_msg", "Message", "description"],
  ...["error_description", "faultstring", "reason", "title", "text", "error", "fault", "errors"],
] as const;
const codeKeys = ["code", "type", "status", "error_code", "errorCode", "errcode", "status_code", "statusCode", "__type"] as const;
/** Those that say how it went: each piece of a stream may have a type. */
const outcomeKeys = codeKeys.filter((key) => key !== "type");

/**
 * The error that a whole answer or a piece of one is, or has; undefined where it is none.
 *
 * @param name    of the event that it came as.
 * @param choice  the answer's choice, where it has one.
 */
export function errorIn(value: Json, name: string | undefined, choice: JsonObject | undefined): ToldError | undefined {
  if (!isJsonObject(value)) return isErrorName(name) ? told(value) : undefined;
  for (const place of [value, choice, choice?.["delta"], choice?.["message"]]) {
    if (!isJsonObject(place)) continue;
    const error = [place["error"], place["errors"]].find((found) => says(found) && !saysYes(found));
    if (error !== undefined) return told(error, place);
  }
  // SGLang says so where it ends: { type: "abort", message: "The server is overloaded", status_code: 503 }.
  const reason = choice?.["finish_reason"];
  if (isJsonObject(reason) && says(reason["message"])) return told(reason);
  const { base_resp: base, header } = value;
  for (const place of [base, header]) if (isJsonObject(place) && hasFailed(place)) return told(place);
  if (isErrorName(name) || value["object"] === "error" || value["type"] === "error" || value["success"] === false) return told(value);
  const isError =
    choice === undefined && (says(value["detail"]) || says(value["fault"]) || (hasFailed(value) && wordsOf(value) !== undefined));
  return isError ? told(value) : undefined;
}

/** Words of something that is no answer and does not call itself an error: they are told where nothing else comes. */
export function strayWords(value: Json): ToldError | undefined {
  return isJsonObject(value) && wordsOf(value) !== undefined ? told(value) : undefined;
}

/** An error's own words and codes. One without words is shown as it came: as `otherwise`, or as JSON. */
export function told(error: Json, around?: JsonObject, otherwise?: string): ToldError {
  const codes = [error, around ?? null].flatMap((place) => (isJsonObject(place) ? codesOf(place) : []));
  const outside = around === undefined ? undefined : wordsOf({ ...around, error: null, errors: null });
  return { message: wordsOf(error) ?? outside ?? otherwise ?? jsonHead(error), codes };
}

/** The beginning of a value's JSON, as much as is looked through for what errors show: all of it may be megabytes. */
export function jsonHead(value: Json): string {
  let head = "";
  for (const piece of jsonPieces(value)) {
    head += piece;
    if (head.length >= lookedThrough) break;
  }
  return head;
}

/** As much of a message as errors show, without secrets. */
export function shownMessage(message: string, scrubber: Scrubber): string {
  // Cut twice: a secret must not be cut before it is found, and what is scrubbed must not be megabytes.
  return scrubber.text(message.slice(0, lookedThrough)).slice(0, shownCharacters).toWellFormed().trim();
}

/** The problem of a body that is a page for browsers, as a base URL without `/v1` brings it. */
export function pageProblem(contentType: string, head: string): string {
  const type = contentType.split(";")[0]?.trim() ?? "";
  const label = /html|xml/i.test(type) ? type : "a page";
  return `it answered ${label}, not an event stream and not JSON (is baseUrl right?): ${head}`;
}

/** Whether the same request would be refused again: for its key, its credit, or for what it asks. */
export function isFinal({ codes }: ToldError): boolean {
  return codes.some((code) => (/^4\d\d$/.test(code) ? !/^4(08|09|25|29)$/.test(code) : finalCodes.test(code)));
}

/** Whether an error is about money or a quota that does not come back by waiting. */
export function isOutOfCredit({ codes }: ToldError): boolean {
  return codes.some((code) => /insufficient|billing|balance|credit|payment/i.test(code));
}

/** Whether an error says that the request is longer than the model can read, in the words that providers have for it. */
export function isTooLong({ message, codes }: ToldError): boolean {
  if (codes.some((code) => /context_length|exceed_context|context_window|string_above_max_length/i.test(code))) return true;
  // Larger than all that may be sent in a minute: to wait for one is of no use.
  return /request too large/i.test(message) || (tooLongWords.test(message) && !rateWords.test(message));
}

/** Of too many tokens in a time, which pass with it. */
const rateWords = /\b(per|a|each) (second|min|minute|hour|day)\b|rate.?limit|quota|please wait|wait before/i;

const tooLongWords =
  /maximum context|context (length|window|size)|(prompt|input|request|conversation)( text)? is too (long|large)|too many (input |prompt )?tokens|token count .{0,80}exceeds|exceeds? the (maximum|available|model'?s?)[^.]{0,60}(tokens|context)|longer than the model|`?inputs`? tokens|reduce the length of/i;

const finalCodes =
  /insufficient|billing|balance|credit|payment|invalid|auth|permission|forbidden|denied|not_?found|unsupported|context_length|content_filter/i;

/** Something, and not an empty one: providers put `null`, `""`, `{}`, `0` and `false` beside answers without an error. */
function says(value: Json | undefined): boolean {
  if (Array.isArray(value)) return value.some(says);
  if (isJsonObject(value)) return Object.values(value).some(says);
  return typeof value === "string" ? value.trim() !== "" : value === true || (typeof value === "number" && value !== 0);
}

/** An error that says that there is none: `{ code: 0, message: "success" }`. */
function saysYes(error: Json | undefined): boolean {
  return isJsonObject(error) && codesOf(error).length > 0 && !hasFailed(error, codeKeys);
}

/** A code or a status that says no. `code: 0`, `code: 200` and `code: "success"` say yes. */
function hasFailed(value: JsonObject, keys: readonly string[] = outcomeKeys): boolean {
  return codesOf(value, keys).some((code) => !yesCodes.test(code));
}

const yesCodes = /^(0|2\d\d|0+|2\d{4}|ok|success(ful)?|succeeded|completed?|active|processing|pending|running|queued|in_progress)$/i;

function codesOf(value: JsonObject, keys: readonly string[] = codeKeys): string[] {
  const codes: string[] = [];
  for (const key of keys) {
    const code = value[key];
    if ((typeof code === "string" && code !== "") || typeof code === "number") codes.push(String(code).slice(0, 200));
  }
  return codes;
}

function wordsOf(value: Json | undefined, depth = 0): string | undefined {
  if (typeof value === "string") return value.trim() === "" ? undefined : value;
  if (depth > 4) return undefined;
  if (Array.isArray(value)) {
    const words = value.slice(0, 5).flatMap((item) => wordsOf(item, depth + 1) ?? []);
    return words.length === 0 ? undefined : words.join("; ");
  }
  if (!isJsonObject(value)) return undefined;
  let found: string | undefined;
  for (const key of wordKeys) if ((found = wordsOf(value[key], depth + 1)) !== undefined) break;
  // FastAPI says where: { loc: ["body", "stream_options"], msg: "Extra inputs are not permitted" }.
  const { loc } = value;
  return found !== undefined && Array.isArray(loc) && loc.length > 0 ? `${loc.map(String).join(".")}: ${found}` : found;
}
