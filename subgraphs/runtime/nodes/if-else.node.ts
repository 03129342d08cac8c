import { compileExpression } from "#shared/expression/expression.ts";
import { configText } from "./evaluation/config-text.ts";
import { evaluatedNode, type Given } from "./evaluation/evaluation.ts";
import type { NodeOutcome } from "./executor.ts";
import { completed } from "./outcome.ts";

/** Takes the route that `expression` says. */
export function decide({ config, scope }: Given): NodeOutcome {
  const result = compileExpression(configText(config, "expression")).test(scope);
  const route = String(result);
  return completed({ outputJson: { condition_result: result, route }, route });
}

/** `if-else` (alias `condition`): takes the edges whose condition equals what `expression` says (S-51). */
export const ifElseNode = evaluatedNode("if-else", decide);
