/**
 * One layer of what a call is made of: a node's config, a binding's, or a tool version's invokeConfig. The snake_case keys are those of
 * DSL documents. Keys that calls know nothing of are left alone: a node's config has others too.
 */
import { AppError } from "#shared/errors.ts";
import { compileExpression } from "#shared/expression/expression.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { longestCredential } from "#shared/secret/credentials.ts";
import { toolErrors } from "./errors.ts";

/** A secret header as it is stored: encrypted, and the origin that it may be sent to. */
export interface SealedHeader {
  sealed: string;
  origin: string;
}

/** A layer, read. Blank texts and nulls count as not given; a header or query value of null takes the key away from earlier layers. */
export interface CallConfig {
  url: string | undefined;
  baseUrl: string | undefined;
  path: string | undefined;
  method: string | undefined;
  query: JsonObject;
  /** By lower-case name. */
  headers: Map<string, string | SealedHeader | null>;
  body: Json | undefined;
  timeoutSeconds: number | undefined;
}

/**
 * Reads a layer.
 *
 * @param field  names the layer in errors, such as `invokeConfig`.
 * @param options.sealed  whether sealed headers may be in it: in stored layers only, never in what a caller gives.
 * @throws AppError TOOL_CONFIG_INVALID
 */
export function readCallConfig(field: string, config: JsonObject, options: { sealed: boolean }): CallConfig {
  return {
    url: text(field, config, "url"),
    baseUrl: text(field, config, "base_url"),
    path: text(field, config, "path"),
    method: method(field, config),
    query: object(field, config, "query"),
    headers: headers(`${field}.headers`, object(field, config, "headers"), options.sealed),
    body: config["body"] ?? undefined,
    timeoutSeconds: timeout(field, config),
  };
}

const knownKeys = ["url", "base_url", "path", "method", "query", "headers", "body", "timeout_seconds", "requires_approval"];
const spoken = (key: string) => key.toLowerCase().replace(/[_-]/g, "");

/**
 * Refuses keys that are known ones but for their spelling, such as baseUrl: what is stored would be called without them. Other keys stay, for
 * whoever put them there.
 *
 * @throws AppError TOOL_CONFIG_INVALID
 */
export function refuseMisspelt(field: string, config: JsonObject): void {
  for (const key of Object.keys(config)) {
    const meant = knownKeys.find((known) => known !== key && spoken(known) === spoken(key));
    if (meant !== undefined) throw invalid(`${field}.${key}`, `calls do not know it. Write ${meant}.`);
  }
}

/** Names that a policy sees: those of a node's expressions, and what the tool is called with. */
const policyNames = ["arguments"];

/**
 * Checks whether a person is to be asked before a node of a run calls through a binding: true, false, or an expression over `arguments`.
 *
 * @throws AppError TOOL_CONFIG_INVALID
 */
export function checkApprovalPolicy(field: string, { requires_approval: policy }: JsonObject): void {
  if (policy === undefined || policy === null || typeof policy === "boolean") return;
  const at = `${field}.requires_approval`;
  if (typeof policy !== "string" || policy === "")
    throw invalid(at, `it is ${shown(policy)}; give true, false, or an expression over arguments.`);
  try {
    compileExpression(policy, policyNames);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw invalid(at, error.message);
  }
}

/** Whether a stored header value is a secret. */
export function isSealedHeader(value: unknown): value is SealedHeader & JsonObject {
  return isJsonObject(value) && typeof value["sealed"] === "string" && typeof value["origin"] === "string";
}

function text(field: string, config: JsonObject, key: string): string | undefined {
  const value = config[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw invalid(`${field}.${key}`, `it is ${shown(value)}; give a text.`);
  return value.trim() === "" ? undefined : value.trim();
}

function method(field: string, config: JsonObject): string | undefined {
  const value = text(field, config, "method")?.toUpperCase();
  if (value === undefined || /^(?!CONNECT$|TRACE$)[A-Z]{1,16}$/.test(value)) return value;
  throw invalid(`${field}.method`, `${shown(value)} is not a method that can be called; give GET, POST, PUT, PATCH, DELETE or HEAD.`);
}

function object(field: string, config: JsonObject, key: string): JsonObject {
  const value = config[key] ?? {};
  if (!isJsonObject(value)) throw invalid(`${field}.${key}`, `it is ${shown(value)}; give an object { name: value }.`);
  return value;
}

function headers(field: string, given: JsonObject, sealed: boolean): CallConfig["headers"] {
  const read: CallConfig["headers"] = new Map();
  for (const [name, value = null] of Object.entries(given)) {
    if (value === null || (sealed && isSealedHeader(value))) read.set(name.toLowerCase(), value);
    else if (typeof value === "object") throw invalid(`${field}.${name}`, "it is an object or a list; give a text.");
    else read.set(name.toLowerCase(), checkValueLength(`${field}.${name}`, String(value)));
  }
  return read;
}

/** The value of a header or of a credential in a query; what is longer is looked for in each answer for nothing. @throws AppError TOOL_CONFIG_INVALID */
export function checkValueLength(field: string, value: string): string {
  if (value.length <= longestCredential) return value;
  throw invalid(field, `it is longer than ${longestCredential.toLocaleString("en")} characters; give what is long in the body.`);
}

function timeout(field: string, config: JsonObject): number | undefined {
  const value = config["timeout_seconds"] ?? undefined;
  if (value === undefined || (typeof value === "number" && value > 0)) return value;
  throw invalid(`${field}.timeout_seconds`, `it is ${shown(value)}; give a number of seconds above 0.`);
}

function invalid(field: string, problem: string) {
  return toolErrors.TOOL_CONFIG_INVALID({ field, problem });
}

function shown(value: Json): string {
  return JSON.stringify(value).slice(0, 100);
}
