/**
 * Secrets of a tool's configs that are named as `{{ secrets.NAME }}`: in values of headers, query and body, and in the query of a URL. Only stored configs
 * are read so: what a caller gives is text, for it may come from anybody.
 */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import type { SecretMarks } from "#shared/secret/marks.ts";
import { isCredentialName, isQueryCredential } from "#shared/secret/credentials.ts";
import { hasBrokenReference, secretsIn } from "#shared/secret/references.ts";
import { excessOfSecrets } from "#shared/secret/scrub.ts";
import { checkValueLength } from "./call-config.ts";
import { toolErrors } from "./errors.ts";
import type { ResolvedToolCall } from "./resolve.ts";

const deepKeys = ["query", "headers", "body"];
const urlKeys = ["url", "base_url", "path"];

/** Refuses references where nothing is put in, and those that are written in another way. @throws AppError TOOL_CONFIG_INVALID */
export function checkSecretPlaces(field: string, config: JsonObject): void {
  for (const [key, value] of Object.entries(config)) {
    const at = `${field}.${key}`;
    if (urlKeys.includes(key)) checkText(at, beforeQuery(value), { isAllowed: false });
    if (urlKeys.includes(key) || deepKeys.includes(key)) checkDeep(at, value, { isAllowed: true });
    else if (key === "method" || key === "timeout_seconds") checkDeep(at, value, { isAllowed: false });
  }
}

/** A stored config with marks for the secrets that it names. */
export function markedConfig(marks: SecretMarks, config: JsonObject): JsonObject {
  const isRead = (key: string) => deepKeys.includes(key) || urlKeys.includes(key);
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, isRead(key) && value !== undefined ? marks.json(value) : value]),
  );
}

/** What a call is with its secrets in it. */
export interface FilledCall {
  href: string;
  headers: Record<string, string>;
  body: string | undefined;
  /** Names of headers with a secret in them. */
  secretHeaders: ReadonlySet<string>;
  isBodySecret: boolean;
}

/** A config that names one secret again and again is small, and what it becomes must not be. In characters. */
const mostPutIn = 4_194_304;

/** Puts values in where the marks are, each as its place needs it. @throws AppError TOOL_CONFIG_INVALID for more than 4,194,304 characters of them */
export function filledCall(
  marks: SecretMarks,
  { call, headers, values }: { call: ResolvedToolCall; headers: Record<string, string>; values: ReadonlyMap<string, string> },
): FilledCall {
  const valueOf = (name: string) => values.get(name) ?? "";
  const { url, body, bodyForm } = call;
  const putIn = marks.charactersPutInto([url.href, body ?? "", ...Object.values(headers)], (name) => valueOf(name).length);
  if (putIn > mostPutIn) {
    const problem = `its secrets put ${putIn.toLocaleString("en")} characters into one call; they may put in ${mostPutIn.toLocaleString("en")}.`;
    throw toolErrors.TOOL_CONFIG_INVALID({ field: "config", problem });
  }
  return {
    href: marks.fill(url.href, (name) => encodeURIComponent(valueOf(name))),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, marks.fill(value, valueOf)])),
    body: body && marks.fill(body, (name) => encoded(valueOf(name), bodyForm)),
    secretHeaders: new Set(Object.keys(headers).filter((name) => marks.isIn(headers[name]!))),
    isBodySecret: body !== undefined && marks.isIn(body),
  };
}

/** The secrets that a call needs. @throws AppError TOOL_CONFIG_INVALID for one before the URL's query: there it would choose who is called */
export function secretsOfCall(marks: SecretMarks, { url, body }: ResolvedToolCall, headers: Record<string, string>): string[] {
  if (marks.isIn(url.origin + url.pathname)) throw refused("url", marks.namesIn([url.href])[0] ?? "");
  return marks.namesIn([url.search, body ?? "", ...Object.values(headers)]);
}

/** What must not come back of a call. */
export interface CallCredentials {
  /** Values of secrets, and what they are in. */
  secrets: string[];
  /** Credentials that stand in configs as they are, whoever wrote them: no secrets of ours, but an answer that repeats them would spread them. */
  given: string[];
}

/**
 * What must not come back of a call that is filled.
 *
 * @param sealed  names of the headers that were stored encrypted.
 * @throws AppError TOOL_CONFIG_INVALID for more than can be looked for in an answer
 */
export function credentialsOf(
  marks: SecretMarks,
  { call, filled, values, sealed }: { call: ResolvedToolCall; filled: FilledCall; values: Iterable<string>; sealed: ReadonlySet<string> },
): CallCredentials {
  const found: CallCredentials = { secrets: [...values], given: [] };
  for (const [name, value] of Object.entries(filled.headers)) {
    if (sealed.has(name) || filled.secretHeaders.has(name)) found.secrets.push(value);
    else if (isCredentialName(name)) found.given.push(value);
  }
  // By place: a mark in a name is named like a credential, and what is put in for it need not be; it is among the secrets already.
  const filledQuery = [...new URL(filled.href).searchParams.values()];
  for (const [index, [name, value]] of [...call.url.searchParams].entries())
    if (isQueryCredential(name) && !marks.isIn(name))
      found[marks.isIn(value) ? "secrets" : "given"].push(checkValueLength(`query.${name}`, filledQuery[index] ?? ""));
  checkTogether([...found.secrets, ...found.given]);
  return found;
}

function checkTogether(credentials: string[]): void {
  const problem = excessOfSecrets(credentials);
  if (problem !== undefined) throw toolErrors.TOOL_CONFIG_INVALID({ field: "config", problem });
}

function encoded(value: string, form: ResolvedToolCall["bodyForm"]): string {
  if (form === "json") return JSON.stringify(value).slice(1, -1);
  return form === "form" ? encodeURIComponent(value) : value;
}

interface Placing {
  isAllowed: boolean;
}

function checkDeep(field: string, value: Json | undefined, placing: Placing): void {
  if (typeof value === "string") checkText(field, value, placing);
  else if (Array.isArray(value)) value.forEach((item, index) => checkDeep(`${field}[${index}]`, item, placing));
  else if (isJsonObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      checkText(field, key, { isAllowed: false });
      checkDeep(`${field}.${key}`, item, placing);
    }
  }
}

function checkText(field: string, text: string, { isAllowed }: Placing): void {
  const [name] = secretsIn(text);
  if (name !== undefined && !isAllowed) throw refused(field, name);
  if (!hasBrokenReference(text)) return;
  const problem = "it names a secret in a way that is not known. Write {{ secrets.NAME }}, and nothing else between the braces.";
  throw toolErrors.TOOL_CONFIG_INVALID({ field, problem });
}

function refused(field: string, name: string) {
  const problem = `the secret ${name} cannot stand here. {{ secrets.NAME }} stands in values of headers, query and body, and behind the ? of a URL.`;
  return toolErrors.TOOL_CONFIG_INVALID({ field, problem });
}

function beforeQuery(value: Json | undefined): string {
  return typeof value === "string" ? value.split("?", 1)[0]! : "";
}
