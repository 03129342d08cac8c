/** A completion that is streamed, as the platform's own pieces. */
import { createParser } from "eventsource-parser";
import { isJsonObject } from "#shared/json.ts";
import { readJson } from "#shared/json/nesting.ts";
import { modelErrors } from "../errors.ts";
import { CompletionAssembler, readCompletion, readPiece, type ReadCompletion, type ToolCallDelta } from "./chat-answer.ts";
import { readStreamError } from "./refusal.ts";
import { keyScrubber, requestStream, type ProviderCall } from "./transport.ts";

/** What a stream brings: text, pieces of tool calls, and in the end the whole. */
export type ChatPiece = { text: string } | { toolCall: ToolCallDelta } | { completion: ReadCompletion };

const done = "[DONE]";

/**
 * Streams a completion. Texts that arrive in one packet come as one piece. Behind the whole nothing comes; going on to the end lets the
 * connection be used again.
 *
 * @throws AppError as requestJson; MODEL_PROVIDER_UNREACHABLE when the stream ends before the completion does
 */
export async function* streamChat(call: ProviderCall): AsyncGenerator<ChatPiece, void> {
  const assembler = new CompletionAssembler(call.model);
  const events: string[] = [];
  const parser = createParser({ onEvent: ({ data }) => events.push(data) });
  const decoder = new TextDecoder();
  let isDone = false;
  let whole: string | undefined;
  for await (const { bytes, contentType } of requestStream(call)) {
    const text = decoder.decode(bytes, { stream: true });
    // A server that knows no streaming answers whole.
    if (/^application\/json\b/i.test(contentType)) {
      whole = (whole ?? "") + text;
      continue;
    }
    parser.feed(text);
    const data = events.splice(0);
    if (isDone) continue;
    yield* takeEvents(
      call,
      assembler,
      data.filter((event) => event !== done),
    );
    isDone = data.includes(done);
    // At once: a server that keeps the connection open must not hold the answer back.
    if (isDone) yield { completion: assembler.finish() };
  }
  if (isDone) return;
  if (whole !== undefined) return yield* wholeAnswer(call, whole);
  if (!assembler.isFinished) {
    const problem = "the stream ended before the completion did";
    throw modelErrors.MODEL_PROVIDER_UNREACHABLE({ provider: call.provider.code, problem, retryable: true, effectUnknown: true });
  }
  yield { completion: assembler.finish() };
}

function* takeEvents(call: ProviderCall, assembler: CompletionAssembler, events: readonly string[]): Generator<ChatPiece, void> {
  let text = "";
  for (const event of events) {
    const data = readJson(event);
    if (isJsonObject(data) && data["error"] != null) {
      throw readStreamError(call.provider.code, data["error"], keyScrubber(call.provider));
    }
    const piece = data === undefined ? "an event is not JSON" : readPiece(data);
    if (typeof piece === "string") throw invalid(call, piece);
    const taken = assembler.take(piece);
    text += taken.text;
    if (taken.toolCalls.length === 0) continue;
    if (text !== "") yield { text };
    text = "";
    for (const toolCall of taken.toolCalls) yield { toolCall };
  }
  if (text !== "") yield { text };
}

function* wholeAnswer(call: ProviderCall, text: string): Generator<ChatPiece, void> {
  const data = readJson(text);
  const completion = data === undefined ? "it is not JSON" : readCompletion(call.model, data);
  if (typeof completion === "string") throw invalid(call, completion);
  if (completion.content) yield { text: completion.content };
  yield { completion };
}

function invalid({ provider }: ProviderCall, problem: string) {
  return modelErrors.MODEL_ANSWER_INVALID({ provider: provider.code, problem, retryable: true, effectUnknown: false });
}
