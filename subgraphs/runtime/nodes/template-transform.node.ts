import { renderConfig } from "#shared/dsl/render-config.ts";
import { completed, pureNode } from "./outcome.ts";

/**
 * `template-transform`: renders `template` (S-52). An object or array, or a lone expression that gives one, becomes output_json;
 * everything else output_text.
 */
export const templateTransformNode = pureNode(({ config, scope }) => {
  const value = renderConfig("template-transform", config, scope)["template"] ?? "";
  return completed(typeof value === "object" ? { outputJson: value } : { outputText: String(value) });
});
