import { llmConfig, type LlmConfig } from "#shared/dsl/configs.ts";
import type { JsonObject } from "#shared/json.ts";
import { readJson } from "#shared/json/nesting.ts";
import { storableText } from "#shared/json/storable.ts";
import { rendered } from "./evaluation.ts";
import type { NodeOutcome, OutputNotes } from "./executor.ts";
import { completed, failed, noted, outsideNode, placesOf } from "./outcome.ts";
import type { ModelCompletion, ModelRequest } from "./ports/model.port.ts";
import { portCall, traced } from "./traced.ts";

/**
 * `llm`: one chat completion through the model subgraph, streamed (S-56, S-57). output_text is the answer's text; output_json
 * `{ model, finish_reason, usage, tool_calls, parsed }`, `parsed` only where `response_format` asks for JSON.
 */
export const llmNode = outsideNode(async (context) => {
  const config = llmConfig.parse(await rendered(context, "llm"));
  const request = requestOf(config);
  if (request.messages.length === 0)
    return failed({
      code: "NODE_CONFIG_INVALID",
      message: "The node has nothing to say: its prompt is empty once its template is rendered.",
    });
  if (context.dryRun) return completed({ outputText: "[dry run]", outputJson: { dry_run: true, request: { ...request } as JsonObject } });
  const call = { spanType: "MODEL", name: `chat ${request.model ?? "default"}`, attributes: requestAttributes(request) } as const;
  const completion = await traced(
    context,
    call,
    (span) => context.ports.model.complete(request, portCall(context, span), (text) => context.delta(text)),
    (done) => ({ attributes: responseAttributes(done) }),
  );
  return outcomeOf(completion, request);
});

function requestOf(config: LlmConfig): ModelRequest {
  return {
    ...(config.provider_code ? { providerCode: config.provider_code } : {}),
    ...(config.model ? { model: config.model } : {}),
    messages: messagesOf(config),
    ...(config.temperature === undefined ? {} : { temperature: config.temperature }),
    ...(config.max_tokens === undefined ? {} : { maxTokens: config.max_tokens }),
    ...(config.top_p === undefined ? {} : { topP: config.top_p }),
    ...(config.stop === undefined ? {} : { stop: config.stop }),
    ...(config.response_format === undefined ? {} : { responseFormat: config.response_format }),
  };
}

/** The system prompt, then the explicit messages, then the prompt: whichever are given. */
function messagesOf(config: LlmConfig): ModelRequest["messages"] {
  const { system_prompt, messages = [], prompt } = config;
  return [
    ...(system_prompt ? [{ role: "SYSTEM" as const, content: system_prompt }] : []),
    ...messages.map(({ role, content }) => ({ role: role.toUpperCase() as "USER", content })),
    ...(prompt ? [{ role: "USER" as const, content: prompt }] : []),
  ];
}

function outcomeOf(completion: ModelCompletion, request: ModelRequest): NodeOutcome {
  const outputText = completion.content ?? "";
  const usage = { modelCalls: 1, promptTokens: completion.promptTokens, completionTokens: completion.completionTokens };
  const outputJson: JsonObject = {
    model: completion.model,
    finish_reason: completion.finishReason.toLowerCase(),
    usage: { prompt_tokens: completion.promptTokens, completion_tokens: completion.completionTokens },
    tool_calls: completion.toolCalls.map((call) => ({ ...call })),
  };
  if (!asksForJson(request) || completion.toolCalls.length > 0) return completed({ outputText, outputJson, usage });
  const notes: OutputNotes = {};
  const parsed = readJson(storableText(outputText), (numbers) => (notes.numbers_as_text = placesOf(numbers, "parsed")));
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
    "gen_ai.request.max_tokens": request.maxTokens,
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
