import { agentParts } from "../engine/agent.driver.ts";
import type { JsonObject } from "#shared/json.ts";
import { numberOf, objectOf, turnOf, type AgentOutputs } from "./agent-turn.ts";

/**
 * What an agent puts out beside its answer: `{ model, finish_reason, steps, tool_calls, usage }`, the usage of all its model calls; `parsed` where
 * responseFormat asked for JSON. Of a dry run what would have been asked.
 */
export function answerOf(outputs: AgentOutputs, turn: number): JsonObject {
  const last = objectOf(outputs[agentParts.model(turn)]?.output);
  if (last["dry_run"] === true) return last;
  const { model, finish_reason: finishReason, parsed } = last;
  const turns = Array.from({ length: turn }, (_, index) => index + 1);
  const sum = (key: string): number =>
    turns.reduce((total, one) => total + numberOf(objectOf(objectOf(outputs[agentParts.model(one)]?.output)["usage"])[key]), 0);
  return {
    model: model ?? null,
    finish_reason: finishReason ?? null,
    steps: turn,
    tool_calls: turns.reduce((total, one) => total + (turnOf(outputs, one)?.calls.length ?? 0), 0),
    usage: { prompt_tokens: sum("prompt_tokens"), completion_tokens: sum("completion_tokens") },
    ...(parsed !== undefined && { parsed }),
  };
}
