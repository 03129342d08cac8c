/**
 * Secrets at rest: AES-256-GCM, bound to what they were made for, so that a sealed value copied to another row or another
 * origin does not open. Formats, the parts base64url: `v1.<iv>.<tag>.<ciphertext>` by the master key, before it could be rotated;
 * `m1.<id of the key>.<iv>.<tag>.<ciphertext>` by a master key; `t1.<iv>.<tag>.<ciphertext>` by a tenant's data key (data-keys.ts).
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";

/** Seals and opens secrets with one key. */
export interface SecretBox {
  /** @param binding what the secret belongs to, such as `tool_binding:<id>:<origin>`; needed again to open it. */
  seal(plaintext: string, binding: string): string;
  /** @throws Error when the key or the binding is another, or the value was changed. */
  open(sealed: string, binding: string): string;
  /** Whether a value is sealed as this one seals now; others are to be sealed anew before the key that they need is given up. */
  isCurrent(sealed: string): boolean;
}

/** The platform's own box. */
export interface MasterBox extends SecretBox {
  /** The mark (HMAC-SHA256, base64url) by which the platform knows its own words again. `purpose`: words for one are not taken for another. */
  sign(text: string, purpose: string): string;
  /** Whether a mark is one that this platform made, with any of its keys. */
  isSigned(text: string, purpose: string, mark: string): boolean;
}

/** What a text of AGENT_PLATFORM_ENCRYPTION_KEY looks like. */
export const masterKeyPattern = /^[0-9a-fA-F]{64}(,[0-9a-fA-F]{64})?$/;

/**
 * The platform's master key. The first one seals; what the second one sealed still opens, while the key is rotated.
 *
 * @param keys 64 hex digits, or two of them, `new,old`.
 */
export function createSecretBox(keys: string): MasterBox {
  if (!masterKeyPattern.test(keys))
    throw new Error("an encryption key has 32 bytes, as 64 hex digits; while it is rotated there are two, new,old");
  const all = keys.split(",").map((hex) => Buffer.from(hex, "hex"));
  const byId = new Map(all.map((key) => [idOf(key), key]).reverse() as [string, Buffer][]);
  const newest = all[0]!;
  const prefix = `m1.${idOf(newest)}.`;
  return {
    sign: (text, purpose) => signed(newest, text, purpose),
    isSigned: (text, purpose, mark) => all.some((key) => isSame(mark, signed(key, text, purpose))),
    seal: (plaintext, binding) => prefix + sealWith(newest, plaintext, binding),
    open(sealed, binding) {
      const [version, ...parts] = sealed.split(".");
      if (version === "v1") return openWithAny(all, parts, binding);
      const key = version === "m1" ? byId.get(parts.shift() ?? "") : undefined;
      if (key === undefined) throw new Error("a secret that was sealed with another key");
      return openWith(key, parts, binding);
    },
    isCurrent: (sealed) => sealed.startsWith(prefix),
  };
}

/**
 * A tenant's secrets.
 *
 * @param dataKey 32 bytes.
 * @param master opens those that were sealed before tenants had keys.
 */
export function createTenantBox(dataKey: Buffer, master: SecretBox): SecretBox {
  const isCurrent = (sealed: string) => sealed.startsWith("t1.");
  return {
    seal: (plaintext, binding) => `t1.${sealWith(dataKey, plaintext, binding)}`,
    open: (sealed, binding) => (isCurrent(sealed) ? openWith(dataKey, sealed.split(".").slice(1), binding) : master.open(sealed, binding)),
    isCurrent,
  };
}

/** Not the key that seals: what one of them gives away tells nothing of the other. */
function signed(key: Buffer, text: string, purpose: string): string {
  const signingKey = Buffer.from(hkdfSync("sha256", key, "", "agent-platform signed words", 32));
  return createHmac("sha256", signingKey).update(`${purpose}\n${text}`).digest("base64url");
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A key's name: nothing of the key can be told from it. */
function idOf(key: Buffer): string {
  return createHmac("sha256", key).update("agent-platform/master-key").digest("hex").slice(0, 16);
}

function sealWith(key: Buffer, plaintext: string, binding: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(binding));
  const text = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]);
  return [iv, cipher.getAuthTag(), text].map((part) => part.toString("base64url")).join(".");
}

function openWith(key: Buffer, [iv = "", tag = "", text = ""]: readonly string[], binding: string): string {
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(iv, "base64url"), { authTagLength: 16 })
    .setAAD(Buffer.from(binding))
    .setAuthTag(Buffer.from(tag, "base64url"));
  return Buffer.concat([decipher.update(Buffer.from(text, "base64url")), decipher.final()]).toString("utf8");
}

function openWithAny([first, ...others]: readonly Buffer[], parts: readonly string[], binding: string): string {
  try {
    return openWith(first!, parts, binding);
  } catch (cause) {
    if (others.length === 0) throw cause;
    return openWithAny(others, parts, binding);
  }
}
