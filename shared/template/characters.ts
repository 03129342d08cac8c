/** Texts by their characters: a character is a Unicode code point, as in CEL and JSON Schema; JavaScript keeps most emojis as two units. */

/** How many there are. */
export function characterCount(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += unitsAt(text, at)) count += 1;
  return count;
}

/** The character at a place, counted from the end where that is below zero; undefined: there is none. */
export function characterAt(text: string, index: number): string | undefined {
  if (!Number.isInteger(index)) return undefined;
  let left = index < 0 ? characterCount(text) + index : index;
  if (left < 0) return undefined;
  let at = 0;
  for (; left > 0 && at < text.length; left -= 1) at += unitsAt(text, at);
  return at < text.length ? text.slice(at, at + unitsAt(text, at)) : undefined;
}

/** All of them. */
export function charactersOf(text: string): string[] {
  return Array.from(text);
}

/** What a key such as `size`, `length` or `0` of a text is; undefined: a text has no such key. */
export function textProperty(text: string, key: unknown): string | number | undefined {
  if (key === "size" || key === "length") return characterCount(text);
  if (typeof key === "number") return characterAt(text, key);
  return typeof key === "string" && /^(0|[1-9]\d*)$/.test(key) ? characterAt(text, Number(key)) : undefined;
}

function unitsAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code < 0xd800 || code > 0xdbff) return 1;
  const next = text.charCodeAt(at + 1);
  return next >= 0xdc00 && next <= 0xdfff ? 2 : 1;
}
