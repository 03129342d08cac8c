/**
 * Secrets at rest: AES-256-GCM, bound to what they were made for, so that a sealed value copied to another row or another
 * origin does not open. Format: `v1.<iv>.<tag>.<ciphertext>`, base64url.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";

/** Seals and opens secrets with one key. */
export interface SecretBox {
  /** @param binding what the secret belongs to, such as `tool_binding:<id>:<origin>`; needed again to open it. */
  seal(plaintext: string, binding: string): string;
  /** @throws Error when the key or the binding is another, or the value was changed. */
  open(sealed: string, binding: string): string;
  /** The mark (HMAC-SHA256, base64url) by which the platform knows its own words again. `purpose`: words for one are not taken for another. */
  sign(text: string, purpose: string): string;
}

/** @param keyHex 64 hex digits. */
export function createSecretBox(keyHex: string): SecretBox {
  const key = Buffer.from(keyHex, "hex");
  if (key.length !== 32) throw new Error("an encryption key has 32 bytes");
  // Not the key that seals: what one of them gives away tells nothing of the other.
  const signingKey = Buffer.from(hkdfSync("sha256", key, "", "agent-platform signed words", 32));
  return {
    sign: (text, purpose) => createHmac("sha256", signingKey).update(`${purpose}\n${text}`).digest("base64url"),
    seal(plaintext, binding) {
      const iv = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(binding));
      const text = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]);
      return ["v1", iv.toString("base64url"), cipher.getAuthTag().toString("base64url"), text.toString("base64url")].join(".");
    },
    open(sealed, binding) {
      const [version, iv = "", tag = "", text = ""] = sealed.split(".");
      if (version !== "v1") throw new Error("a sealed secret of an unknown version");
      const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(iv, "base64url"), { authTagLength: 16 })
        .setAAD(Buffer.from(binding))
        .setAuthTag(Buffer.from(tag, "base64url"));
      return Buffer.concat([decipher.update(Buffer.from(text, "base64url")), decipher.final()]).toString("utf8");
    },
  };
}
