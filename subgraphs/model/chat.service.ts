import type { ChatCompletionInput } from "./chat.inputs.ts";
import type { ChatCompletion } from "./chat.types.ts";
import { CompletionEvents } from "./completion-events.ts";
import type { ModelContext } from "./model.context.ts";
import type { ReadCompletion } from "./openai/chat-answer.ts";
import type { ChatPiece } from "./openai/chat-stream.ts";
import { stopsOf } from "./openai/transport.ts";
import { askForCompletion } from "./providers/provider-attempts.ts";

/**
 * Makes a completion, whole. Ends when the caller's signal fires.
 *
 * @throws AppError of `modelErrors`, with `retryable`, `retryAfterMs` and `effectUnknown` where a provider was asked; EGRESS_DENIED
 */
export async function completeChat(context: ModelContext, input: ChatCompletionInput): Promise<ChatCompletion> {
  const asked = await askForCompletion(context, input, { pace: "whole", stops: stopsOf(context.signal) });
  try {
    const completion = await wholeOf(asked.pieces);
    const measured = await asked.meter.completed(completion);
    return { ...completion, omittedParameters: asked.omittedParameters(), ...measured };
  } catch (error) {
    await asked.meter.failed(error);
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
 * @param isAsked  whether a field of its events was asked for; the last event comes in any case
 * @throws AppError what can be refused before the provider is asked
 */
export async function streamCompletion(
  context: ModelContext,
  input: ChatCompletionInput,
  isAsked: (field: string) => boolean,
): Promise<CompletionEvents> {
  const stop = new AbortController();
  const asked = await askForCompletion(context, input, { pace: "stream", stops: [stop.signal, ...stopsOf(context.signal)] });
  return new CompletionEvents(asked, { stop: () => stop.abort(), isAsked: (field) => field === "completion" || isAsked(field) });
}
