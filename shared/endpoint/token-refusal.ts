/** A subgraph that does not take this process's token: the operator's business, and no failure of whoever asked. */
import { doubtDatabaseTime } from "#shared/database-time.ts";
import { defineErrors, type AppError } from "#shared/errors.ts";
import { isJsonObject } from "#shared/json.ts";

/** Why a token was not taken; TOKEN_FORGED: another key may be known there. */
export type TokenRefusal = "TOKEN_MISSING" | "TOKEN_FORGED" | "TOKEN_EXPIRED" | "TOKEN_AUDIENCE_WRONG" | "TOKEN_BODY_DIFFERS";

const refusals: readonly string[] = [
  "TOKEN_MISSING",
  "TOKEN_FORGED",
  "TOKEN_EXPIRED",
  "TOKEN_AUDIENCE_WRONG",
  "TOKEN_BODY_DIFFERS",
] satisfies TokenRefusal[];

/** The refusal in the errors of an answer, if they are one. */
export function refusedToken(errors: unknown): TokenRefusal | undefined {
  const [first] = Array.isArray(errors) ? (errors as unknown[]) : [];
  const extensions = isJsonObject(first) ? first["extensions"] : undefined;
  const reason = isJsonObject(extensions) && extensions["code"] === "UNAUTHENTICATED" ? extensions["reason"] : undefined;
  return typeof reason === "string" && refusals.includes(reason) ? (reason as TokenRefusal) : undefined;
}

/** What the caller of a subgraph is told instead: it passes when the operator has set it right. */
export const refusalErrors = defineErrors({
  SUBGRAPH_REFUSES_TOKEN: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: { serviceName: string; refusal: TokenRefusal; retryable: true; effectUnknown: false; platformFault: true }) =>
      `The ${f.serviceName} subgraph does not believe this process (${f.refusal}). The operator gives all processes the same AGENT_PLATFORM_INTERNAL_KEY, and the same time.`,
  },
});

/** The error of a refusal; nothing was executed. */
export function tokenRefused(serviceName: string, refusal: TokenRefusal): AppError {
  if (refusal === "TOKEN_EXPIRED") doubtDatabaseTime();
  return refusalErrors.SUBGRAPH_REFUSES_TOKEN({ serviceName, refusal, retryable: true, effectUnknown: false, platformFault: true });
}
