/** The wait that a server asks for: tools, sources of documents and model providers are read alike. */

/** Longest wait that a server is believed. */
const longestWaitMs = 24 * 60 * 60 * 1000;

// Digits have one way to be read: with `\.?` between two runs of them, a long header that is no number takes the square of its length.
const seconds = /^\+?(\d+(\.\d*)?|\.\d+)$/;
// Date.parse takes nearly anything that has a digit in it for a date ("in 5" is a day in 2001).
const httpDate = /^(mon|tue|wed|thu|fri|sat|sun)[a-z]*,? .*\d\d:\d\d:\d\d/i;
const isoDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d/i;
const hasZone = /(z|gmt|utc|[+-]\d\d:?\d\d)$/i;

/**
 * Reads `retry-after-ms` and `retry-after`: seconds, with a fraction or without, or a date. Of several values the longest counts: never
 * sooner than the other side asked for.
 *
 * @param headers  by lower-case name
 * @param nowMs    what dates are compared to
 * @returns milliseconds, 0 to a day; undefined where nothing is said that can be read
 */
export function readRetryAfter(headers: Readonly<Record<string, unknown>>, nowMs: number): number | undefined {
  const waits = [
    waitOf(headers["retry-after-ms"], (text) => numberOf(text)),
    waitOf(headers["retry-after"], (text) => secondsOf(text) ?? untilDate(text, nowMs)),
  ];
  const waitMs = waits.find((wait) => wait !== undefined);
  return waitMs === undefined ? undefined : Math.ceil(Math.min(Math.max(waitMs, 0), longestWaitMs));
}

function waitOf(value: unknown, read: (text: string) => number | undefined): number | undefined {
  return typeof value === "string" ? read(value.trim()) : undefined;
}

function numberOf(text: string): number | undefined {
  return seconds.test(text) ? Number(text) : undefined;
}

function secondsOf(text: string): number | undefined {
  const waits = text.split(",").map((part) => numberOf(part.trim()));
  return waits.some((wait) => wait === undefined) ? undefined : Math.max(...waits.map((wait) => wait! * 1_000));
}

/** HTTP's dates are GMT, said or not. */
function untilDate(text: string, nowMs: number): number | undefined {
  if (!httpDate.test(text) && !isoDate.test(text)) return undefined;
  const untilMs = Date.parse(hasZone.test(text) ? text : `${text}${isoDate.test(text) ? "Z" : " GMT"}`);
  return Number.isNaN(untilMs) ? undefined : untilMs - nowMs;
}
