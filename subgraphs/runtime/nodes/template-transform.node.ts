import { renderConfig } from "#shared/dsl/render-config.ts";
import { evaluatedNode, type Given } from "./evaluation/evaluation.ts";
import type { NodeOutcome } from "./executor.ts";
import { completed } from "./outcome.ts";

/** Renders `template` to data or to text. */
export function transform({ config, scope }: Given): NodeOutcome {
  const value = renderConfig("template-transform", config, scope)["template"] ?? "";
  return completed(typeof value === "object" ? { outputJson: value } : { outputText: String(value) });
}

/**
 * `template-transform`: renders `template` (S-52). An object or array, or a lone expression that gives one, becomes output_json;
 * everything else output_text.
 */
export const templateTransformNode = evaluatedNode("template-transform", transform);
