/**
 * Links to one wait of one node run: what they are for, and the platform's mark beneath it (HMAC-SHA256). Nothing of them is stored. A link is used up when its wait is
 * answered, by whomever.
 */
import { tenantIdPattern } from "#shared/request-info.ts";
import type { MasterBox } from "#shared/secret/secrets.ts";
import * as z from "zod";

/** What a link is for. */
export interface LinkClaims {
  /** answer: a page for a person. callback: an address for a machine. */
  kind: "answer" | "callback";
  tenantId: string;
  runId: string;
  path: string;
  /** Which wait it is: a node run may wait again, for another thing. */
  attempt: number;
  reason: string;
  /** Seconds since 1970; null: it holds for as long as the wait. */
  expires: number | null;
  /** Whose answer it will be. */
  by: string;
}

const version = 1;
const kinds = { answer: "a", callback: "c" } as const;

const content = z.tuple([
  z.literal(version),
  z.enum(["a", "c"]),
  z.string().regex(tenantIdPattern),
  z.string(),
  z.string(),
  z.int(),
  z.string(),
  z.int().nullable(),
  z.string(),
]);

const purpose = "wait-link";
/** Longer than any that is made: a path has 600 bytes. */
const longestToken = 4_000;

/** Makes a link's token. */
export function linkToken(secrets: Pick<MasterBox, "sign">, claims: LinkClaims): string {
  const { kind, tenantId, runId, path, attempt, reason, expires, by } = claims;
  const words = JSON.stringify([version, kinds[kind], tenantId, runId, path, attempt, reason, expires, by]);
  const text = Buffer.from(words).toString("base64url");
  return `${text}.${secrets.sign(text, purpose)}`;
}

/** What a token says that the platform made; undefined for any other. Whether it has expired is for whoever asks. */
export function readLinkToken(secrets: Pick<MasterBox, "isSigned">, token: string): LinkClaims | undefined {
  const [text = "", mark = "", ...more] = token.length > longestToken ? [] : token.split(".");
  if (more.length > 0 || !secrets.isSigned(text, purpose, mark)) return undefined;
  const read = content.safeParse(JSON.parse(Buffer.from(text, "base64url").toString()));
  if (!read.success) return undefined;
  const [, kind, tenantId, runId, path, attempt, reason, expires, by] = read.data;
  return { kind: kind === "a" ? "answer" : "callback", tenantId, runId, path, attempt, reason, expires, by };
}

const formPurpose = "wait-form";
/** How long somebody may take to fill in a form that they have opened. */
const formSeconds = 24 * 3_600;

/** What a form carries so that only who was shown it sends it. */
export function formToken(secrets: Pick<MasterBox, "sign">, token: string, nowSeconds: number): string {
  const made = String(Math.floor(nowSeconds));
  return `${made}.${secrets.sign(`${made} ${token}`, formPurpose)}`;
}

/** Whether a form's token is one of this link's, and of the last day. */
export function isFormToken(
  secrets: Pick<MasterBox, "isSigned">,
  given: { formToken: string; token: string },
  nowSeconds: number,
): boolean {
  const [made = "", mark = ""] = given.formToken.split(".");
  const age = nowSeconds - Number(made);
  return secrets.isSigned(`${made} ${given.token}`, formPurpose, mark) && age >= -60 && age <= formSeconds;
}
