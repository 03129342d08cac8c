/** What of the audit concerns security: found by what was asked and by the reasons of what was refused, each of them a word of a closed list. */
import type { JsonObject } from "#shared/json.ts";

/** What an audit may mean for security; what each is, the graph's enum AuditEvent says. */
export type SecurityEvent = "AUTH_FAILED" | "TENANT_MISMATCH" | "KEY_CHANGED" | "EGRESS_BLOCKED" | "SANDBOX_LIMIT" | "AUDITS_DROPPED";

/** Mutations that change keys. */
const keyChanges = new Set(["createApiKey", "updateApiKey", "updateApiKeyStatus", "rotateApiKey", "revokeApiKey", "deleteApiKey"]);

/** Events by the reason, or else the code, of an error. */
const byError: Readonly<Record<string, SecurityEvent>> = {
  UNAUTHENTICATED: "AUTH_FAILED",
  FAILED_KEYS_LIMIT: "AUTH_FAILED",
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
