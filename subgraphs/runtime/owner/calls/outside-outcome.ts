import { isJsonObject } from "#shared/json.ts";
import { agentPartTypes } from "../../engine/drivers/agent-plan.ts";
import { readRoute } from "../../engine/drivers/agent.driver.ts";
import { readTeamRoute } from "../../engine/drivers/team-route.ts";
import type { NodeState } from "../../engine/frame.ts";
import { edgeRoutes } from "../../engine/plan.ts";
import { saidOutcome } from "../../nodes/agent/agent-said.ts";
import { overSteps } from "../../nodes/agent/agent-spent.ts";
import { placeOf } from "../../nodes/agent/agent-turn.ts";
import { writtenBy } from "../../nodes/assigner.node.ts";
import type { OwnerOutcome } from "../mail/inbox-message.ts";

/**
 * What someone outside completed a node with, as a worker would have said it: the output of a node with conditional edges names its route
 * (S-34, S-51), that of an assigner its state updates (S-50), and what stands for a model's answer the tools that its agent calls.
 */
export function outsideOutcome(state: NodeState, outcome: OwnerOutcome): OwnerOutcome {
  const { node } = state;
  // Whether the platform has failed is for the platform to say.
  if (outcome.kind === "failed") return { ...outcome, fault: undefined };
  if (outcome.kind === "completed" && node.type === agentPartTypes.model) return saidEnd(state, outcome);
  if (outcome.kind !== "completed" || !isJsonObject(outcome.outputJson)) return outcome;
  const { route, state_updates: stateUpdates } = outcome.outputJson;
  const branches = edgeRoutes(node).length > 0;
  return {
    ...outcome,
    ...(branches && typeof route === "string" && { route }),
    ...(node.type === "assigner" && isJsonObject(stateUpdates) && writtenBy(stateUpdates)),
  };
}

/** As with a model's own answer, calls are not made of which no model would be told. */
function saidEnd(state: NodeState, outcome: Extract<OwnerOutcome, { kind: "completed" }>): OwnerOutcome {
  const { node, path, frame } = state;
  const said = saidOutcome({ config: node.config, seen: inputsSeen(state) }, outcome);
  const { end } = readRoute(readTeamRoute(said.route).word);
  const turn = { turn: placeOf(path).turn, compactions: frame.agent?.compactions ?? 0 };
  const last = typeof end === "number" ? overSteps(node.config, turn, end) : undefined;
  if (last === undefined) return { ...outcome, ...said };
  return { ...last, outputText: said.outputText, outputJson: said.outputJson };
}

/** Whoever answers before it began has seen what there is. */
function inputsSeen({ name, frame: { agent } }: NodeState): number {
  return agent?.seen.get(name) ?? agent?.inputs ?? 0;
}
