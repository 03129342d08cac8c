/**
 * Secret headers in stored configs: values under `headers` that are { sealed, origin } instead of a text. A value opens only for the row,
 * the origin and the name that it was sealed for.
 */
import { hiddenValue, isCredentialName } from "#shared/secret/credentials.ts";
import { checkedHeaders } from "#shared/fetch/fetch-request.ts";
import { AppError } from "#shared/errors.ts";
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import { isOnlyReferences } from "#shared/secret/references.ts";
import type { SecretBox } from "#shared/secret/secrets.ts";
import { checkValueLength, isSealedHeader, type SealedHeader } from "./call-config.ts";
import { toolErrors } from "./errors.ts";

/** Whose secrets: a row, and where it calls. */
export interface SecretOwner {
  /** Such as `tool_binding:<id>`. */
  owner: string;
  origin: string;
}

/** A config as it was given, taken apart: `plain` may be stored and shown, `secrets` (by lower-case name) may not. */
export interface SplitConfig {
  plain: JsonObject;
  secrets: Record<string, string>;
}

/**
 * Takes the headers that look like credentials out of a config.
 *
 * @param known  names of secrets that are stored already: for them `***` means "as it is".
 * @throws AppError TOOL_CONFIG_INVALID, TOOL_SECRET_REDACTED
 */
export function splitSecrets(field: string, config: JsonObject, known: ReadonlySet<string> = new Set()): SplitConfig {
  const { headers } = config;
  if (!isJsonObject(headers)) return { plain: config, secrets: {} };
  const kept: [name: string, value: JsonObject[string]][] = [];
  const secrets: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (value === hiddenValue && known.has(lower)) continue;
    if (value === hiddenValue) throw toolErrors.TOOL_SECRET_REDACTED({ field: `${field}.${name}` });
    // One that only names secrets is none itself, and may be shown.
    const isNamed = typeof value === "string" && isOnlyReferences(value);
    if (isCredentialName(name) && !isNamed && value !== null && typeof value !== "object") secrets[lower] = String(value);
    else kept.push([name, value]);
  }
  const plain: JsonObject = Object.fromEntries(kept);
  checkHeaders(`${field}.headers`, plain);
  checkHeaders(`${field}.headers`, secrets);
  return { plain: { ...config, headers: plain }, secrets };
}

/** Checks secretHeaders. @throws AppError TOOL_CONFIG_INVALID, TOOL_SECRET_REDACTED */
export function readSecretHeaders(given: JsonObject): Record<string, string> {
  const secrets: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const field = `secretHeaders.${name}`;
    if (typeof value !== "string" || value === "")
      throw toolErrors.TOOL_CONFIG_INVALID({ field, problem: "it is not a text. Give the header's value as text." });
    if (value === hiddenValue) throw toolErrors.TOOL_SECRET_REDACTED({ field });
    secrets[name.toLowerCase()] = value;
  }
  checkHeaders("secretHeaders", secrets);
  return secrets;
}

/** Encrypts secrets for their owner. @throws AppError TOOL_SECRET_ORIGIN_UNKNOWN */
export function sealSecrets(
  box: SecretBox,
  field: string,
  secrets: Record<string, string>,
  { owner, origin }: Omit<SecretOwner, "origin"> & { origin: string | undefined },
): Record<string, SealedHeader> {
  const entries = Object.entries(secrets);
  if (origin === undefined) {
    const [first] = entries;
    if (first !== undefined) throw toolErrors.TOOL_SECRET_ORIGIN_UNKNOWN({ field: `${field}.${first[0]}` });
    return {};
  }
  return Object.fromEntries(
    entries.map(([name, value]) => [name, { sealed: box.seal(value, bindingText({ owner, origin }, name)), origin }]),
  );
}

/** Decrypts one. The caller has checked that the call goes to `origin`. */
export function openSecret(box: SecretBox, name: string, sealed: string, owner: SecretOwner): string {
  return box.open(sealed, bindingText(owner, name));
}

/** The sealed headers of a stored config, by lower-case name. */
export function sealedHeadersOf(config: JsonObject): Record<string, SealedHeader> {
  const headers = isJsonObject(config["headers"]) ? config["headers"] : {};
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, SealedHeader & JsonObject] => isSealedHeader(entry[1])),
  );
}

/** A stored config: plain headers and sealed ones together. A sealed header replaces a plain one of its name. */
export function withSealedHeaders(plain: JsonObject, sealed: Record<string, SealedHeader>): JsonObject {
  const entries = Object.entries(sealed).map(([name, { sealed, origin }]) => [name, { sealed, origin }] as const);
  if (entries.length === 0) return plain;
  const headers = Object.entries(isJsonObject(plain["headers"]) ? plain["headers"] : {}).filter(
    ([name]) => !(name.toLowerCase() in sealed),
  );
  return { ...plain, headers: { ...Object.fromEntries(headers), ...Object.fromEntries(entries) } };
}

/** A stored config without its sealed headers. */
export function withoutSealedHeaders(config: JsonObject): JsonObject {
  return mapHeaders(config, (value) => (isSealedHeader(value) ? undefined : value));
}

/** A stored config as it may be shown. */
export function shownConfig(config: JsonObject): JsonObject {
  return mapHeaders(config, (value) => (isSealedHeader(value) ? hiddenValue : value));
}

function mapHeaders(config: JsonObject, map: (value: JsonObject[string]) => JsonObject[string]): JsonObject {
  if (!isJsonObject(config["headers"])) return config;
  const headers = Object.entries(config["headers"]).flatMap(([name, value]) => {
    const mapped = map(value);
    return mapped === undefined ? [] : [[name, mapped] as const];
  });
  return { ...config, headers: Object.fromEntries(headers) };
}

function checkHeaders(field: string, headers: JsonObject): void {
  for (const [name, value] of Object.entries(headers)) if (typeof value === "string") checkValueLength(`${field}.${name}`, value);
  try {
    checkedHeaders(
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, typeof value === "object" ? "" : String(value)])),
    );
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    throw toolErrors.TOOL_CONFIG_INVALID({ field, problem: `${String(cause.facts["problem"])}.` }, { cause });
  }
}

/** What a secret header is sealed for. */
export function bindingText({ owner, origin }: SecretOwner, name: string): string {
  return `${owner}:${origin}:${name}`;
}
