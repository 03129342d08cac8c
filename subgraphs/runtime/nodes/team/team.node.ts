import { beginWork } from "../agent/agent.node.ts";
import { evaluatedNode, type Given } from "../evaluation/evaluation.ts";
import type { NodeOutcome } from "../executor.ts";

/** Renders what a team is given when it opens. Who is in it stands in the plan. */
export function beginTeam(given: Given): NodeOutcome {
  return beginWork("team", given);
}

/** `team`: a team of the platform works on its input. What it computes is where it begins; the engine does the rest (engine/team.driver.ts). */
export const teamNode = evaluatedNode("team", beginTeam);
