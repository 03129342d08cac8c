/** What of the audit concerns security: found by what was asked and by the reasons of what was refused, each of them a word of a closed list. */
import type { JsonObject } from "#shared/json.ts";

/** Kinds of security events, each by what it means. */
export const securityEvents = {
  AUTH_FAILED: "Who asked could not show who they are.",
  TENANT_MISMATCH: "A key asked for another tenant than its own.",
  KEY_CHANGED: "An API key was made, changed, rotated or revoked.",
  EGRESS_BLOCKED: "A call to an address that is not allowed was blocked.",
  SANDBOX_LIMIT: "A program reached a limit of the sandbox.",
  AUDITS_DROPPED: "Audits of queries were dropped, for more came than could be stored; details.count of them.",
} as const;

/** One of {@link securityEvents}. */
export type SecurityEvent = keyof typeof securityEvents;

/** Mutations that change keys. */
const keyChanges = new Set(["createApiKey", "updateApiKey", "updateApiKeyStatus", "rotateApiKey", "revokeApiKey", "deleteApiKey"]);

/** Events by the reason, or else the code, of an error. */
const byError: Readonly<Record<string, SecurityEvent>> = {
  UNAUTHENTICATED: "AUTH_FAILED",
  TENANT_MISMATCH: "TENANT_MISMATCH",
  EGRESS_DENIED: "EGRESS_BLOCKED",
  CODE_MEMORY: "SANDBOX_LIMIT",
  CODE_TIMEOUT: "SANDBOX_LIMIT",
  CODE_OUTPUT_TOO_LARGE: "SANDBOX_LIMIT",
};

/** What an operation was and how it ended. */
export interface EndedOperation {
  rootFields: readonly string[];
  errorCodes: Iterable<string>;
  reasons?: Iterable<string>;
}

/** The event that an operation is, with its facts; both null where it is none. */
export function securityEventOf(ended: EndedOperation): { event: SecurityEvent | null; details: JsonObject | null } {
  const { rootFields, errorCodes, reasons = [] } = ended;
  for (const word of [...reasons, ...errorCodes]) {
    if (Object.hasOwn(byError, word)) return { event: byError[word]!, details: { reason: word } };
  }
  const changed = rootFields.filter((name) => keyChanges.has(name));
  return changed.length > 0 ? { event: "KEY_CHANGED", details: { mutations: changed } } : { event: null, details: null };
}
