/** The input of a run that a call makes: what is large of it is read in turns of the main loop, for the API's own is what a stranger's call comes to. */
import { isUtf8 } from "node:buffer";
import { bodyText } from "#shared/fetch/body-text.ts";
import { isJsonType, readMediaType } from "#shared/fetch/media-type.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { JsonProblem, readJsonInTurns } from "#shared/json-reader.ts";
import { withoutCredentials } from "#shared/secret/credentials.ts";
import { runtimeErrors } from "../errors.ts";

/** A call as the router hands it on. */
export interface HookCall {
  method: string;
  /** Without the question mark. */
  query: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

/** Headers that every input has. */
const always = ["content-type", "user-agent"];
/** Of a form. */
const mostFields = 10_000;

/**
 * `{ body, raw, rawEncoding, headers, query, method }`. body: JSON as data, a form as an object, text as a text, all else null. raw: the bytes as they came, as text where they are
 * some, else in base64.
 *
 * @param allowed  further headers.
 * @throws AppError WEBHOOK_BODY_NOT_JSON, WEBHOOK_BODY_HAS_TOO_MUCH
 */
export async function hookInput({ method, query, headers, body }: HookCall, allowed: readonly string[]): Promise<JsonObject> {
  const named = [...new Set([...always, ...allowed])].flatMap((name) =>
    headers[name] === undefined ? [] : [[name, headers[name]] as const],
  );
  const isText = isUtf8(body) && !body.includes(0);
  return {
    body: await bodyOf(body, headers["content-type"], { isText }),
    raw: body.toString(isText ? "utf8" : "base64"),
    rawEncoding: isText ? "text" : "base64",
    headers: Object.fromEntries(named),
    query: withoutCredentials(formOf(query)),
    method,
  };
}

async function bodyOf(body: Buffer, contentType: string | undefined, { isText }: { isText: boolean }): Promise<Json> {
  const type = readMediaType(contentType);
  if (body.length === 0) return null;
  if (isJsonType(type)) return jsonOf(bodyText(body, contentType), contentType ?? "");
  if (type.essence === "application/x-www-form-urlencoded") return fieldsOf(bodyText(body, contentType));
  if (type.essence.startsWith("text/")) return bodyText(body, contentType);
  // Senders that say nothing of what they send mostly send JSON.
  if (type.essence === "" && isText) return textOrJson(body.toString());
  return null;
}

/** Numbers that a double does not keep are their digits, and nobody is told of them. */
const digitsKept = { told: () => {} };

async function jsonOf(text: string, contentType: string): Promise<Json> {
  const value = await readJsonInTurns(text, digitsKept);
  if (!(value instanceof JsonProblem)) return value;
  if (value.excess !== undefined) throw runtimeErrors.WEBHOOK_BODY_HAS_TOO_MUCH({ problem: value.excess });
  throw runtimeErrors.WEBHOOK_BODY_NOT_JSON({ contentType });
}

async function textOrJson(text: string): Promise<Json> {
  const value = await readJsonInTurns(text, digitsKept);
  return value instanceof JsonProblem ? text : value;
}

function fieldsOf(form: string): JsonObject {
  let fields = 1;
  for (let at = form.indexOf("&"); at >= 0 && fields <= mostFields; at = form.indexOf("&", at + 1)) fields += 1;
  if (fields > mostFields) throw runtimeErrors.WEBHOOK_BODY_HAS_TOO_MUCH({ problem: `has more than ${mostFields} fields` });
  return formOf(form);
}

/** What is given once is a text, what is given more often a list. */
function formOf(text: string): JsonObject {
  const all = Map.groupBy(new URLSearchParams(text), ([name]) => name);
  return Object.fromEntries([...all].map(([name, given]) => [name, given.length === 1 ? given[0]![1] : given.map(([, value]) => value)]));
}
