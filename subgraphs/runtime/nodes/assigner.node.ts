import { renderConfig } from "#shared/dsl/render-config.ts";
import { isJsonObject } from "#shared/json.ts";
import { evaluatedNode, type Given } from "./evaluation.ts";
import type { NodeOutcome } from "./executor.ts";
import { completed } from "./outcome.ts";

/** Renders `assignments` to what the run's state becomes. */
export function assign({ config, scope }: Given): NodeOutcome {
  const { assignments } = renderConfig("assigner", config, scope);
  const stateUpdates = isJsonObject(assignments) ? assignments : {};
  return completed({ outputJson: { state_updates: stateUpdates }, stateUpdates });
}

/** `assigner`: writes `assignments`, rendered, into the run's state, key by key (S-50). */
export const assignerNode = evaluatedNode("assigner", assign);
