/** The ways in which a secret is written where somebody repeats it. */

/** Shorter ones are words of ordinary text, and protect nothing. */
export const shortestSecret = 8;

/**
 * Every form of the secrets, the longest first: as it is, in JSON, in URLs and forms, in hex, and in base64 wherever in a longer text it begins.
 *
 * @param secrets header values or keys; of `Bearer x` and `Basic x` the x is a secret too.
 */
export function secretForms(secrets: readonly string[]): string[] {
  const parts = new Set(secrets.flatMap(partsOf).filter((part) => part.length >= shortestSecret));
  // The longest first: a part of it must not be replaced before the whole is.
  return [...new Set([...parts].flatMap(formsOf))].sort((a, b) => b.length - a.length);
}

function partsOf(secret: string): string[] {
  const [, scheme, credentials] = /^(\w+)\s+(\S.*)$/s.exec(secret) ?? [];
  if (scheme === undefined || credentials === undefined) return [secret];
  if (scheme.toLowerCase() !== "basic") return [secret, credentials];
  const password = Buffer.from(credentials, "base64").toString("utf8").split(":").slice(1).join(":");
  return [secret, credentials, password];
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, "utf8");
  const hex = bytes.toString("hex");
  const percent = hex.replace(/../g, "%$&");
  const inUrl = encodeURIComponent(secret.toWellFormed());
  const inBase64 = [0, 1, 2].map((offset) => base64Within(bytes, offset));
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    inUrl,
    inUrl.replaceAll("%20", "+"),
    inUrl.replace(/%../g, (escape) => escape.toLowerCase()),
    new URLSearchParams([["", secret]]).toString().slice(1),
    hex,
    hex.toUpperCase(),
    percent,
    percent.toUpperCase(),
    bytes.toString("base64"),
    ...inBase64,
    ...inBase64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
  ];
}

/** The characters of base64 that are the secret's alone where so many bytes stand before it, modulo 3. */
function base64Within(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
  return text.slice(Math.ceil((8 * offset) / 6), Math.floor((8 * (offset + bytes.length)) / 6));
}
