/** The input of a run that a call makes. Pure. */
import { isUtf8 } from "node:buffer";
import { bodyText } from "#shared/fetch/body-text.ts";
import { isJsonType, readMediaType } from "#shared/fetch/media-type.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { readJson } from "#shared/json/nesting.ts";
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

/**
 * `{ body, raw, rawEncoding, headers, query, method }`. body: JSON as data, a form as an object, text as a text, all else null. raw: the bytes as they came, as text where they are
 * some, else in base64.
 *
 * @param allowed  further headers.
 * @throws AppError WEBHOOK_BODY_NOT_JSON
 */
export function hookInput({ method, query, headers, body }: HookCall, allowed: readonly string[]): JsonObject {
  const named = [...new Set([...always, ...allowed])].flatMap((name) =>
    headers[name] === undefined ? [] : [[name, headers[name]] as const],
  );
  const isText = isUtf8(body) && !body.includes(0);
  return {
    body: bodyOf(body, headers["content-type"], { isText }),
    raw: body.toString(isText ? "utf8" : "base64"),
    rawEncoding: isText ? "text" : "base64",
    headers: Object.fromEntries(named),
    query: withoutCredentials(formOf(query)),
    method,
  };
}

function bodyOf(body: Buffer, contentType: string | undefined, { isText }: { isText: boolean }): Json {
  const type = readMediaType(contentType);
  if (body.length === 0) return null;
  if (isJsonType(type)) return jsonOf(bodyText(body, contentType), contentType ?? "");
  if (type.essence === "application/x-www-form-urlencoded") return formOf(bodyText(body, contentType));
  if (type.essence.startsWith("text/")) return bodyText(body, contentType);
  // Senders that say nothing of what they send mostly send JSON.
  if (type.essence === "" && isText) return readJson(body.toString()) ?? body.toString();
  return null;
}

function jsonOf(text: string, contentType: string): Json {
  const value = readJson(text);
  if (value === undefined) throw runtimeErrors.WEBHOOK_BODY_NOT_JSON({ contentType });
  return value;
}

/** What is given once is a text, what is given more often a list. */
function formOf(text: string): JsonObject {
  const all = Map.groupBy(new URLSearchParams(text), ([name]) => name);
  return Object.fromEntries([...all].map(([name, given]) => [name, given.length === 1 ? given[0]![1] : given.map(([, value]) => value)]));
}
