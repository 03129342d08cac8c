import { llmConfig, type LlmConfig } from "#shared/dsl/configs.ts";
import type { JsonObject } from "#shared/json.ts";
import { JsonProblem } from "#shared/json-reader.ts";
import { rendered } from "./evaluation/evaluation.ts";
import type { NodeOutcome, OutputNotes } from "./executor.ts";
import { completed, failed, noted, outsideNode, placesOf } from "./outcome.ts";
import type { ModelCompletion, ModelRequest } from "./ports/model.port.ts";
import { asksForJson, completionOutput, given, jsonSaid, modelCall, usageOf } from "./model-call.ts";

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
  return outcomeOf(await modelCall(context, request), request);
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

async function outcomeOf(completion: ModelCompletion, request: ModelRequest): Promise<NodeOutcome> {
  const outputText = completion.content ?? "";
  const usage = usageOf(completion);
  const outputJson = completionOutput(completion);
  if (!asksForJson(request) || completion.toolCalls.length > 0) return completed({ outputText, outputJson, usage });
  const notes: OutputNotes = {};
  const parsed = await jsonSaid(outputText, (numbers) => (notes.numbers_as_text = placesOf(numbers, "parsed")));
  if (!(parsed instanceof JsonProblem)) return completed({ outputText, outputJson: { ...outputJson, parsed }, usage, ...noted(notes) });
  const hint = completion.finishReason === "LENGTH" ? "; it was cut off by max_tokens" : "";
  const said = parsed.excess === undefined ? `something else${hint}` : `JSON that ${parsed.excess}`;
  // Another sample may be well-formed: the node's retry policy decides.
  return failed({
    code: "LLM_OUTPUT_NOT_JSON",
    message: `The model was asked for JSON and answered ${said}.`,
    retryable: true,
    outputJson: { ...outputJson, text: outputText },
    usage,
  });
}
