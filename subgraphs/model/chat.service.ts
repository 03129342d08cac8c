import type { ChatCompletionInput } from "./chat.inputs.ts";
import type { ChatCompletion } from "./chat.types.ts";
import { CompletionEvents } from "./completion-events.ts";
import { modelErrors } from "./errors.ts";
import type { ModelContext } from "./model.context.ts";
import type { ReadCompletion } from "./openai/chat-answer.ts";
import { chatRequest, checkChatInput } from "./openai/chat-request.ts";
import { streamChat, type ChatPiece } from "./openai/chat-stream.ts";
import type { Refusal } from "./openai/refusal.ts";
import type { RequestProfile } from "./openai/request-profile.ts";
import type { ProviderCall } from "./openai/transport.ts";
import { chooseProvider, deadlinesOf, profileOf } from "./provider-choice.ts";
import { startCall } from "./usage.service.ts";

/**
 * Makes a completion, whole. Ends when the caller's signal fires.
 *
 * @throws AppError of `modelErrors`, with `retryable`, `retryAfterMs` and `effectUnknown` where a provider was asked; EGRESS_DENIED
 */
export async function completeChat(context: ModelContext, input: ChatCompletionInput): Promise<ChatCompletion> {
  const { call, profile } = await prepareCall(context, input, { stream: false, signal: context.signal });
  const measured = startCall(context, { providerCode: call.provider.code, model: call.model, operation: "CHAT" });
  try {
    const completion = await wholeOf(streamChat(call, "whole"));
    return { ...completion, omittedParameters: profile.omitted, durationMs: measured.completed(completion) };
  } catch (error) {
    measured.failed(error);
    throw error;
  }
}

/** The whole of what is read; leaving there ends the request of a server that keeps it open. */
async function wholeOf(pieces: AsyncIterable<ChatPiece>): Promise<ReadCompletion> {
  for await (const piece of pieces) if ("completion" in piece) return piece.completion;
  throw new Error("an answer was read to its end without a completion");
}

/**
 * Streams a completion. What the provider does wrong is the last event; ending the iterator ends the provider's request at once.
 *
 * @throws AppError what can be refused before the provider is asked
 */
export async function streamCompletion(context: ModelContext, input: ChatCompletionInput): Promise<CompletionEvents> {
  const stop = new AbortController();
  const signal = context.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, context.signal]);
  const { call, profile } = await prepareCall(context, input, { stream: true, signal });
  const start = () => startCall(context, { providerCode: call.provider.code, model: call.model, operation: "CHAT" });
  const omittedParameters = () => profile.omitted;
  return new CompletionEvents({ pieces: streamChat(call), omittedParameters, start, stop: () => stop.abort() });
}

async function prepareCall(
  context: ModelContext,
  input: ChatCompletionInput,
  options: { stream: boolean; signal: AbortSignal | undefined },
): Promise<{ call: ProviderCall; profile: RequestProfile }> {
  checkChatInput(input);
  const provider = await chooseProvider(context, input.providerCode);
  const model = input.model ?? provider.defaultModel;
  if (model === null) throw modelErrors.MODEL_REQUIRED({ field: "model", provider: provider.code, setting: "defaultModel" });
  const given = chatRequest(model, input, { stream: options.stream, extra: provider.extraParameters });
  const profile = profileOf(context, { provider, model, given });
  const call = {
    tenantId: context.tenantId,
    provider,
    path: "/chat/completions",
    body: profile.body,
    afterRefusal: (refusal: Refusal) => profile.afterRefusal(refusal),
    model,
    traceparent: context.traceparent,
    idempotencyKey: input.idempotencyKey ?? undefined,
    signal: options.signal,
    deadlines: deadlinesOf(context.services.deadlines, { provider, timeoutSeconds: input.timeoutSeconds }),
  };
  return { call, profile };
}
