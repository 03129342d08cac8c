/**
 * Bounds that LiquidJS does not have: how many steps a path has, how many digits a number, and how many numbers a range, before it is made.
 */
import { evalTokenValue, TokenKind, TypeGuards, type Context, type RangeToken, type Template } from "liquidjs";
import { isKept } from "#shared/json/numbers.ts";
import { templateLimits } from "./budget.ts";
import { templateErrors } from "./errors.ts";
import { LineTable } from "./lines.ts";
import { valueTokens } from "./references.ts";

/** @throws AppError TEMPLATE_INVALID for a path of more steps than {@link templateLimits} says */
export function refuseLongPaths(templates: readonly Template[], source: string): void {
  for (const token of valueTokens(templates)) {
    if (!TypeGuards.isPropertyAccessToken(token) || token.props.length <= templateLimits.pathSteps) continue;
    const problem = `a path has at most ${templateLimits.pathSteps} steps; this one has ${token.props.length}`;
    throw templateErrors.TEMPLATE_INVALID({ ...new LineTable(source).at(token.begin), problem });
  }
}

/** @throws AppError TEMPLATE_INVALID for a number that is written with more digits than a double keeps */
export function refuseLongNumbers(templates: readonly Template[], source: string): void {
  for (const token of valueTokens(templates)) {
    if (!TypeGuards.isNumberToken(token) || isKept(token.getText())) continue;
    const problem = `the number ${token.getText().slice(0, 60)} would be read as ${token.content}; write it as a text, in quotation marks`;
    throw templateErrors.TEMPLATE_INVALID({ ...new LineTable(source).at(token.begin), problem });
  }
}

/** Makes every range of the templates look at its size before it is made; changes them. */
export function boundRanges(templates: readonly Template[]): void {
  for (const token of [...valueTokens(templates)]) if (TypeGuards.isRangeToken(token)) boundRange(token);
}

/** Refuses a text that a filter takes for a path, and that has more steps than one may have. */
export function refuseLongPath(filter: string, path: unknown): void {
  if (typeof path !== "string") return;
  let steps = 1;
  for (let at = 0; at < path.length; at += 1) if (path[at] === "." || path[at] === "[") steps += 1;
  if (steps > templateLimits.pathSteps)
    throw new Error(`${filter} takes a path of at most ${templateLimits.pathSteps} steps; this one has ${steps}`);
}

/** The upper end stands for a computation, as one in parentheses does: it is the only place where both ends are known and nothing is made. */
function boundRange(token: RangeToken): void {
  const { lhs, rhs } = token;
  const evaluate = function* (context: Context): IterableIterator<unknown> {
    const low: unknown = yield evalTokenValue(lhs, context);
    const high: unknown = yield evalTokenValue(rhs, context);
    const items = Number(high) - Number(low) + 1;
    const { rangeItems, renderedBytes: limitBytes } = templateLimits;
    if (items > rangeItems) throw templateErrors.TEMPLATE_TOO_LARGE({ limitBytes, rangeItems });
    return high;
  };
  token.rhs = { kind: TokenKind.FilteredValue, initial: { evaluate }, filters: [] } as unknown as RangeToken["rhs"];
}
