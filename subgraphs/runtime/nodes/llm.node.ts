import { llmConfig, type LlmConfig } from "#shared/dsl/configs.ts";
import type { JsonObject } from "#shared/json.ts";
import { readJson } from "#shared/json/nesting.ts";
import { storableText } from "#shared/json/storable.ts";
import { rendered } from "./evaluation.ts";
import type { NodeOutcome, OutputNotes } from "./executor.ts";
import { completed, failed, noted, outsideNode, placesOf } from "./outcome.ts";
import type { ModelCompletion, ModelRequest } from "./ports/model.port.ts";
import { portCall, traced } from "./traced.ts";

type ModelMessage = ModelRequest["messages"][number];

/**
 * `llm`: one chat completion through the model subgraph, streamed (S-56, S-57). output_text is the answer's text; output_json
 * `{ model, finish_reason, usage, tool_calls, parsed }`, `parsed` only where `response_format` asks for JSON; the node's timeout_seconds is the call's.
 */
export const llmNode = outsideNode(async (context) => {
  const config = llmConfig.parse(await rendered(context, "llm"));
  const request = requestOf(config, context.timeoutMs);
  if (request.messages.length === 0)
    return failed({
      code: "NODE_CONFIG_INVALID",
      message: "The node has nothing to say: its prompt is empty once its template is rendered.",
    });
  if (context.dryRun) return completed({ outputText: "[dry run]", outputJson: { dry_run: true, request: { ...request } as JsonObject } });
  const call = { spanType: "MODEL", name: `chat ${request.model ?? "default"}`, attributes: requestAttributes(request) } as const;
  await context.entered();
  const completion = await traced(
    context,
    call,
    (span) => context.ports.model.complete(request, portCall(context, span), (...delta) => context.delta(...delta)),
    (done) => ({ attributes: responseAttributes(done) }),
  );
  return outcomeOf(completion, request);
});

function requestOf(config: LlmConfig, timeoutMs: number | undefined): ModelRequest {
  return {
    ...given("providerCode", config.provider_code || undefined),
    ...given("model", config.model || undefined),
    messages: messagesOf(config),
    ...given("temperature", config.temperature),
    ...given("maxTokens", config.max_completion_tokens === undefined ? config.max_tokens : undefined),
    ...given("maxCompletionTokens", config.max_completion_tokens),
    ...given("topP", config.top_p),
    ...given("seed", config.seed),
    ...given("reasoningEffort", config.reasoning_effort),
    ...given("stop", config.stop),
    ...given("responseFormat", config.response_format),
    ...given("extraParameters", config.extra_parameters),
    ...given("timeoutSeconds", timeoutMs === undefined ? undefined : timeoutMs / 1_000),
  };
}

function given<Key extends string, Value>(key: Key, value: Value | undefined): Partial<Record<Key, Value>> {
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<Key, Value>>;
}

/** The system prompt, then the explicit messages, then the prompt: whichever are given. */
function messagesOf(config: LlmConfig): ModelRequest["messages"] {
  const { system_prompt, messages = [], prompt } = config;
  return [
    ...(system_prompt ? [{ role: "SYSTEM" as const, content: system_prompt }] : []),
    ...messages.map(messageOf),
    ...(prompt ? [{ role: "USER" as const, content: prompt }] : []),
  ];
}

function messageOf({ role, content, name, tool_call_id, tool_calls }: NonNullable<LlmConfig["messages"]>[number]): ModelMessage {
  const parts = Array.isArray(content) ? content : undefined;
  return {
    role: role.toUpperCase() as ModelMessage["role"],
    content: typeof content === "string" ? content : null,
    ...given("contentParts", parts),
    ...given("name", name),
    ...given("toolCallId", tool_call_id),
    ...given("toolCalls", tool_calls),
  };
}

function outcomeOf(completion: ModelCompletion, request: ModelRequest): NodeOutcome {
  const outputText = completion.content ?? "";
  const usage = { modelCalls: 1, promptTokens: completion.promptTokens, completionTokens: completion.completionTokens };
  const outputJson = outputOf(completion);
  if (!asksForJson(request) || completion.toolCalls.length > 0) return completed({ outputText, outputJson, usage });
  const notes: OutputNotes = {};
  const parsed = readJson(
    storableText(outputText).replace(/^\ufeff/, ""),
    (numbers) => (notes.numbers_as_text = placesOf(numbers, "parsed")),
  );
  if (parsed !== undefined) return completed({ outputText, outputJson: { ...outputJson, parsed }, usage, ...noted(notes) });
  const hint = completion.finishReason === "LENGTH" ? "; it was cut off by max_tokens" : "";
  // Another sample may be well-formed: the node's retry policy decides.
  return failed({
    code: "LLM_OUTPUT_NOT_JSON",
    message: `The model was asked for JSON and answered something else${hint}.`,
    retryable: true,
    outputJson: { ...outputJson, text: outputText },
    usage,
  });
}

/** The keys beside the first four are there only where there is something to tell. */
function outputOf(completion: ModelCompletion): JsonObject {
  const { cachedTokens, reasoningTokens, reasoning, providerFinishReason, omittedParameters = [] } = completion;
  return {
    model: completion.model,
    finish_reason: completion.finishReason.toLowerCase(),
    usage: {
      prompt_tokens: completion.promptTokens,
      completion_tokens: completion.completionTokens,
      ...given("cached_tokens", cachedTokens ?? undefined),
      ...given("reasoning_tokens", reasoningTokens ?? undefined),
    },
    tool_calls: completion.toolCalls.map((call) => ({ ...call })),
    ...given("provider_finish_reason", completion.finishReason === "OTHER" ? (providerFinishReason ?? undefined) : undefined),
    ...given("reasoning", reasoning ? storableText(reasoning) : undefined),
    ...given("omitted_parameters", omittedParameters.length === 0 ? undefined : omittedParameters),
  };
}

function asksForJson(request: ModelRequest): boolean {
  const type = request.responseFormat?.["type"];
  return type === "json_object" || type === "json_schema";
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
