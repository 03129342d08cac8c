import type { ChatCompletionInput } from "./chat.inputs.ts";
import type { ChatCompletion } from "./chat.types.ts";
import { CompletionEvents } from "./completion-events.ts";
import { modelErrors } from "./errors.ts";
import type { ModelContext } from "./model.context.ts";
import { readCompletion } from "./openai/chat-answer.ts";
import { chatRequest, checkChatInput } from "./openai/chat-request.ts";
import { streamChat } from "./openai/chat-stream.ts";
import { requestJson, type ProviderCall } from "./openai/transport.ts";
import { chooseProvider } from "./provider-choice.ts";
import { startCall } from "./usage.service.ts";

/**
 * Makes a completion, whole. Ends when the caller's signal fires.
 *
 * @throws AppError of `modelErrors`, with `retryable`, `retryAfterMs` and `effectUnknown` where a provider was asked; EGRESS_DENIED
 */
export async function completeChat(context: ModelContext, input: ChatCompletionInput): Promise<ChatCompletion> {
  const call = await prepareCall(context, input, { stream: false, signal: context.signal });
  const measured = startCall(context, { providerCode: call.provider.code, model: call.model, operation: "CHAT" });
  try {
    const completion = readCompletion(call.model, await requestJson(call));
    if (typeof completion === "string") {
      throw modelErrors.MODEL_ANSWER_INVALID({ provider: call.provider.code, problem: completion, retryable: true, effectUnknown: false });
    }
    return { ...completion, durationMs: measured.completed(completion) };
  } catch (error) {
    measured.failed(error);
    throw error;
  }
}

/**
 * Streams a completion. What the provider does wrong is the last event; ending the iterator ends the provider's request at once.
 *
 * @throws AppError what can be refused before the provider is asked
 */
export async function streamCompletion(context: ModelContext, input: ChatCompletionInput): Promise<CompletionEvents> {
  const stop = new AbortController();
  const signal = context.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, context.signal]);
  const call = await prepareCall(context, input, { stream: true, signal });
  const start = () => startCall(context, { providerCode: call.provider.code, model: call.model, operation: "CHAT" });
  return new CompletionEvents({ pieces: streamChat(call), start, stop: () => stop.abort() });
}

async function prepareCall(
  context: ModelContext,
  input: ChatCompletionInput,
  options: { stream: boolean; signal: AbortSignal | undefined },
): Promise<ProviderCall> {
  checkChatInput(input);
  const provider = await chooseProvider(context, input.providerCode);
  const model = input.model ?? provider.defaultModel;
  if (model === null) throw modelErrors.MODEL_REQUIRED({ field: "model", provider: provider.code, setting: "defaultModel" });
  return {
    provider,
    path: "/chat/completions",
    body: chatRequest(model, input, options),
    model,
    traceparent: context.traceparent,
    idempotencyKey: input.idempotencyKey ?? undefined,
    signal: options.signal,
    deadlines: context.services.deadlines,
  };
}
