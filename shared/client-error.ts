/**
 * What a client may see of an error. Errors made for clients (AppError) and those of GraphQL itself pass, with a code of the
 * closed list; everything else is a bug: it leaves as INTERNAL without a word of its story, which goes to the log.
 */
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { AppError, errorCodes, type ErrorCode } from "./errors.ts";

/** What an error is translated for. */
export interface ErrorSetting {
  requestId?: string | undefined;
  /** The subgraph that it came from. */
  serviceName?: string | undefined;
  /** Hears the story of what is shown as INTERNAL only. */
  report?: ((cause: unknown) => void) | undefined;
}

/** The error as `errors` of a response has it; its `extensions` say code, reason, requestId, serviceName and the facts, flat. */
export function clientError(error: unknown, setting: ErrorSetting = {}): GraphQLError {
  const { message, extensions } = describe(error, setting);
  const told = { ...extensions, ...present("serviceName", setting.serviceName), ...present("requestId", setting.requestId) };
  const at = error instanceof GraphQLError ? { nodes: error.nodes, source: error.source, positions: error.positions } : {};
  return new GraphQLError(message, { ...at, path: pathOf(error), extensions: told });
}

interface Description {
  message: string;
  extensions: Record<string, unknown>;
}

function describe(error: unknown, setting: ErrorSetting): Description {
  const made = appErrorIn(error);
  if (made !== undefined && made.code !== "INTERNAL") {
    return { message: made.message, extensions: { code: made.code, reason: made.reason, ...made.facts } };
  }
  if (made === undefined && looksFormatted(error)) {
    const { stacktrace: _stack, http: _http, exception: _exception, ...extensions } = error.extensions ?? {};
    const code = extensions["code"];
    // Apollo Server gives a variable that does not fit our code, but no reason.
    if (code === "BAD_USER_INPUT" && extensions["reason"] === undefined) return badInput(error.message, "GRAPHQL_INVALID");
    if (isErrorCode(code) && code !== "INTERNAL") return { message: error.message, extensions };
    if (code === "INTERNAL") return internal(extensions["serviceName"]);
    if (typeof code === "string" && requestFaults.has(code)) return badInput(error.message, code);
    if (isFaultOfRequest(error, code)) return badInput(error.message, "GRAPHQL_INVALID");
  }
  setting.report?.(error);
  return internal(undefined);
}

const internal = (serviceName: unknown): Description => ({
  message: "Internal error. The server's log has the story under the request's id.",
  extensions: { code: "INTERNAL", reason: "INTERNAL", ...present("serviceName", serviceName) },
});

const badInput = (message: string, reason: string): Description => ({
  message: withoutLongWords(message),
  extensions: { code: "BAD_USER_INPUT", reason },
});

/** A word of a message is shown up to here. */
const longestWord = 200;

/** graphql-js repeats names and values as they were given, whose length only the request's own limit bounds. */
function withoutLongWords(message: string): string {
  if (message.length <= longestWord) return message;
  const cut = message.replace(/\S+/g, (word) => (word.length > longestWord ? `${word.slice(0, longestWord).toWellFormed()}…` : word));
  return cut.length > longestMessage ? `${cut.slice(0, longestMessage).toWellFormed()}…` : cut;
}

/** A value may have many words. */
const longestMessage = 2_000;

/** Apollo's own codes for requests that never reach a resolver; they become the reason. */
const requestFaults = new Set([
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "BAD_REQUEST",
  "OPERATION_RESOLUTION_FAILURE",
  "PERSISTED_QUERY_NOT_FOUND",
  "PERSISTED_QUERY_NOT_SUPPORTED",
]);

/** graphql-js gives its refusals no code: they have no path, or say which argument or variable is wrong. */
function isFaultOfRequest(error: GraphQLFormattedError, code: unknown): boolean {
  if (error.path === undefined && error.message.startsWith('Variable "')) return true;
  if (code !== undefined && code !== "INVALID_GRAPHQL") return false;
  const thrown = error instanceof GraphQLError ? error.originalError : undefined;
  if (thrown != null && !(thrown instanceof GraphQLError)) return false;
  return error.path === undefined || error.message.startsWith('Argument "');
}

function appErrorIn(error: unknown): AppError | undefined {
  let inner: unknown = error;
  while (inner instanceof GraphQLError && inner.originalError != null) inner = inner.originalError;
  return inner instanceof AppError ? inner : undefined;
}

function looksFormatted(error: unknown): error is GraphQLFormattedError {
  if (error instanceof GraphQLError) return true;
  return (
    typeof error === "object" && error !== null && !(error instanceof Error) && typeof (error as { message?: unknown }).message === "string"
  );
}

function pathOf(error: unknown): readonly (string | number)[] | undefined {
  return looksFormatted(error) ? error.path : undefined;
}

function isErrorCode(code: unknown): code is ErrorCode {
  return (errorCodes as readonly unknown[]).includes(code);
}

const present = (name: string, value: unknown): Record<string, unknown> => (value === undefined ? {} : { [name]: value });
