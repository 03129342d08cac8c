import { defineErrors } from "#shared/errors.ts";

/** Why an expression could not be read or evaluated. None of them goes away by itself: a retry meets the same. */
export const expressionErrors = defineErrors({
  EXPRESSION_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { line: number; column: number; problem: string }) =>
      `The expression cannot be read at line ${f.line}, column ${f.column}: ${f.problem}.`,
  },
  EXPRESSION_FAILED: {
    code: "BAD_USER_INPUT",
    message: (f: { expression: string; problem: string; path?: string | undefined }) =>
      `The expression ${f.expression} failed: ${f.problem}.`,
  },
  EXPRESSION_NOT_BOOLEAN: {
    code: "BAD_USER_INPUT",
    message: (f: { expression: string; type: string; value: string }) =>
      `The expression ${f.expression} gives ${f.type} ${f.value}; a condition must give true or false. Compare it, such as (${f.expression}) == ${f.value}.`,
  },
  EXPRESSION_TOO_LARGE: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { expression: string; limit: number }) =>
      `The expression ${f.expression} reads or makes more than ${f.limit} characters and items; look at less, or do the work in a code node.`,
  },
  EXPRESSION_TOO_SLOW: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { expression: string; limitMs: number }) =>
      `The expression ${f.expression} takes longer than ${f.limitMs} ms; loop over less, or do the work in a code node.`,
  },
});
