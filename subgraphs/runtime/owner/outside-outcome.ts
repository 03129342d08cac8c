import { isJsonObject } from "#shared/json.ts";
import { edgeRoutes, type CompiledNode } from "../engine/plan.ts";
import { writtenBy } from "../nodes/assigner.node.ts";
import type { OwnerOutcome } from "./inbox-message.ts";

/**
 * What someone outside completed a node with, as a worker would have said it: the output of a node with conditional edges names its route
 * (S-34, S-51), that of an assigner its state updates (S-50).
 */
export function outsideOutcome(node: CompiledNode, outcome: OwnerOutcome): OwnerOutcome {
  if (outcome.kind !== "completed" || !isJsonObject(outcome.outputJson)) return outcome;
  const { route, state_updates: stateUpdates } = outcome.outputJson;
  const branches = edgeRoutes(node).length > 0;
  return {
    ...outcome,
    ...(branches && typeof route === "string" && { route }),
    ...(node.type === "assigner" && isJsonObject(stateUpdates) && writtenBy(stateUpdates)),
  };
}
