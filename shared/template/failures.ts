/** Makes what LiquidJS throws into errors for people: a code, a position in the template, one problem. */
import { AppError } from "#shared/errors.ts";
import { LiquidError } from "liquidjs";
import { templateLimits } from "./budget.ts";
import { templateErrors } from "./errors.ts";
import { LineTable } from "./lines.ts";

/** What went wrong while a template was read. */
export function parseFailure(error: unknown, source: string): AppError {
  return templateErrors.TEMPLATE_INVALID({ ...describe(error, source) }, { cause: error });
}

/** What went wrong while it was rendered. */
export function renderFailure(error: unknown, source: string): AppError {
  const original = originOf(error);
  if (original instanceof AppError) return original;
  const text = original instanceof Error ? original.message : "";
  if (text.includes("memory alloc limit exceeded") || text === "Invalid string length") {
    return templateErrors.TEMPLATE_TOO_LARGE({ limitBytes: templateLimits.renderedBytes }, { cause: error });
  }
  return templateErrors.TEMPLATE_FAILED(describe(error, source), { cause: error });
}

function describe(error: unknown, source: string): { line: number; column: number; problem: string } {
  const offset = LiquidError.is(error) ? error.token.begin : 0;
  return { ...new LineTable(source).at(offset), problem: problemOf(originOf(error)) };
}

function originOf(error: unknown): unknown {
  return LiquidError.is(error) && error.originalError !== undefined ? originOf(error.originalError) : error;
}

function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return "it cannot be understood";
  if (error instanceof RangeError) return "it is nested too deeply";
  const text = error.message.replace(/, line:\d+, col:\d+$/, "");
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
