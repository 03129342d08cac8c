/** What an agent's model calls have used, as their rows have it: so a takeover changes nothing of it. */
import type { Json, JsonObject } from "#shared/json.ts";
import { agentRules } from "../../engine/drivers/agent-plan.ts";
import { agentParts, outOfSteps, type AgentView } from "../../engine/drivers/agent.driver.ts";
import type { FrozenAgent } from "./agent-frozen.ts";
import { numberOf, objectOf, type AgentOutputs } from "./agent-turn.ts";
import type { NodeOutcome } from "../executor.ts";
import { failed } from "../outcome.ts";

type Failed = Extract<NodeOutcome, { kind: "failed" }>;

/** Sums over model calls. */
export interface Spent {
  promptTokens: number;
  completionTokens: number;
  /** Of the calls whose price is known. */
  price: number;
}

/** What was used before a turn, for making the conversation shorter too. */
export function spentOf(outputs: AgentOutputs, turn: number): Spent {
  const spent: Spent = { promptTokens: 0, completionTokens: 0, price: 0 };
  for (let number = 1; number < turn; number++) {
    add(spent, outputs[agentParts.model(number)]);
    add(spent, outputs[agentParts.compact(number)]);
  }
  // Skills that ask a model.
  for (const part of Object.keys(outputs)) if (part.startsWith("tool#")) add(spent, outputs[part]);
  return spent;
}

/** The same with a call of the turn. */
export function spentWith(before: Spent, output: Json): Spent {
  const spent = { ...before };
  add(spent, { output } as AgentOutputs[string]);
  return spent;
}

function add(spent: Spent, row: AgentOutputs[string] | undefined): void {
  if (row === undefined) return;
  const usage = objectOf(objectOf(row.output)["usage"]);
  spent.promptTokens += numberOf(usage["prompt_tokens"]);
  spent.completionTokens += numberOf(usage["completion_tokens"]);
  spent.price += numberOf(usage["price"]);
}

/**
 * How an agent ends that may not ask its model again; undefined: it may.
 *
 * @param spentSoFar  is asked of agents that have a budget; most have none, and their turns need not be summed up.
 */
export function overBudget({ limits }: FrozenAgent, spentSoFar: () => Spent): Failed | undefined {
  if (limits.max_total_tokens === undefined && limits.max_total_price === undefined) return undefined;
  const { max_total_tokens: mostTokens = Infinity, max_total_price: mostPrice = Infinity } = limits;
  const spent = spentSoFar();
  const tokens = spent.promptTokens + spent.completionTokens;
  const price = Number(spent.price.toPrecision(12));
  if (tokens >= mostTokens) return exceeded(`used ${tokens} tokens, and its maxTotalTokens is ${mostTokens}`);
  if (price >= mostPrice) return exceeded(`cost ${price}, and its maxTotalPrice is ${mostPrice}`);
  return undefined;
}

/** The same of one that has no step left. @param config  of its node run @param asked  calls that its model asks for in the last one */
export function overSteps(config: JsonObject, turn: Pick<AgentView, "turn" | "compactions">, asked: number): Failed | undefined {
  const rules = agentRules(config);
  const end = rules && outOfSteps(rules, turn, asked);
  return end && failed({ code: end.code, message: end.message });
}

function exceeded(what: string): Failed {
  return failed({ code: "AGENT_BUDGET_EXCEEDED", message: `The agent's model calls have ${what}.` });
}
