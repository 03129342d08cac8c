import { compileExpression } from "#shared/expression/expression.ts";
import { configText } from "./config-text.ts";
import { completed, pureNode } from "./outcome.ts";

/** `if-else` (alias `condition`): takes the edges whose condition equals what `expression` says (S-51). */
export const ifElseNode = pureNode(({ config, scope }) => {
  const result = compileExpression(configText(config, "expression")).test(scope);
  const route = String(result);
  return completed({ outputJson: { condition_result: result, route }, route });
});
