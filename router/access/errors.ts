import { defineErrors } from "#shared/errors.ts";

/** What goes wrong with keys. */
export const keyErrors = defineErrors({
  // One sentence for unknown, disabled, revoked and expired keys: whoever tries keys learns nothing.
  KEY_INVALID: {
    code: "UNAUTHENTICATED",
    message: (_: object) => "The API key is not accepted. Send one that is active as x-api-key, or as Authorization: Bearer.",
  },
  KEYS_DIFFER: {
    code: "BAD_USER_INPUT",
    message: (_: object) => "Two different API keys were sent (x-api-key, Authorization). Send one of them, once.",
  },
  KEY_MISSING: {
    code: "UNAUTHENTICATED",
    message: (_: object) =>
      "An API key is needed. Send it as x-api-key, or as Authorization: Bearer. The operator makes the first one: createApiKey without a key while there is none, or the command `keys create`.",
  },
  BOOTSTRAP_REFUSED: {
    code: "UNAUTHENTICATED",
    message: (_: object) =>
      "The first key is made by createApiKey without a key only once, by a request to this machine, or with the header x-bootstrap-token (AGENT_PLATFORM_BOOTSTRAP_TOKEN). Else: the command `keys create`.",
  },
  SCOPE_MISSING: {
    code: "FORBIDDEN",
    message: (f: { field: string; scope: string }) => `The API key may not ask for ${f.field}: it has no scope ${f.scope}.`,
  },
  SCOPE_NOT_HELD: {
    code: "FORBIDDEN",
    message: (f: { scope: string }) =>
      `The API key has no scope ${f.scope}, so it can give none. Name scopes that it has, or ask with a key that has this one.`,
  },
  TENANT_MISMATCH: {
    code: "TENANT_MISMATCH",
    message: (f: { tenantId: string }) =>
      `The API key is not one of tenant ${f.tenantId}. Leave x-tenant-id out: the key says which tenant it is of.`,
  },
  KEYS_UNAVAILABLE: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: { retryAfterMs: number }) =>
      `Keys cannot be checked: the database does not answer. Nothing was done. Try again in ${f.retryAfterMs} ms.`,
  },
  API_KEY_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No API key ${f.id}.` },
  API_KEY_REVOKED: {
    code: "CONFLICT",
    message: (f: { id: string }) => `API key ${f.id} is REVOKED, which is final. Make a new one with createApiKey.`,
  },
  EXPIRY_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: "expiresAt"; value: string }) => `expiresAt is ${f.value}, which has passed. Give a time in the future, or none.`,
  },
  API_KEYS_LIMIT: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { limit: number }) => `The tenant has ${f.limit} keys that are not revoked. Revoke some that are not used.`,
  },
});
