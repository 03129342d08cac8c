/** One chat completion of a node, traced and streamed; what is kept of it. */
import { type JsonProblem, readJsonInTurns } from "#shared/json-reader.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import type { LongNumber } from "#shared/json/numbers.ts";
import { storableText } from "#shared/json/storable.ts";
import type { NodeContext, NodeUsage } from "./executor.ts";
import type { ModelCompletion, ModelRequest } from "./ports/model.port.ts";
import { portCall, traced } from "./traced.ts";

/** Asks the model. @throws AppError of the model subgraph */
export async function modelCall(context: NodeContext, request: ModelRequest): Promise<ModelCompletion> {
  const call = { spanType: "MODEL", name: `chat ${request.model ?? "default"}`, attributes: requestAttributes(request) } as const;
  await context.entered();
  return traced(
    context,
    call,
    (span) => context.ports.model.complete(request, portCall(context, span), (...delta) => context.delta(...delta)),
    (done) => ({ attributes: responseAttributes(done) }),
  );
}

/** One answered call. */
export function usageOf({ promptTokens, completionTokens }: ModelCompletion): NodeUsage {
  return { modelCalls: 1, promptTokens, completionTokens };
}

/** An object with one key, or without any. */
export function given<Key extends string, Value>(key: Key, value: Value | undefined): Partial<Record<Key, Value>> {
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<Key, Value>>;
}

/** The keys beside the first four are there only where there is something to tell. */
export function completionOutput(completion: ModelCompletion): JsonObject {
  const { cachedTokens, reasoningTokens, price, reasoning, providerFinishReason, omittedParameters = [] } = completion;
  return {
    model: completion.model,
    finish_reason: completion.finishReason.toLowerCase(),
    usage: {
      prompt_tokens: completion.promptTokens,
      completion_tokens: completion.completionTokens,
      ...given("cached_tokens", cachedTokens ?? undefined),
      ...given("reasoning_tokens", reasoningTokens ?? undefined),
      ...given("price", price ?? undefined),
    },
    tool_calls: completion.toolCalls.map((call) => ({ ...call })),
    ...given("provider_finish_reason", completion.finishReason === "OTHER" ? (providerFinishReason ?? undefined) : undefined),
    ...given("reasoning", reasoning ? storableText(reasoning) : undefined),
    ...given("omitted_parameters", omittedParameters.length === 0 ? undefined : omittedParameters),
  };
}

/** Whether an answer that is no JSON is none. */
export function asksForJson(request: ModelRequest): boolean {
  const type = request.responseFormat?.["type"];
  return type === "json_object" || type === "json_schema";
}

/**
 * The JSON that a model was asked for, read in turns: it may have 16 MB. A code fence around all of it, which many models put there whatever they are told, is
 * none of it.
 *
 * @param told  hears of numbers that a double does not keep
 */
export function jsonSaid(text: string, told: (numbers: readonly LongNumber[]) => void): Promise<Json | JsonProblem> {
  return readJsonInTurns(withoutFence(storableText(text).replace(/^\ufeff/, "")), { told });
}

const fence = "```";

/** What stands between the two lines of a fence; the text itself where it is not such a block as a whole. */
function withoutFence(text: string): string {
  const block = text.trim();
  const [opening] = /^```(?:json)?[ \t]*\r?\n/i.exec(block) ?? [];
  return opening !== undefined && block.endsWith(`\n${fence}`) && block.length >= opening.length + fence.length
    ? block.slice(opening.length, -fence.length)
    : text;
}

// Names of OpenTelemetry's conventions for generative AI.
function requestAttributes(request: ModelRequest): JsonObject {
  return {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": request.model,
    "gen_ai.request.temperature": request.temperature,
    "gen_ai.request.max_tokens": request.maxCompletionTokens ?? request.maxTokens,
  };
}

function responseAttributes(completion: ModelCompletion): JsonObject {
  return {
    "gen_ai.response.id": completion.id,
    "gen_ai.response.model": completion.model,
    "gen_ai.response.finish_reasons": [completion.finishReason.toLowerCase()],
    "gen_ai.usage.input_tokens": completion.promptTokens,
    "gen_ai.usage.output_tokens": completion.completionTokens,
  };
}
