import { renderConfig } from "#shared/dsl/render-config.ts";
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import type { Given } from "../evaluation/evaluation.ts";
import type { NodeOutcome } from "../executor.ts";
import { failed } from "../outcome.ts";

/** Renders what a skill is given that works as a run of its own: that run checks it. */
export function beginSkill({ config, scope }: Given): NodeOutcome {
  const input = skillInput(renderConfig("skill", config, scope));
  return "kind" in input ? input : { kind: "child", input: input.given };
}

/** What a rendered config gives to its skill; or the failure where that is no object. */
export function skillInput({ input = {} }: JsonObject): { given: JsonObject } | NodeOutcome {
  if (isJsonObject(input)) return { given: input };
  const found = input === null ? "nothing" : `${JSON.stringify(input).slice(0, 80)}, which is no object`;
  const message = `config.input gives ${found}; give an object, such as { "name": "{{ input.name }}" }.`;
  return failed({ code: "NODE_CONFIG_INVALID", message });
}
