/**
 * The token of a webhook's URL: whose it is, so that it is looked for among the tenant's, and 256 random bits. Kept is a hash of the whole: the bits are too many to be
 * guessed, so it needs no key, which would have to stay when the platform's is rotated.
 */
import { createHash, randomBytes } from "node:crypto";

/** Makes a token. */
export function newHookToken(tenantId: string): string {
  return `${Buffer.from(tenantId).toString("base64url")}.${randomBytes(32).toString("base64url")}`;
}

/** By it the token is found: what a look-up takes tells nothing of the token. */
export function hookTokenHash(token: string): string {
  return createHash("sha256").update("agent-platform webhook\n").update(token).digest("base64url");
}

/** A secret that the platform makes. */
export function newHookSecret(): string {
  return randomBytes(32).toString("base64url");
}
