import { variableAggregatorConfig } from "#shared/dsl/configs.ts";
import { renderConfig } from "#shared/dsl/render-config.ts";
import type { Json } from "#shared/json.ts";
import { evaluatedNode, type Given } from "./evaluation/evaluation.ts";
import type { NodeOutcome } from "./executor.ts";
import { completed, failed } from "./outcome.ts";

/** Gives the first of several values that is there: that of the branch which ran. */
export function aggregate({ config: given, scope }: Given): NodeOutcome {
  const { variables, output_type: type } = variableAggregatorConfig.parse(renderConfig("variable-aggregator", given, scope));
  const index = variables.findIndex((value) => value !== null);
  const value = variables[index] ?? null;
  if (type !== undefined && value !== null && typeOf(value) !== type) {
    const message = `config.variables.${index} gives ${article(typeOf(value))}, and config.output_type asks for ${article(type)}.`;
    return failed({ code: "VARIABLE_TYPE_DIFFERS", message });
  }
  const text = typeof value === "string" ? { outputText: value } : {};
  return completed({ ...text, outputJson: { value, index: index === -1 ? null : index } });
}

type ValueType = "string" | "number" | "boolean" | "object" | "array";

function typeOf(value: NonNullable<Json>): ValueType {
  return Array.isArray(value) ? "array" : (typeof value as ValueType);
}

function article(type: ValueType): string {
  return `${/^[ao]/.test(type) ? "an" : "a"} ${type}`;
}

/** `variable-aggregator`: joins branches of which one ran (or none: then its value is null). */
export const variableAggregatorNode = evaluatedNode("variable-aggregator", aggregate);
