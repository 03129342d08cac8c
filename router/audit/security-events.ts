/** What of an operation concerns security: found by what was asked and by the reasons of what was refused, each of them a word of a closed list. */
import { errorCodes, type ErrorCode } from "#shared/errors.ts";
import type { JsonObject } from "#shared/json.ts";
import { securityEventOfError, type SecurityEvent } from "#shared/security-events.ts";

/** Mutations that change keys. */
const keyMutations = new Set(["createApiKey", "updateApiKey", "updateApiKeyStatus", "rotateApiKey", "revokeApiKey", "deleteApiKey"]);

/** What an operation was and how it ended. */
export interface EndedOperation {
  /** The mutations of keys in it that were done, or may have been ({@link keyChangesIn}). */
  keyChanges?: readonly string[];
  errorCodes: Iterable<string>;
  reasons?: Iterable<string>;
}

/** The event that an operation is, with its facts; both null where it is none. A key that was changed is told before what else was refused beside it. */
export function securityEventOf(ended: EndedOperation): { event: SecurityEvent | null; details: JsonObject | null } {
  const { keyChanges = [], errorCodes: codes, reasons = [] } = ended;
  const word = [...reasons, ...codes].find((given) => securityEventOfError(given) !== undefined);
  const reason = word === undefined ? {} : { reason: word };
  if (keyChanges.length > 0) return { event: "KEY_CHANGED", details: { mutations: [...keyChanges], ...reason } };
  return word === undefined ? { event: null, details: null } : { event: securityEventOfError(word)!, details: reason };
}

/** A result, as far as it says which of its fields have done what they were asked for. */
export interface ToldResult {
  data?: object | null | undefined;
  errors?: readonly ToldError[] | undefined;
}

interface ToldError {
  path?: readonly (string | number)[] | undefined;
  extensions?: Record<string, unknown> | undefined;
}

/**
 * The mutations of keys that an operation has done: those with data, and those whose error does not say that nothing was done.
 *
 * @param fields  its root fields by the names under which they are answered.
 */
export function keyChangesIn(fields: ReadonlyMap<string, string>, { data, errors = [] }: ToldResult): string[] {
  const values = (data ?? {}) as Record<string, unknown>;
  const isDone = (answeredAs: string) => {
    if (values[answeredAs] != null) return true;
    const error = errors.find(({ path }) => path?.[0] === answeredAs);
    return error !== undefined && !undone.has(error.extensions?.["code"] as ErrorCode);
  };
  const done = [...fields].filter(([answeredAs, name]) => keyMutations.has(name) && isDone(answeredAs));
  return [...new Set(done.map(([, name]) => name))];
}

/** Codes of what was refused before anything was done. */
const undone: ReadonlySet<ErrorCode> = new Set(
  errorCodes.filter((code) => !["DOWNSTREAM_UNAVAILABLE", "TIMEOUT", "INTERNAL"].includes(code)),
);
