/** Functions for threads of tests. Erasable TypeScript only: Node runs it as it is. */
import { AppError } from "#shared/errors.ts";

/** Gives back what it is given. */
export function echo(args: unknown, text?: string): unknown {
  return text === undefined ? args : { args, text };
}

/** Computes for ever. */
export function spin(): never {
  for (;;);
}

/** Computes for so long. */
export function compute({ ms }: { ms: number }): number {
  const until = performance.now() + ms;
  while (performance.now() < until);
  return ms;
}

/** Takes all the memory that it gets. */
export function hoard(): number {
  const all: object[] = [];
  for (;;) all.push({ one: all.length, more: [all.length] });
}

/** Refuses. */
export function refuse(): never {
  throw new AppError("BAD_USER_INPUT", "TEST_REFUSED", "No.", { field: "x" });
}

/** Has a bug. */
export function stumble(): never {
  throw new TypeError("a bug");
}

/** Makes a text of so many characters. */
export function write({ chars }: { chars: number }): string {
  return "x".repeat(chars);
}
