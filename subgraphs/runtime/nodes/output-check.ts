/** Whether what a node made can be kept: JSON that PostgreSQL can store, of bounded size. Found out here, it fails one node; found out at the flush it would fail a batch. */
import type { Json } from "#shared/json.ts";

/** The most that one node may put out; what exceeds a hot row (2 kB) becomes an artifact up to this. */
export const maxOutputBytes = 50 * 1024 * 1024;

const maxDepth = 256;

// A UTF-16 unit takes at most six bytes as JSON (\u001f).
const bytesPerUnit = 6;

/** Why an output cannot be kept, or null. */
export interface OutputProblem {
  code: "OUTPUT_NOT_STORABLE" | "OUTPUT_TOO_LARGE";
  message: string;
}

/** Checks a node's text and JSON. */
export function outputProblem(output: { outputText?: string | undefined; outputJson?: Json | undefined }): OutputProblem | null {
  const tally = { units: 0 };
  const found = valueProblem(output.outputText, tally, 0, true) ?? valueProblem(output.outputJson, tally, 0, true);
  if (found) return { code: "OUTPUT_NOT_STORABLE", message: `The node's output cannot be kept: ${describe(found)}.` };
  if (tally.units * bytesPerUnit <= maxOutputBytes || sizeBytes(output) <= maxOutputBytes) return null;
  return { code: "OUTPUT_TOO_LARGE", message: `The node's output is larger than ${maxOutputBytes} bytes.` };
}

/** Text from outside, with what PostgreSQL cannot store (NUL, half characters) made visible instead. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "\ufffd");
}

/** What is wrong, and where: keys and indexes, the innermost first. */
interface Found {
  problem: string;
  path: (string | number)[];
}

function valueProblem(value: unknown, tally: { units: number }, depth: number, mayBeAbsent: boolean): Found | null {
  switch (typeof value) {
    case "string":
      tally.units += value.length;
      return textProblem(value);
    case "number":
      tally.units += 8;
      return Number.isFinite(value) ? null : { problem: `is ${value}`, path: [] };
    case "boolean":
      tally.units++;
      return null;
    case "undefined":
      return mayBeAbsent ? null : { problem: "is undefined", path: [] };
    case "object":
      if (value === null) return null;
      return depth >= maxDepth ? { problem: `is nested more than ${maxDepth} deep`, path: [] } : childProblem(value, tally, depth);
    default:
      return { problem: `is a ${typeof value}`, path: [] };
  }
}

function childProblem(value: object, tally: { units: number }, depth: number): Found | null {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const found = valueProblem(item, tally, depth + 1, false);
      if (found) return within(found, index);
    }
    return null;
  }
  // By tag, not by prototype: an object of another realm is as plain.
  const tag = Object.prototype.toString.call(value);
  if (tag !== "[object Object]") return { problem: `is a ${tag.slice(8, -1)}`, path: [] };
  for (const [key, item] of Object.entries(value)) {
    tally.units += key.length;
    const found = textProblem(key) ?? valueProblem(item, tally, depth + 1, true);
    if (found) return within(found, key);
  }
  return null;
}

function within(found: Found, key: string | number): Found {
  found.path.push(key);
  return found;
}

function textProblem(text: string): Found | null {
  if (text.includes("\u0000")) return { problem: "has the character NUL (\\u0000)", path: [] };
  return text.isWellFormed() ? null : { problem: "has half a character (a lone surrogate)", path: [] };
}

function describe({ problem, path }: Found): string {
  const place = path.reverse().map((key) => storableText(String(key)).slice(0, 100));
  return place.length === 0 ? `it ${problem}` : `${place.join(".")} ${problem}`;
}

function sizeBytes({ outputText, outputJson }: { outputText?: string | undefined; outputJson?: Json | undefined }): number {
  return Buffer.byteLength(outputText ?? "") + Buffer.byteLength(JSON.stringify(outputJson ?? null));
}
