import { renderConfig } from "#shared/dsl/render-config.ts";
import { evaluatedNode, type Given } from "../evaluation/evaluation.ts";
import type { NodeOutcome } from "../executor.ts";
import { renderHandedOn } from "../handed-on.ts";
import { completed, failed } from "../outcome.ts";

/** Renders `items`, when the node opens, to the list whose items its body runs for; or `output`, when one of them has been through it, to what it gives. */
export function iterate({ config, scope }: Given): NodeOutcome {
  if (!("items" in config)) return completed({ outputJson: renderConfig("iteration", config, scope)["output"] ?? null });
  const handed = renderHandedOn({ type: "iteration", name: "config.items", code: "ITERATION_TOO_LARGE" }, { config, scope });
  if ("refused" in handed) return handed.refused;
  const { items } = handed.rendered;
  if (Array.isArray(items)) return completed({ outputJson: items });
  const found = items === null || items === undefined ? "nothing" : `${JSON.stringify(items).slice(0, 80)}, which is no list`;
  return failed({ code: "NODE_CONFIG_INVALID", message: `config.items gives ${found}; give a list, such as {{ input.rows }}.` });
}

/** `iteration`: runs its body once for each item. What it computes is where it begins; the engine does the rest (engine/drive.ts). */
export const iterationNode = evaluatedNode("iteration", iterate);
