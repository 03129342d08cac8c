import type { GraphqlErrorShape } from "./errors.ts";

/** Closes of the WebSocket that say no: the API key is not accepted, or what the client says of itself cannot be. */
const refusals: Readonly<Record<number, string>> = { 4400: "BAD_USER_INPUT", 4403: "FORBIDDEN" };
const codes: Readonly<Record<string, string>> = {
  KEY_MISSING: "UNAUTHENTICATED",
  KEY_INVALID: "UNAUTHENTICATED",
  TENANT_MISMATCH: "TENANT_MISMATCH",
};

/** The error that a close event tells of; undefined: the connection was lost, and may be had again. Whoever asks again after a refusal is told the same. */
export function refusalIn(cause: unknown): GraphqlErrorShape | undefined {
  const { code, reason = "" } = (cause ?? {}) as { code?: unknown; reason?: string };
  const refused = typeof code === "number" ? refusals[code] : undefined;
  if (refused === undefined) return undefined;
  const [, word, message = reason] = /^([A-Z_]+): ([^]+)$/.exec(reason) ?? [];
  return { message, extensions: { code: codes[word ?? ""] ?? refused, ...(word !== undefined && { reason: word }) } };
}
