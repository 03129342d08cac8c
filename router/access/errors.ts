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
  ENCRYPTION_KEY_DIFFERS: {
    code: "FORBIDDEN",
    message: (_: object) =>
      "What is encrypted in this database was encrypted with another AGENT_PLATFORM_ENCRYPTION_KEY, API keys too. Start with that one; of an embedded database it is the encryption.key of the data folder that it was made in, kept apart from its copies.",
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
    message: (f: { retryAfterMs: number; effectUnknown?: true }) =>
      f.effectUnknown
        ? "Keys cannot be checked: the database does not answer. What was begun may have happened: look, before you send it again."
        : `Keys cannot be checked: the database does not answer. Nothing was done. Try again in ${f.retryAfterMs} ms.`,
  },
  API_KEY_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No API key ${f.id}.` },
  API_KEY_REVOKED: {
    code: "CONFLICT",
    message: (f: { id: string }) => `API key ${f.id} is REVOKED, which is final. Make a new one with createApiKey.`,
  },
  API_KEY_EXPIRED: {
    code: "CONFLICT",
    message: (f: { id: string; expiresAt: string }) =>
      `API key ${f.id} ended at ${f.expiresAt}, and one that replaces it would end then, too. Make a new one with createApiKey.`,
  },
  API_KEY_REPLACED: {
    code: "CONFLICT",
    message: (f: { id: string; replacedBy: string; expiresAt: string | null }) =>
      `API key ${f.id} was rotated: key ${f.replacedBy} replaces it, and it ends at ${f.expiresAt}. Rotate that one, or make another with createApiKey; updateApiKeyStatus (REVOKED) ends this one at once.`,
  },
  EXPIRY_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: "expiresAt"; value: string }) => `expiresAt is ${f.value}, which has passed. Give a time in the future, or none.`,
  },
  API_KEYS_LIMIT: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { limit: number }) =>
      `The tenant has ${f.limit} keys that are neither revoked nor have expired. Revoke some that are not used.`,
  },
});

interface NotSent {
  retryable: false;
  effectUnknown: false;
}

/** What goes wrong with secrets. */
export const secretErrors = defineErrors({
  SECRET_NOT_FOUND: { code: "NOT_FOUND", message: (f: { id: string }) => `No secret ${f.id}.` },
  SECRET_NAME_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: "name"; value: string }) =>
      `name is ${JSON.stringify(f.value)}. Use 1 to 64 letters, digits or '_', starting with a letter or '_', such as GITHUB_TOKEN.`,
  },
  SECRET_NAME_TAKEN: {
    code: "CONFLICT",
    message: (f: { field: "name"; value: string }) =>
      `A secret with the name ${f.value} exists. Choose another, or change it with updateSecret.`,
  },
  SECRET_VALUE_EMPTY: { code: "BAD_USER_INPUT", message: (_: { field: "value" }) => "value is empty. Give the secret itself." },
  SECRET_ORIGINS_EMPTY: {
    code: "BAD_USER_INPUT",
    message: (_: { field: "origins" }) =>
      "origins is empty: the secret could be sent nowhere. Give where it is for, such as https://api.example.com.",
  },
  SECRET_ORIGIN_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { field: string; value: string }) =>
      `${f.field} is ${JSON.stringify(f.value)}, which is no origin. Give scheme, host and port alone, such as https://api.example.com; no path, no *.`,
  },
  SECRET_ORIGIN_ADDED: {
    code: "CONFLICT",
    message: (f: { field: "origins"; value: string }) =>
      `The stored value was not given for ${f.value}. Give value too, or leave that origin out: who may edit a secret need not know it.`,
  },
  SECRETS_LIMIT: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { limit: number }) => `The tenant has ${f.limit} secrets. Delete some that are not used.`,
  },
  SECRET_UNKNOWN: {
    code: "NOT_FOUND",
    message: (f: NotSent & { name: string }) =>
      `The config names the secret ${f.name}, which there is not. Nothing was sent. Make it with createSecret, or correct the name.`,
  },
  SECRET_ORIGIN_MISMATCH: {
    code: "FORBIDDEN",
    message: (f: NotSent & { name: string; origin: string; origins: string[] }) =>
      `The call goes to ${f.origin}, but the secret ${f.name} is for ${f.origins.join(", ")} alone. Nothing was sent. Call one of those, or give the secret anew with this origin (updateSecret).`,
  },
  SECRET_CALLER_REFUSED: {
    code: "FORBIDDEN",
    message: (_: object) => "Values of secrets are for the calls of the tool and the model subgraph alone.",
  },
});
