/** How a config names a secret: `{{ secrets.NAME }}`. No template engine reads it: it stays as it is until the call is made. */

/** A secret's name. */
export const secretName = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

const reference = /\{\{-?\s*secrets\s*\.\s*([A-Za-z_][A-Za-z0-9_]{0,63})\s*-?\}\}/g;
const attempt = /\{\{-?\s*secrets\b/;

/** The names that a text refers to, each once. */
export function secretsIn(text: string): string[] {
  return attempt.test(text) ? [...new Set([...text.matchAll(reference)].map(([, name]) => name!))] : [];
}

/** Whether a text begins to refer to a secret and is no reference, such as `{{ secrets['a'] }}`. */
export function hasBrokenReference(text: string): boolean {
  return attempt.test(text) && attempt.test(text.replace(reference, ""));
}

/** Whether nothing else stands in a text but references, and a word before them such as `Bearer`. */
export function isOnlyReferences(text: string): boolean {
  return attempt.test(text) && /^\s*([A-Za-z-]{1,20}\s+)?$/.test(text.replace(reference, ""));
}

/** The text with each reference replaced. */
export function replaceSecrets(text: string, replace: (name: string) => string): string {
  return attempt.test(text) ? text.replace(reference, (_, name: string) => replace(name)) : text;
}
