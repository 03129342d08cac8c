import { renderConfig } from "#shared/dsl/render-config.ts";
import { isJsonObject } from "#shared/json.ts";
import { completed, pureNode } from "./outcome.ts";

/** `assigner`: writes `assignments`, rendered, into the run's state, key by key (S-50). */
export const assignerNode = pureNode(({ config, scope }) => {
  const { assignments } = renderConfig("assigner", config, scope);
  const stateUpdates = isJsonObject(assignments) ? assignments : {};
  return completed({ outputJson: { state_updates: stateUpdates }, stateUpdates });
});
