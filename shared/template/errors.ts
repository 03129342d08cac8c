import { defineErrors } from "#shared/errors.ts";

interface Position {
  line: number;
  column: number;
  problem: string;
}

/** Why a template could not be read or rendered. None of them goes away by itself: a retry meets the same. */
export const templateErrors = defineErrors({
  TEMPLATE_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: Position) => `The template cannot be read at line ${f.line}, column ${f.column}: ${f.problem}.`,
  },
  TEMPLATE_FAILED: {
    code: "BAD_USER_INPUT",
    message: (f: Position) => `The template cannot be rendered at line ${f.line}, column ${f.column}: ${f.problem}.`,
  },
  TEMPLATE_TOO_LARGE: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { limitBytes: number; rangeItems?: number }) =>
      f.rangeItems === undefined
        ? `The template makes more than ${f.limitBytes} bytes of text; loop over less, or render less of each item.`
        : `The template has a range of more than ${f.rangeItems} numbers; loop over less.`,
  },
  TEMPLATE_TOO_SLOW: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { limitMs: number }) => `The template takes longer than ${f.limitMs} ms; loop over less, or do the work in a code node.`,
  },
});
