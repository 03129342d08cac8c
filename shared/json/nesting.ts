/**
 * How deep a text from outside may nest. Whoever walks a value or a document calls itself once a level, so a few kilobytes of brackets
 * would overflow the stack: it is told from the text, before anything is built of it.
 */
import { defineErrors, type AppError } from "#shared/errors.ts";
import type { Json } from "#shared/json.ts";
import { finishInTurns, pieceUnits } from "#shared/pieces.ts";
import { withDigitsKept, type LongNumber } from "./numbers.ts";

/** Levels of lists, objects and selections. More than any output of a node has (256), with what is put around it on its way. */
export const maxNesting = 512;

/** Comments of a GraphQL document. */
const maxComments = 15_000;

/** Its lines: where an error lies is found by going through them, which of two million took 0.3 s for each of a hundred errors. */
const maxLines = 100_000;

/** Its backslashes: a parser puts a text together of what lies between them, and for a million of them took 0.2 s. */
const maxEscapes = 100_000;

const nestingErrors = defineErrors({
  TOO_MANY_ESCAPES: {
    code: "BAD_USER_INPUT",
    message: (f: { limit: number }) => `The document has more than ${f.limit} backslashes. Give long texts as variables.`,
  },
  TOO_MANY_LINES: {
    code: "BAD_USER_INPUT",
    message: (f: { limit: number }) => `The document has more than ${f.limit} lines. Send it in fewer, and give long texts as variables.`,
  },
  TOO_MANY_COMMENTS: {
    code: "BAD_USER_INPUT",
    message: (f: { limit: number }) => `The document has more than ${f.limit} comments. Send it without them.`,
  },
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

/** Refuses a GraphQL document that would take long to parse. @throws AppError NESTED_TOO_DEEP, TOO_MANY_COMMENTS, TOO_MANY_LINES, TOO_MANY_ESCAPES */
export function refuseDocument(text: string): void {
  refuseDeep(text);
  refuseManyComments(text);
  refuseManyLines(text);
  refuseManyEscapes(text);
}

/** As {@link refuseDocument}, of a long one in turns of the main loop. */
export async function refuseDocumentInTurns(text: string): Promise<void> {
  if (text.length <= pieceUnits) return refuseDocument(text);
  refuseManyLines(text);
  refuseManyEscapes(text);
  await finishInTurns(documentSteps(text));
}

function* documentSteps(text: string): Generator<void, void> {
  const scan: Scan = { at: 0, depth: 0, comments: 0 };
  while (scan.at < text.length) {
    if (isTooDeepUntil(text, scan, scan.at + pieceUnits)) throw nestedTooDeep();
    if (scan.comments > maxComments) throw tooManyComments();
    yield;
  }
}

/** Reads JSON and GraphQL both: brackets count, but in strings, in GraphQL's block strings and in its comments. */
export function isNestedTooDeep(text: string): boolean {
  // It has not as many brackets. Pieces of a streamed answer are as short as this.
  return text.length > maxNesting && isTooDeepUntil(text, { at: 0, depth: 0, comments: 0 }, text.length);
}

/**
 * A GraphQL document has as many comments as it may have tokens: its parser counts tokens, and keeps each comment without counting it.
 *
 * @throws AppError TOO_MANY_COMMENTS
 */
export function refuseManyComments(document: string): void {
  let marks = 0;
  for (let at = document.indexOf("#"); at >= 0 && marks <= maxComments; at = document.indexOf("#", at + 1)) marks += 1;
  if (marks <= maxComments) return;
  const scan: Scan = { at: 0, depth: 0, comments: 0 };
  while (scan.at < document.length && scan.comments <= maxComments) if (isTooDeepUntil(document, scan, scan.at + pieceUnits)) break;
  if (scan.comments > maxComments) throw tooManyComments();
}

const tooManyComments = () => nestingErrors.TOO_MANY_COMMENTS({ limit: maxComments });

/** @throws AppError TOO_MANY_LINES */
function refuseManyLines(document: string): void {
  if (linesIn(document, maxLines) > maxLines) throw nestingErrors.TOO_MANY_LINES({ limit: maxLines });
}

/** @throws AppError TOO_MANY_ESCAPES */
function refuseManyEscapes(document: string): void {
  let escapes = 0;
  for (let at = document.indexOf("\\"); at >= 0 && escapes <= maxEscapes; at = document.indexOf("\\", at + 1)) escapes += 1;
  if (escapes > maxEscapes) throw nestingErrors.TOO_MANY_ESCAPES({ limit: maxEscapes });
}

/** The lines of a GraphQL document; above `most` it stops counting. */
export function linesIn(document: string, most = Infinity): number {
  let lines = 1;
  for (let at = document.indexOf("\n"); at >= 0 && lines <= most; at = document.indexOf("\n", at + 1)) lines += 1;
  // Before a line feed it ends no line of its own.
  for (let at = document.indexOf("\r"); at >= 0 && lines <= most; at = document.indexOf("\r", at + 1))
    if (document[at + 1] !== "\n") lines += 1;
  return lines;
}

/** The next character, how deep it lies, and how many comments lie before it. */
interface Scan {
  at: number;
  depth: number;
  comments: number;
}

/** Scans on until `most`, or the end of the string or comment in which that lies. */
function isTooDeepUntil(text: string, scan: Scan, most: number): boolean {
  const end = Math.min(most, text.length);
  for (; scan.at < end; scan.at++) {
    switch (text[scan.at]) {
      case "[":
      case "{":
      case "(":
        if (++scan.depth > maxNesting) return true;
        break;
      case "]":
      case "}":
      case ")":
        scan.depth--;
        break;
      case '"':
        scan.at = endOfString(text, scan.at);
        break;
      case "#":
        scan.comments += 1;
        scan.at = endOfComment(text, scan.at);
        break;
      default:
    }
  }
  return false;
}

const [quote, backslash, lineFeed, carriageReturn] = ['"', "\\", "\n", "\r"].map((one) => one.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
];

/** Either of the two ends one. */
function endOfComment(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === lineFeed || code === carriageReturn) break;
  }
  return at;
}

function endOfString(text: string, start: number): number {
  if (text.startsWith('"""', start)) {
    let end = endOf(text, '"""', start + 3);
    while (text[end - 1] === "\\" && end < text.length) end = endOf(text, '"""', end + 3);
    return end + 2;
  }
  let at = start + 1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote || code === lineFeed) break;
    if (code === backslash) at++;
  }
  return at;
}

function endOf(text: string, what: string, from: number): number {
  const found = text.indexOf(what, from);
  return found < 0 ? text.length : found;
}
