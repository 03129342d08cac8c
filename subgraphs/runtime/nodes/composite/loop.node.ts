import { renderConfig } from "#shared/dsl/render-config.ts";
import { compileExpression } from "#shared/expression/expression.ts";
import { isJsonObject } from "#shared/json.ts";
import { roundRoutes } from "../../engine/drivers/loop.driver.ts";
import { configText } from "../evaluation/config-text.ts";
import { evaluatedNode, type Given } from "../evaluation/evaluation.ts";
import type { NodeOutcome } from "../executor.ts";
import { completed, failed } from "../outcome.ts";

/** Renders `variables`, when the node opens; or, when a round has ended, `output` to what it gives, and asks `until` whether it was the last. */
export function loopRound({ config, scope }: Given): NodeOutcome {
  const { variables, output } = renderConfig("loop", config, scope);
  if ("variables" in config) {
    if (isJsonObject(variables)) return completed({ outputJson: [variables] });
    return failed({
      code: "NODE_CONFIG_INVALID",
      message: "config.variables gives no object; give one, with a start value for each name.",
    });
  }
  const isDone = "until" in config && compileExpression(configText(config, "until")).test(scope);
  return completed({ ...(output !== undefined && { outputJson: output }), route: isDone ? roundRoutes.done : roundRoutes.again });
}

/** `loop`: runs its body round after round. What it computes is where it begins, and whether it goes on; the engine does the rest (engine/drive.ts). */
export const loopNode = evaluatedNode("loop", loopRound);
