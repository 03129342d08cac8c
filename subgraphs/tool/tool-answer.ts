/** Turns an HTTP response into a tool's result. */
import { textOrBinary } from "#shared/fetch/body-text.ts";
import type { FetchedResponse } from "#shared/fetch/fetch.ts";
import { isJsonType, pageInstead, readMediaType } from "#shared/fetch/media-type.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { JsonProblem, readJsonInTurns } from "#shared/json-reader.ts";
import { placeOf, type LongNumber } from "#shared/json/numbers.ts";
import type { Scrubber } from "#shared/secret/scrub.ts";
import type { ToolResult } from "./tool-result.ts";

/** What is known of a call beside its answer. */
export interface CallFacts {
  durationMs: number;
  resolved: JsonObject;
  scrubber: Scrubber;
}

/** Makes the result; secrets that the tool repeats are taken out of all of it. */
export async function makeToolResult(answer: FetchedResponse, { durationMs, resolved, scrubber }: CallFacts): Promise<ToolResult> {
  const ok = answer.status >= 200 && answer.status <= 299;
  const output = await readBody(answer);
  const error = ok ? output.error : { code: "TOOL_HTTP_ERROR", message: httpError(answer, resolved) };
  return {
    ok,
    status: answer.status,
    outputText: output.text === null ? null : scrubber.text(output.text),
    outputJson: await scrubber.jsonInTurns(output.json),
    numbersAsText: (output.numbers ?? []).slice(0, shownPlaces).map((number) => scrubber.text(placeOf(number))),
    headers: scrubber.json(headersOf(answer)) as JsonObject,
    durationMs,
    errorCode: error?.code ?? null,
    errorMessage: error?.message ?? null,
    resolved,
  };
}

function httpError({ status, bodyProblem }: FetchedResponse, resolved: JsonObject): string {
  const unread = bodyProblem === undefined ? "" : `; not all of its body can be read: ${bodyProblem}`;
  return `${called(resolved)} answered with HTTP status ${status}${unread}.`;
}

function headersOf({ headers, setCookies }: FetchedResponse): JsonObject {
  return setCookies.length === 0 ? headers : { ...headers, "set-cookie": setCookies };
}

const shownPlaces = 10;
const longestUrl = 300;

/** Method and URL as they may be shown, without the query: what stands there is the request's. */
function called({ method, url }: JsonObject): string {
  const [address = ""] = String(url).split(/[?#]/, 1);
  return `${String(method)} ${address.length > longestUrl ? `${address.slice(0, longestUrl)}…` : address}`;
}

interface Output {
  text: string | null;
  json: Json;
  /** Whose digits are a text in `json`. */
  numbers?: readonly LongNumber[];
  error?: { code: string; message: string };
}

async function readBody({ body, headers }: FetchedResponse): Promise<Output> {
  if (body.byteLength === 0) return { text: null, json: null };
  const contentType = headers["content-type"] ?? "";
  const text = await textOrBinary(body, contentType);
  if (text === undefined) {
    return {
      text: null,
      json: { content_type: contentType || null, size_bytes: body.byteLength, base64: Buffer.from(body).toString("base64") },
    };
  }
  if (!isJsonType(readMediaType(contentType))) return { text, json: null };
  let numbers: readonly LongNumber[] = [];
  const parsed = await readJsonInTurns(text, { told: (found) => (numbers = found) });
  if (!(parsed instanceof JsonProblem)) return { text: null, json: parsed, numbers };
  return {
    text,
    json: null,
    error: {
      code: "TOOL_ANSWER_NOT_JSON",
      message: `The tool's answer is declared as ${contentType}, but ${problemOf(text, parsed)}`,
    },
  };
}

function problemOf(text: string, { excess }: JsonProblem): string {
  if (excess !== undefined) return `it ${excess}, so it is given as text; ask for less.`;
  return `it is ${isPage(text) ? "a web page; is the URL right?" : "not JSON that can be read."}`;
}

const isPage = (text: string): boolean => pageInstead(undefined, text.slice(0, 1_000)) !== undefined;
