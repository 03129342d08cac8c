/** The settings of a provider beside its address and key: checked, and as they are stored. */
import { checkJson } from "#shared/fields.ts";
import { checkedHeaders } from "#shared/fetch/fetch-request.ts";
import { AppError } from "#shared/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { hiddenValue, isCredentialName } from "#shared/secret/credentials.ts";
import { hasBrokenReference, secretsIn } from "#shared/secret/references.ts";
import { modelErrors } from "../errors.ts";

const brokenReference = "a secret is named in a way that is not known. Write {{ secrets.NAME }} and nothing else between the braces.";
const most = 32;
const mostBytes = 16 * 1024;
const mostSeconds = 86_400;
/** Each request has its own. */
const ownHeaders = new Set(["accept", "content-type", "traceparent", "idempotency-key"]);
/** Parameters that the platform reads the answer by, or that are the question. */
const ownParameters = new Set(["model", "messages", "stream", "stream_options", "n"]);

/** The name of the header that carries the key; null: a bearer token. @throws AppError MODEL_PROVIDER_INVALID */
export function checkHeaderName(field: string, given: string | null | undefined): string | null {
  const name = given?.trim() ?? "";
  if (name === "") return null;
  return Object.keys(headersOf(field, { [name]: "x" }))[0]!;
}

/** Headers by lower-case name. @throws AppError MODEL_PROVIDER_INVALID */
export function checkHeaders(given: JsonObject | null | undefined): Record<string, string> {
  const texts = checkTexts("headers", given);
  for (const [name, value] of Object.entries(texts)) {
    if (value === hiddenValue) throw invalid(`headers.${name}`, `it is ${hiddenValue}, as it is shown. Give the value.`);
    if (hasBrokenReference(value)) throw invalid(`headers.${name}`, brokenReference);
  }
  return headersOf("headers", texts);
}

/** Parameters of a URL. @throws AppError MODEL_PROVIDER_INVALID */
export function checkQuery(given: JsonObject | null | undefined): Record<string, string> {
  refuseSecrets("query", given);
  const texts = checkTexts("query", given);
  for (const name of Object.keys(texts)) {
    if (name === "") throw invalid("query", "a parameter has no name.");
    if (isCredentialName(name))
      throw invalid(`query.${name}`, "it looks like a credential. Give it as apiKey or in headers: they are encrypted.");
  }
  return texts;
}

/** Names of parameters. @throws AppError MODEL_PROVIDER_INVALID */
export function checkOmitted(given: readonly string[] | null | undefined): string[] {
  const names = [...new Set(given ?? [])];
  if (names.length > most) throw invalid("omitParameters", `it has ${names.length} names; give at most ${most}.`);
  for (const [index, name] of names.entries()) {
    if (!/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/.test(name)) throw invalid(`omitParameters[${index}]`, `${shown(name)} is no parameter's name.`);
    if (name === "model" || name === "messages" || name === "input")
      throw invalid(`omitParameters[${index}]`, `without ${name} nothing is asked.`);
  }
  return names;
}

/** Parameters beside those that the graph knows. @throws what `error` makes; JSON_TOO_LARGE */
export function checkExtra(given: JsonObject | null | undefined, error: typeof invalid = invalid): JsonObject {
  if (given == null) return {};
  const own = Object.keys(given).find((name) => ownParameters.has(name));
  if (own !== undefined) throw error(`extraParameters.${own}`, "the platform sets it. Remove it.");
  return checkJson("extraParameters", given, mostBytes);
}

/** Refuses references to secrets where none is put in. @throws AppError MODEL_PROVIDER_INVALID */
export function refuseSecrets(field: string, value: unknown): void {
  const text = JSON.stringify(value) ?? "";
  const [name] = secretsIn(text);
  if (name === undefined && !hasBrokenReference(text)) return;
  throw invalid(field, `the secret ${name ?? ""} cannot stand here. {{ secrets.NAME }} stands in apiKey and in the values of headers.`);
}

/** A time-out. @throws what `error` makes */
export function checkSeconds(field: string, given: number | null | undefined, error: typeof invalid = invalid): number | null {
  if (given == null) return null;
  if (given > 0 && given <= mostSeconds) return given;
  throw error(field, `it is ${given}; give a number of seconds above 0, up to ${mostSeconds}.`);
}

function checkTexts(field: string, given: JsonObject | null | undefined): Record<string, string> {
  if (given != null && !isJsonObject(given)) throw invalid(field, `it is ${shown(given)}; give an object { name: text }.`);
  const entries = Object.entries(given ?? {});
  if (entries.length > most) throw invalid(field, `it has ${entries.length} entries; give at most ${most}.`);
  for (const [name, value] of entries) {
    if (typeof value !== "string" && typeof value !== "number") throw invalid(`${field}.${name}`, `it is ${shown(value)}; give a text.`);
  }
  return checkJson(field, Object.fromEntries(entries.map(([name, value]) => [name, String(value)])), mostBytes);
}

function headersOf(field: string, texts: Record<string, string>): Record<string, string> {
  try {
    const headers = checkedHeaders(texts);
    const own = Object.keys(headers).find((name) => ownHeaders.has(name));
    if (own !== undefined) throw invalid(field, `the header ${own} cannot be set.`);
    return headers;
  } catch (error) {
    if (!(error instanceof AppError) || error.reason !== "FETCH_REQUEST_INVALID") throw error;
    throw invalid(field, `${String(error.facts["problem"])}.`);
  }
}

function invalid(field: string, problem: string): AppError {
  return modelErrors.MODEL_PROVIDER_INVALID({ field, problem });
}

function shown(value: Json | undefined): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 80).toWellFormed();
}
