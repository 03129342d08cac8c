import { renderConfig } from "#shared/dsl/render-config.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { evaluatedNode, type Given } from "./evaluation/evaluation.ts";
import type { NodeOutcome } from "./executor.ts";
import { completed } from "./outcome.ts";

/** Keys that begin so are variables of the loop around, all others keys of the state. */
const ofLoop = "loop.";

/** What rendered assignments write: into the state, and into the variables of the loop around. */
export function writtenBy(assignments: JsonObject): { stateUpdates?: JsonObject; variables?: JsonObject } {
  const [variables, state] = [true, false].map((isVariable) =>
    Object.entries(assignments).filter(([key]) => key.startsWith(ofLoop) === isVariable),
  ) as [[string, Json][], [string, Json][]];
  return {
    ...((state.length > 0 || variables.length === 0) && { stateUpdates: Object.fromEntries(state) }),
    ...(variables.length > 0 && { variables: Object.fromEntries(variables.map(([key, value]) => [key.slice(ofLoop.length), value])) }),
  };
}

/** Renders `assignments` to what the state, and the variables of the loop around, become. */
export function assign({ config, scope }: Given): NodeOutcome {
  const { assignments } = renderConfig("assigner", config, scope);
  const written = isJsonObject(assignments) ? assignments : {};
  return completed({ outputJson: { state_updates: written }, ...writtenBy(written) });
}

/** `assigner`: writes `assignments`, rendered, into the state, key by key (S-50); those with keys `loop.x` into the variables of the loop around. */
export const assignerNode = evaluatedNode("assigner", assign);
