import type { ChatCompletionChunk } from "./chat.types.ts";
import type { ChatPiece } from "./openai/chat-stream.ts";
import type { AskedCompletion } from "./providers/provider-attempts.ts";

/** An event of a streamed completion; a failure is an event too, so that it reaches the client as an error of the operation. */
export type CompletionEvent = { chunk: ChatCompletionChunk } | { failure: unknown };

/** How long a connection may take to become free after the last byte that matters. */
const drainMs = 1_000;

/**
 * The events of a streamed completion. Pulled: a slow reader slows the provider down, nothing is queued. Not an async generator, whose
 * `return()` would wait for the provider's next piece.
 */
export class CompletionEvents implements AsyncIterableIterator<CompletionEvent> {
  readonly #source: AskedCompletion;
  readonly #stop: () => void;
  readonly #isAsked: (field: string) => boolean;
  #isEnded = false;

  /**
   * @param of.stop  aborts the provider's request
   * @param of.isAsked  whether a field of the event was asked for: of pieces of others there is no event
   */
  constructor(source: AskedCompletion, of: { stop: () => void; isAsked: (field: string) => boolean }) {
    this.#source = source;
    this.#stop = of.stop;
    this.#isAsked = of.isAsked;
  }

  async next(): Promise<IteratorResult<CompletionEvent>> {
    if (this.#isEnded) return finished;
    try {
      for (;;) {
        const step = await this.#source.pieces.next();
        if (this.#isEnded || step.done === true) return finished;
        if (this.#isAsked(fieldOf(step.value))) return { done: false, value: { chunk: await this.#chunk(step.value) } };
      }
    } catch (failure) {
      if (this.#isEnded) return finished;
      this.#isEnded = true;
      await this.#source.meter.failed(failure);
      return { done: false, value: { failure } };
    }
  }

  return(): Promise<IteratorResult<CompletionEvent>> {
    if (!this.#isEnded) {
      this.#isEnded = true;
      void this.#source.meter.cancelled();
      this.#stop();
      // It waits for the piece that is being read, which the stop ends; nobody waits for it.
      this.#source.pieces.return().catch(() => {});
    }
    return Promise.resolve(finished);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #chunk(piece: ChatPiece): Promise<ChatCompletionChunk> {
    if ("text" in piece) return { ...nothing, delta: piece.text };
    if ("reasoning" in piece) return { ...nothing, reasoningDelta: piece.reasoning };
    if ("toolCall" in piece) return { ...nothing, toolCallDelta: { ...piece.toolCall } };
    this.#isEnded = true;
    this.#drain();
    const omittedParameters = this.#source.omittedParameters();
    const measured = await this.#source.meter.completed(piece.completion);
    return { ...nothing, completion: { ...piece.completion, omittedParameters, ...measured } };
  }

  /** Reads the rest, which holds nothing, so that the connection can be used again. */
  #drain(): void {
    const timer = setTimeout(this.#stop, drainMs);
    const ended = this.#source.pieces.next().catch(() => {});
    void ended.finally(() => clearTimeout(timer));
  }
}

/** The field that tells a piece. */
function fieldOf(piece: ChatPiece): keyof ChatCompletionChunk {
  if ("text" in piece) return "delta";
  if ("reasoning" in piece) return "reasoningDelta";
  return "toolCall" in piece ? "toolCallDelta" : "completion";
}

const nothing = { delta: null, reasoningDelta: null, toolCallDelta: null, completion: null };
const finished = { done: true, value: undefined } as const;
