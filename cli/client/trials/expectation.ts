/** What a test expects is evaluated here: the file is its owner's own, and so is the machine; the bounds are those that expressions have anywhere. */
import { expectNames } from "#shared/dsl/document.ts";
import { AppError } from "#shared/errors.ts";
import { compileExpression } from "#shared/expression/expression.ts";
import type { JsonObject } from "#shared/json.ts";

/** A run as expectations see it. */
export interface SeenRun {
  run: JsonObject;
  /** By path. */
  nodes: JsonObject;
}

/** Why an expectation does not hold; undefined: it does. */
export function expectationProblem(text: string, { run, nodes }: SeenRun): string | undefined {
  try {
    const scope = { input: {}, state: {}, nodes: {}, current: { node_id: "" } };
    const value = compileExpression(text, expectNames).evaluate(scope, { run, nodes });
    return value === true ? undefined : `${text} is ${JSON.stringify(value)}`;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return `${text}: ${error.message}`;
  }
}
