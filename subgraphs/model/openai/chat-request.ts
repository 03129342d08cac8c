/** The OpenAI API's request of a completion, from ours; checked. */
import { checkJsonSize } from "#shared/fields.ts";
import { storableText } from "#shared/json/storable.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import type { ChatCompletionInput, ChatMessageInput } from "../chat.inputs.ts";
import { modelErrors } from "../errors.ts";
import { checkExtra, checkSeconds } from "../providers/model-provider.rules.ts";

const limits = { messages: 1_000, tools: 128, stops: 16, bytes: 4 * 1024 * 1024 };

/** Checks a completion's input. @throws AppError MODEL_INPUT_INVALID, JSON_TOO_LARGE */
export function checkChatInput(input: ChatCompletionInput): void {
  checkCount("messages", input.messages.length, 1, limits.messages);
  checkCount("tools", input.tools?.length ?? 0, 0, limits.tools);
  checkCount("stop", input.stop?.length ?? 0, 0, limits.stops);
  checkRange("temperature", input.temperature, 0, 2);
  checkRange("topP", input.topP, 0, 1);
  checkRange("maxTokens", input.maxTokens, 1, 10_000_000);
  checkRange("maxCompletionTokens", input.maxCompletionTokens, 1, 10_000_000);
  checkSeed(input.seed);
  checkSeconds("timeoutSeconds", input.timeoutSeconds, invalid);
  checkExtra(input.extraParameters, invalid);
  input.messages.forEach(checkMessage);
  input.tools?.forEach(({ name }, index) => checkToolName(`tools[${index}].name`, name));
  checkIdempotencyKey(input.idempotencyKey);
  checkCaller(input.caller);
  checkJsonSize("input", input as unknown as Json, limits.bytes);
}

/** The body of `/chat/completions`; the input has been checked. */
export function chatRequest(model: string, input: ChatCompletionInput, options: { stream: boolean; extra: JsonObject }): JsonObject {
  return {
    ...options.extra,
    ...input.extraParameters,
    model,
    messages: input.messages.map(message),
    ...(input.tools?.length && {
      tools: input.tools.map(({ name, description, parameters }) => ({
        type: "function",
        function: { name, ...(description && { description }), parameters },
      })),
    }),
    ...(input.toolChoice != null && { tool_choice: toolChoice(input.toolChoice) }),
    ...(input.temperature != null && { temperature: input.temperature }),
    ...(input.topP != null && { top_p: input.topP }),
    ...(input.maxCompletionTokens != null && { max_completion_tokens: input.maxCompletionTokens }),
    ...(input.maxTokens != null && input.maxCompletionTokens == null && { max_tokens: input.maxTokens }),
    ...(input.seed != null && { seed: input.seed }),
    ...(input.reasoningEffort != null && { reasoning_effort: input.reasoningEffort }),
    ...(input.stop?.length && { stop: input.stop }),
    ...(input.responseFormat != null && { response_format: input.responseFormat }),
    ...(options.stream && { stream: true, stream_options: { include_usage: true } }),
  };
}

function message({ role, content, contentParts, name, toolCallId, toolCalls }: ChatMessageInput): JsonObject {
  const made: JsonObject = { role: role.toLowerCase(), content: contentParts?.map(contentPart) ?? content ?? null };
  if (name != null) made["name"] = name;
  if (toolCallId != null) made["tool_call_id"] = toolCallId;
  if (Array.isArray(toolCalls) && toolCalls.length > 0) made["tool_calls"] = toolCalls.map(toolCall);
  return made;
}

/** `image_url: "https://…"` is a shorter word for `image_url: { url }`. */
function contentPart(part: JsonObject): JsonObject {
  const { image_url: url } = part;
  return typeof url === "string" ? { ...part, image_url: { url } } : part;
}

/** Ours ({ id, name, arguments }) or, already, the OpenAI API's ({ id, type, function }). */
function toolCall(call: Json): Json {
  if (!isJsonObject(call) || isJsonObject(call["function"])) return call;
  const given = call["arguments"] ?? {};
  return {
    id: call["id"],
    type: "function",
    function: { name: call["name"], arguments: typeof given === "string" ? given : JSON.stringify(given) },
  };
}

function toolChoice(choice: Json): Json {
  return isJsonObject(choice) && typeof choice["name"] === "string" && choice["type"] === undefined
    ? { type: "function", function: { name: choice["name"] } }
    : choice;
}

function checkMessage({ role, content, contentParts, toolCallId, toolCalls }: ChatMessageInput, index: number): void {
  const field = `messages[${index}]`;
  if (toolCalls != null && (!Array.isArray(toolCalls) || !toolCalls.every(isToolCall))) {
    throw invalid(`${field}.toolCalls`, "give a list of { id, name, arguments }.");
  }
  if (content != null && contentParts != null) throw invalid(`${field}.contentParts`, "content is there too. Give one of them.");
  if (contentParts != null) checkParts(`${field}.contentParts`, contentParts);
  const hasCalls = Array.isArray(toolCalls) && toolCalls.length > 0;
  if (content == null && contentParts == null && !(role === "ASSISTANT" && hasCalls)) {
    throw modelErrors.MODEL_INPUT_INVALID({
      field: `${field}.content`,
      value: null,
      problem: "it is missing; only an ASSISTANT message with toolCalls may have none.",
    });
  }
  if (role === "TOOL" && !toolCallId) {
    throw modelErrors.MODEL_INPUT_INVALID({
      field: `${field}.toolCallId`,
      value: toolCallId ?? null,
      problem: "a TOOL message says which call it answers.",
    });
  }
}

function checkParts(field: string, parts: readonly JsonObject[]): void {
  if (parts.length === 0) throw invalid(field, "it is empty. Give a part, or content.");
  for (const [index, { type, text, image_url: image }] of parts.entries()) {
    const at = `${field}[${index}]`;
    if (typeof type !== "string" || type === "")
      throw invalid(`${at}.type`, 'it is missing. Give "text", "image_url" or what else the provider knows.');
    if (type === "text" && typeof text !== "string") throw invalid(`${at}.text`, "a part of type text has a text.");
    const url = isJsonObject(image) ? image["url"] : image;
    if (type === "image_url" && (typeof url !== "string" || url === "")) {
      throw invalid(`${at}.image_url.url`, "a part of type image_url has a URL: of http, https or data.");
    }
  }
}

function checkSeed(seed: number | null | undefined): void {
  if (seed == null || Number.isSafeInteger(seed)) return;
  throw modelErrors.MODEL_INPUT_INVALID({ field: "seed", value: seed, problem: `it is ${seed}; give a whole number below 2^53.` });
}

function invalid(field: string, problem: string) {
  return modelErrors.MODEL_INPUT_INVALID({ field, problem });
}

function isToolCall(call: Json): boolean {
  if (!isJsonObject(call) || typeof call["id"] !== "string") return false;
  const named = isJsonObject(call["function"]) ? call["function"] : call;
  return typeof named["name"] === "string";
}

function checkToolName(field: string, value: string): void {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(value)) return;
  throw modelErrors.MODEL_INPUT_INVALID({ field, value: value.slice(0, 80), problem: "use 1 to 64 letters, digits, '_' or '-'." });
}

/** A key that can be a header. @throws AppError MODEL_INPUT_INVALID */
export function checkIdempotencyKey(value: string | null | undefined): void {
  if (value == null || /^[\x20-\x7e]{1,255}$/.test(value)) return;
  throw modelErrors.MODEL_INPUT_INVALID({
    field: "idempotencyKey",
    value: value.slice(0, 80),
    problem: "give 1 to 255 printable ASCII characters.",
  });
}

function checkCaller(caller: ChatCompletionInput["caller"]): void {
  const most = { callId: 900, runId: 200, nodeRunId: 900 };
  for (const [name, limit] of Object.entries(most)) {
    const value = caller?.[name as keyof typeof most];
    if (value == null || (value !== "" && Buffer.byteLength(value) <= limit && storableText(value) === value)) continue;
    throw invalid(`caller.${name}`, `give 1 to ${limit} bytes of UTF-8, without U+0000 and half surrogates.`);
  }
}

function checkCount(field: string, count: number, least: number, most: number): void {
  if (count >= least && count <= most) return;
  throw modelErrors.MODEL_INPUT_INVALID({ field, value: count, problem: `it has ${count} items; give ${least} to ${most}.` });
}

function checkRange(field: string, value: number | null | undefined, least: number, most: number): void {
  if (value == null || (value >= least && value <= most)) return;
  throw modelErrors.MODEL_INPUT_INVALID({ field, value, problem: `it is ${value}; give ${least} to ${most}.` });
}
