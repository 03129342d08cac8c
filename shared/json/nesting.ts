/**
 * How deep a text from outside may nest. Whoever walks a value or a document calls itself once a level, so a few kilobytes of brackets
 * would overflow the stack: it is told from the text, before anything is built of it.
 */
import { defineErrors, type AppError } from "#shared/errors.ts";
import type { Json } from "#shared/json.ts";
import { withDigitsKept, type LongNumber } from "./numbers.ts";

/** Levels of lists, objects and selections. More than any output of a node has (256), with what is put around it on its way. */
export const maxNesting = 512;

const nestingErrors = defineErrors({
  NESTED_TOO_DEEP: {
    code: "BAD_USER_INPUT",
    message: (f: { limit: number }) => `What was sent nests deeper than ${f.limit} levels.`,
  },
});

/** @throws AppError NESTED_TOO_DEEP for a JSON text or a GraphQL document that nests deeper than {@link maxNesting}. */
export function refuseDeep(text: string): void {
  if (isNestedTooDeep(text)) throw nestedTooDeep();
}

/** NESTED_TOO_DEEP, for whoever does not throw it. */
export function nestedTooDeep(): AppError {
  return nestingErrors.NESTED_TOO_DEEP({ limit: maxNesting });
}

/**
 * Reads JSON from outside; undefined where the text is none, or nests deeper than {@link maxNesting}. Numbers that a double does not keep are texts of
 * their digits (numbers.ts).
 *
 * @param told  hears of those numbers, the first hundred of them; not called where there are none.
 */
export function readJson(text: string, told?: (numbers: readonly LongNumber[]) => void): Json | undefined {
  if (isNestedTooDeep(text)) return undefined;
  try {
    const value = JSON.parse(text) as Json;
    const { text: safe, kept } = withDigitsKept(text);
    if (kept.length === 0) return value;
    told?.(kept);
    return JSON.parse(safe) as Json;
  } catch {
    return undefined;
  }
}

/** Reads JSON and GraphQL both: brackets count, but in strings, in GraphQL's block strings and in its comments. */
export function isNestedTooDeep(text: string): boolean {
  // It has not as many brackets. Pieces of a streamed answer are as short as this.
  if (text.length <= maxNesting) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case "[":
      case "{":
      case "(":
        if (++depth > maxNesting) return true;
        break;
      case "]":
      case "}":
      case ")":
        depth--;
        break;
      case '"':
        at = endOfString(text, at);
        break;
      case "#":
        at = endOf(text, "\n", at);
        break;
      default:
    }
  }
  return false;
}

function endOfString(text: string, start: number): number {
  if (text.startsWith('"""', start)) {
    let end = endOf(text, '"""', start + 3);
    while (text[end - 1] === "\\" && end < text.length) end = endOf(text, '"""', end + 3);
    return end + 2;
  }
  let at = start + 1;
  while (at < text.length && text[at] !== '"' && text[at] !== "\n") at += text[at] === "\\" ? 2 : 1;
  return at;
}

function endOf(text: string, what: string, from: number): number {
  const found = text.indexOf(what, from);
  return found < 0 ? text.length : found;
}
