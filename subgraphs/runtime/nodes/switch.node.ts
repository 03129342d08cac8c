import { switchConfig } from "#shared/dsl/configs.ts";
import { defaultCase } from "#shared/dsl/node-specs.ts";
import { AppError } from "#shared/errors.ts";
import { compileExpression } from "#shared/expression/expression.ts";
import { evaluatedNode, type Given } from "./evaluation/evaluation.ts";
import type { NodeOutcome, NodeScope } from "./executor.ts";
import { completed } from "./outcome.ts";

/** Takes the route of the first case whose expression is true; the cases behind it are not asked. */
export function choose({ config, scope }: Given): NodeOutcome {
  const { cases } = switchConfig.parse(config);
  const route = cases.find((one) => holds(one, scope))?.id ?? defaultCase;
  return completed({ outputJson: { route }, route });
}

/** @throws AppError of the expression, told with its case */
function holds({ id, expression }: { id: string; expression: string }, scope: NodeScope): boolean {
  try {
    return compileExpression(expression).test(scope);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(
      error.code,
      error.reason,
      `Case ${JSON.stringify(id)}: ${error.message}`,
      { ...error.facts, case: id },
      { cause: error },
    );
  }
}

/** `switch`: takes the edges whose condition is the id of the first case that holds, else those of `default`. */
export const switchNode = evaluatedNode("switch", choose);
