import { renderConfig } from "#shared/dsl/render-config.ts";
import { isJsonObject } from "#shared/json.ts";
import { evaluatedNode, type Given } from "./evaluation.ts";
import type { NodeOutcome } from "./executor.ts";
import { completed, failed } from "./outcome.ts";

/** Renders `input`, when the node opens, to what its workflow is given. */
export function give({ config, scope }: Given): NodeOutcome {
  const { input } = renderConfig("sub-workflow", config, scope);
  if (isJsonObject(input)) return config["mode"] === "run" ? { kind: "child", input } : completed({ outputJson: [input] });
  const found = input === null || input === undefined ? "nothing" : `${JSON.stringify(input).slice(0, 80)}, which is no object`;
  return failed({
    code: "NODE_CONFIG_INVALID",
    message: `config.input gives ${found}; give an object, such as { "order": "{{ input.order }}" }.`,
  });
}

/** `sub-workflow`: runs another workflow version as a part of the run, or as a run of its own. What it computes is its input; the engine does the rest (engine/drive.ts). */
export const subWorkflowNode = evaluatedNode("sub-workflow", give);
