/**
 * Signatures of calls: HMAC-SHA256 over the bytes that were sent, as senders write them. GitHub: `X-Hub-Signature-256: sha256=<hex>` over the body. Stripe:
 * `Stripe-Signature: t=<time>,v1=<hex>` over `{timestamp}.{body}`. Slack: `X-Slack-Signature: v0=<hex>` over `v0:{timestamp}:{body}`, the time in a header of its own.
 * Standard Webhooks: `webhook-signature: v1,<base64>` over `{id}.{timestamp}.{body}`. Pure.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** How calls are signed. */
export interface SignatureRule {
  /** In lower case, as all names of headers here. */
  header: string;
  encoding: "HEX" | "BASE64";
  prefix: string;
  /** With {body} once; {timestamp} and {id} are what the headers say. */
  signedText: string;
  /** null: the time stands as `t=` beside the signature. */
  timestampHeader: string | null;
  /** null: what was signed holds for ever. */
  toleranceSeconds: number | null;
}

/** What was sent. */
export interface SignedCall {
  header(name: string): string | undefined;
  body: Uint8Array;
  /** By which the sender numbers its deliveries. */
  deliveryId: string | undefined;
}

/** What came of a check; signedHash: of what was signed, so the same by whichever secret, and however the signature was written. */
export type SignatureCheck = { kind: "right"; signedHash: string } | { kind: "missing" | "wrong" | "late" };

/** Senders that change their secret sign with two. */
const mostSignatures = 5;

/** Checks a call. @param secrets  any of them may have signed it. */
export function checkSignature(
  rule: SignatureRule,
  call: SignedCall,
  { secrets, nowMs }: { secrets: readonly string[]; nowMs: number },
): SignatureCheck {
  const parts = partsOf(rule, call.header(rule.header) ?? "");
  const signatures = parts.filter((part) => part.startsWith(rule.prefix)).map((part) => part.slice(rule.prefix.length));
  const timestamp =
    rule.timestampHeader === null ? parts.find((part) => part.startsWith("t="))?.slice(2) : call.header(rule.timestampHeader);
  if (signatures.every((signature) => signature === "")) return { kind: "missing" };
  const signed = signedBytes(rule, call, timestamp);
  if (signed === undefined) return { kind: "missing" };
  const expected = secrets.map((secret) => createHmac("sha256", secret).update(signed).digest());
  const given = signatures.slice(0, mostSignatures).map((signature) => Buffer.from(signature, rule.encoding === "HEX" ? "hex" : "base64"));
  const isRight = expected.some((bytes) => given.some((one) => one.length === bytes.length && timingSafeEqual(one, bytes)));
  if (!isRight) return { kind: "wrong" };
  // Only now: whether a time is too late is told to whoever signed it.
  return isLate(rule, timestamp, nowMs)
    ? { kind: "late" }
    : { kind: "right", signedHash: createHash("sha256").update(signed).digest("hex") };
}

/** A header has several signatures between commas, or between spaces where the prefix has a comma. */
function partsOf({ prefix }: SignatureRule, value: string): string[] {
  return value.split(prefix.includes(",") ? /\s+/ : /[,\s]+/).filter((part) => part !== "");
}

function signedBytes({ signedText }: SignatureRule, { body, deliveryId }: SignedCall, timestamp: string | undefined): Buffer | undefined {
  if (signedText.includes("{timestamp}") && timestamp === undefined) return undefined;
  if (signedText.includes("{id}") && deliveryId === undefined) return undefined;
  const words: Record<string, string> = { "{timestamp}": timestamp ?? "", "{id}": deliveryId ?? "" };
  const [before = "", after = ""] = signedText.split("{body}").map((text) => text.replace(/\{(timestamp|id)\}/g, (word) => words[word]!));
  return Buffer.concat([Buffer.from(before, "latin1"), body, Buffer.from(after, "latin1")]);
}

function isLate({ toleranceSeconds }: SignatureRule, timestamp: string | undefined, nowMs: number): boolean {
  if (toleranceSeconds === null) return false;
  const seconds = /^\d{1,12}$/.test(timestamp ?? "") ? Number(timestamp) : Number.NaN;
  return !(Math.abs(nowMs / 1_000 - seconds) <= toleranceSeconds);
}
