import { agentParts } from "../../engine/drivers/agent.driver.ts";
import type { JsonObject } from "#shared/json.ts";
import { spentOf } from "./agent-spent.ts";
import { objectOf, turnsBefore, type AgentOutputs } from "./agent-turn.ts";

/**
 * What an agent puts out beside its answer: `{ model, finish_reason, steps, tool_calls, usage }`, the usage of all its model calls; `parsed` where
 * responseFormat asked for JSON. Of a dry run what would have been asked.
 */
export function answerOf(outputs: AgentOutputs, turn: number): JsonObject {
  const last = objectOf(outputs[agentParts.model(turn)]?.output);
  if (last["dry_run"] === true) return last;
  const { model, finish_reason: finishReason, parsed } = last;
  const turns = turnsBefore(outputs, turn + 1).filter(({ compaction }) => compaction === undefined);
  const { promptTokens, completionTokens, price } = spentOf(outputs, turn + 1);
  return {
    model: model ?? null,
    finish_reason: finishReason ?? null,
    steps: turns.length,
    tool_calls: turns.reduce((total, { calls }) => total + calls.length, 0),
    usage: { prompt_tokens: promptTokens, completion_tokens: completionTokens, ...(price > 0 && { price }) },
    ...(parsed !== undefined && { parsed }),
  };
}
