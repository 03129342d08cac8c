/** What of an operation concerns security: found by what was asked and by the reasons of what was refused, each of them a word of a closed list. */
import { errorCodes, type ErrorCode } from "#shared/errors.ts";
import type { JsonObject } from "#shared/json.ts";
import { securityEventOfError, type SecurityEvent } from "#shared/security-events.ts";

/** Mutations that change what somebody may do, or may know. */
const changes: ReadonlyMap<string, SecurityEvent> = new Map([
  ...["createApiKey", "updateApiKey", "updateApiKeyStatus", "rotateApiKey", "revokeApiKey", "deleteApiKey"].map(
    (name) => [name, "KEY_CHANGED"] as const,
  ),
  ...["createSecret", "updateSecret", "deleteSecret"].map((name) => [name, "SECRET_CHANGED"] as const),
  // The URL of a webhook is a secret, too: where nothing is signed, whoever knows it makes runs.
  ...["createWebhook", "rotateWebhookSecret", "rotateWebhookUrl", "deleteWebhook"].map((name) => [name, "SECRET_CHANGED"] as const),
]);

/** What an operation was and how it ended. */
export interface EndedOperation {
  /** The mutations of keys and secrets in it that were done, or may have been ({@link changesIn}). */
  changed?: readonly string[];
  errorCodes: Iterable<string>;
  reasons?: Iterable<string>;
}

/**
 * The event that an operation is, with its facts; both null where it is none. What was changed is told before what else was refused beside it, and a key before a
 * secret; the facts have both.
 */
export function securityEventOf(ended: EndedOperation): { event: SecurityEvent | null; details: JsonObject | null } {
  const { changed = [], errorCodes: codes, reasons = [] } = ended;
  const word = [...reasons, ...codes].find((given) => securityEventOfError(given) !== undefined);
  const reason = word === undefined ? {} : { reason: word };
  const events = changed.flatMap((mutation) => changes.get(mutation) ?? []);
  const event = events.find((one) => one === "KEY_CHANGED") ?? events[0];
  if (event !== undefined) return { event, details: { mutations: [...changed], ...reason } };
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
 * The mutations of keys and secrets that an operation has done: those with data, and those whose error does not say that nothing was done.
 *
 * @param fields  its root fields by the names under which they are answered.
 */
export function changesIn(fields: ReadonlyMap<string, string>, { data, errors = [] }: ToldResult): string[] {
  const values = (data ?? {}) as Record<string, unknown>;
  const isDone = (answeredAs: string) => {
    if (values[answeredAs] != null) return true;
    const error = errors.find(({ path }) => path?.[0] === answeredAs);
    return error !== undefined && !undone.has(error.extensions?.["code"] as ErrorCode);
  };
  const done = [...fields].filter(([answeredAs, name]) => changes.has(name) && isDone(answeredAs));
  return [...new Set(done.map(([, name]) => name))];
}

/** Codes of what was refused before anything was done. */
const undone: ReadonlySet<ErrorCode> = new Set(
  errorCodes.filter((code) => !["DOWNSTREAM_UNAVAILABLE", "TIMEOUT", "INTERNAL"].includes(code)),
);
