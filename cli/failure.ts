import { GraphqlRequestError, TransportError } from "#codegen/client/errors.ts";
import { AppError } from "#shared/errors.ts";
import { issueLines } from "./errors.ts";
import { programName } from "./program-name.ts";

/**
 * What was asked with is wrong, whatever the platform, its database and files say. Wrong options and arguments are Commander's to tell, which ends with 2 too: those that the
 * platform would refuse are checked as they are read, where that needs nothing but themselves.
 */
const wrongAsks = [
  "ENVIRONMENT_INVALID",
  "INTERNAL_KEY_MISSING",
  "ENCRYPTION_KEY_MISSING",
  "SUBGRAPH_URL_MISSING",
  "INPUT_NOT_AN_OBJECT",
  "ANSWER_FIELD_INVALID",
  "ANSWER_MISSING",
  "NO_TESTS",
  "NUMBER_NOT_KEPT",
  "EXAMPLE_UNKNOWN",
  "EXAMPLE_NEEDS_MODEL",
];

/** 2 when the caller said something wrong, 1 for every other failure. */
export function exitCodeOf(error: unknown): number {
  return error instanceof AppError && wrongAsks.includes(error.reason) ? 2 : 1;
}

/** Tells an error to a person (its sentence; a bug's whole story) or, with `--json`, to a program. */
export function tellError(error: unknown, { tell, isJson }: { tell: (text: string) => void; isJson: boolean }): void {
  if (isJson) return tell(JSON.stringify({ error: machineReadable(error) }));
  if (isForPeople(error)) return tell([error.message, ...issuesOf(error), ...keyHelp(error)].join("\n"));
  tell(error instanceof Error ? (error.stack ?? error.message) : String(error));
}

/** Made for a person to read: its stack says nothing more. */
function isForPeople(error: unknown): error is Error {
  return error instanceof AppError || error instanceof GraphqlRequestError || error instanceof TransportError;
}

/** A line a problem of a document that was refused. */
function issuesOf(error: Error): string[] {
  const issues = error instanceof GraphqlRequestError ? error.errors[0]?.extensions?.["issues"] : undefined;
  if (!Array.isArray(issues)) return [];
  return issueLines(issues);
}

/** What a person at a shell does about a refusal that speaks of headers. */
function keyHelp(error: Error): string[] {
  const reason = error instanceof GraphqlRequestError ? error.reason : undefined;
  if (reason === "TENANT_MISMATCH") return ["Here: leave --tenant out, or give a key of that tenant."];
  if (reason !== "KEY_MISSING" && reason !== "KEY_INVALID") return [];
  return [
    `Here: --api-key agp_…, or AGENT_PLATFORM_API_KEY. To make one, beside the data folder: ${programName()} keys create --tenant t1`,
  ];
}

function machineReadable(error: unknown): object {
  if (error instanceof GraphqlRequestError) return { ...error.errors[0]?.extensions, message: error.message };
  if (error instanceof AppError) return { code: error.code, reason: error.reason, message: error.message, ...error.facts };
  return { code: "INTERNAL", message: error instanceof Error ? error.message : String(error) };
}
