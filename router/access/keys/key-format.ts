/**
 * API keys as text: `agp_`, 12 characters by which it is found, 43 that are the secret (256 bits), and 6 of a checksum, all base62. Whoever
 * scans texts for lost keys knows one by its form and its checksum; the router refuses what is none before it asks the database.
 */
import { randomInt } from "node:crypto";
import { crc32 } from "node:zlib";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const pattern = /^agp_[0-9A-Za-z]{61}$/;
const idCharacters = 12;
const secretCharacters = 43;
const prefixCharacters = "agp_".length + idCharacters;

/** A new key; nobody has it but whoever is given this. */
export function newKey(): { key: string; prefix: string } {
  const body = `agp_${randomText(idCharacters + secretCharacters)}`;
  return { key: body + checksum(body), prefix: body.slice(0, prefixCharacters) };
}

/** By what a key is found; undefined for a text that is no key. */
export function prefixOf(key: string): string | undefined {
  if (!pattern.test(key)) return undefined;
  const body = key.slice(0, -6);
  return checksum(body) === key.slice(-6) ? foundBy(key) : undefined;
}

/** The same for a text that nobody has looked at: it may be no key's. */
export function foundBy(text: string): string {
  return text.slice(0, prefixCharacters);
}

/** Whether a text is meant to be a key of this platform, right or wrong. */
export function looksLikeKey(text: string): boolean {
  return text.startsWith("agp_");
}

/**
 * A text without the keys that somebody put into it by mistake, such as one in the place of an id. What a key is found by stays, so that its owner knows which
 * one to rotate. By its form, not its checksum: one that is mistyped, or cut short, is still most of a secret.
 */
export function withoutKeys(text: string): string {
  return text.includes("agp_") ? text.replace(keyWithin, "$1[redacted]") : text;
}

const keyWithin = /(agp_[0-9A-Za-z]{12})[0-9A-Za-z]+/g;

function randomText(length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
}

function checksum(body: string): string {
  let text = "";
  for (let rest = crc32(body), left = 6; left > 0; left--) {
    text = alphabet[rest % 62]! + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}
