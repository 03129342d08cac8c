/** Where templates differ from LiquidJS in what values are: order, characters, and digits of numbers. */
import { Context, defaultOperators } from "liquidjs";
import { isKept } from "#shared/json/numbers.ts";
import { characterAt, characterCount, charactersOf, textProperty } from "./characters.ts";

type Operator = (typeof defaultOperators)[string];
type BinaryOperator = (left: unknown, right: unknown, context?: unknown) => unknown;

/** Reads texts by their characters. */
export class ValueContext extends Context {
  override readProperty(value: never, key: never): unknown {
    return typeof value === "string" ? textProperty(value, key) : (super.readProperty(value, key) as unknown);
  }
}

/**
 * `<` and its like hold between two numbers and between two texts; whatever else is compared, it is false. JavaScript takes nothing, "", [] and false for
 * zero, and "10" for ten.
 */
export const orderOperators: Readonly<Record<string, Operator>> = {
  "<": ordered("<", (left, right) => left < right),
  "<=": ordered("<=", (left, right) => left <= right),
  ">": ordered(">", (left, right) => left > right),
  ">=": ordered(">=", (left, right) => left >= right),
};

/** What a filter does with a text; undefined: what LiquidJS does. `use` is told what is made, before it is. */
type TextFilter = (text: string, args: readonly unknown[], use: (units: number) => void) => unknown;

/** Filters that look at a text's characters; LiquidJS has them look at its units. */
export const textFilters: Readonly<Record<string, TextFilter>> = {
  size: (text) => characterCount(text),
  first: (text) => characterAt(text, 0),
  last: (text) => characterAt(text, -1),
  split: (text, [separator = ""], use) => (separator === "" ? allCharacters(text, use) : undefined),
  replace: (text, [pattern, by = ""], use) => {
    if (pattern !== "" || typeof by !== "string") return undefined;
    use(text.length * by.length);
    return allCharacters(text, use).join(by);
  },
};

/** Filters that make numbers of texts. */
const numberFilters = new Set([
  ...["abs", "at_least", "at_most", "ceil", "divided_by", "floor", "minus", "modulo", "plus", "round", "times", "to_integer", "sum"],
]);

/** Refuses a text that a filter would take for a number that a double does not keep. @throws Error */
export function refuseRounding(filter: string, values: readonly unknown[]): void {
  if (!numberFilters.has(filter)) return;
  for (const value of values.flatMap((item) => (filter === "sum" && Array.isArray(item) ? (item as unknown[]) : [item]))) {
    if (typeof value !== "string" || value.length < 16 || !/^\s*[+-]?[\d.]+(?:[eE][+-]?\d+)?\s*$/.test(value)) continue;
    const digits = value.trim().replace(/^\+/, "");
    if (!isKept(digits))
      throw new Error(`${filter} would take ${digits.slice(0, 60)} for ${Number(digits)}; compute with it in a code node`);
  }
}

function ordered(name: string, holds: (left: string | number, right: string | number) => boolean): Operator {
  const standard = defaultOperators[name] as BinaryOperator;
  return ((left: unknown, right: unknown, context?: unknown) => {
    // Liquid's own words: nil, empty, blank.
    if (isWord(left) || isWord(right)) return standard(left, right, context);
    if (typeof left === "number" && typeof right === "number") return holds(left, right);
    return typeof left === "string" && typeof right === "string" && holds(left, right);
  }) as Operator;
}

function isWord(value: unknown): boolean {
  return typeof value === "object" && value !== null && typeof (value as { gt?: unknown }).gt === "function";
}

function allCharacters(text: string, use: (units: number) => void): string[] {
  use(text.length);
  return charactersOf(text);
}
