/** What of an operation concerns security: found by what was asked and by the reasons of what was refused, each of them a word of a closed list. */
import type { JsonObject } from "#shared/json.ts";
import { securityEventOfError, type SecurityEvent } from "#shared/security-events.ts";

/** Mutations that change keys. */
const keyChanges = new Set(["createApiKey", "updateApiKey", "updateApiKeyStatus", "rotateApiKey", "revokeApiKey", "deleteApiKey"]);

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
    const event = securityEventOfError(word);
    if (event !== undefined) return { event, details: { reason: word } };
  }
  const changed = rootFields.filter((name) => keyChanges.has(name));
  return changed.length > 0 ? { event: "KEY_CHANGED", details: { mutations: changed } } : { event: null, details: null };
}
