import { defineErrors } from "#shared/errors.ts";

/** Why something that a stranger wrote was not evaluated. */
export const evaluationErrors = defineErrors({
  EVALUATION_BUSY: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { retryAfterMs: number; retryable: true }) =>
      `The platform has as much to evaluate as it takes, or as it takes of one tenant; try again in ${f.retryAfterMs} ms.`,
  },
  EVALUATION_TOO_LARGE: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { limitBytes: number }) =>
      `What is evaluated is larger than ${f.limitBytes} bytes or 1,000,000 values, or makes more than that; give it less.`,
  },
  EVALUATION_TOO_SLOW: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { limitMs: number }) => `Evaluating it takes longer than ${f.limitMs} ms; give it less.`,
  },
});
