/** A completion put together from what a provider answers: from the one value of a whole answer, or from the pieces of a stream. */
import type { ChatCompletion } from "../chat.types.ts";
import type { ScrubbedStream, Scrubber } from "#shared/secret/scrub.ts";
import type { AnswerPiece, CallPiece, SaidPiece } from "./answer-piece.ts";
import { laterUsage, type AnswerUsage } from "./answer-usage.ts";
import { finishReason, isAbortReason, laterReason } from "./finish-reason.ts";
import { ToolCalls, type ToolCallDelta } from "./tool-calls.ts";
import { WholeCharacters } from "./whole-characters.ts";

/** A completion before anybody knows how long it took, and what was left out of its request. */
export type ReadCompletion = Omit<ChatCompletion, "durationMs" | "omittedParameters" | "price">;

/** What is new in a piece. */
export interface Taken {
  text: string;
  reasoning: string;
  toolCalls: ToolCallDelta[];
}

/** Puts pieces together. */
export class CompletionAssembler {
  readonly #model: string;
  readonly #scrubber: Scrubber;
  readonly #calls: ToolCalls;
  readonly #text: TextRow;
  readonly #reasoning: TextRow;
  #id = "";
  #answeredModel = "";
  #usage: AnswerUsage = {};
  #reason: string | undefined;
  #cameByDelta = false;

  /**
   * @param model     the one that was asked for: servers may not say which one answers.
   * @param scrubber  takes the provider's own secrets out of all that is shown.
   */
  constructor(model: string, scrubber: Scrubber) {
    this.#model = model;
    this.#scrubber = scrubber;
    this.#calls = new ToolCalls(scrubber);
    this.#text = new TextRow(scrubber);
    this.#reasoning = new TextRow(scrubber);
  }

  /** Whether the provider said that it is done. */
  get isFinished(): boolean {
    return this.#reason !== undefined;
  }

  /** Whether nothing was answered: no text, no thought, no call, and no reason for that. */
  get isEmpty(): boolean {
    return !this.isFinished && !this.hasSaid;
  }

  /** The word by which the server gave it up before anything of it came. */
  get givenUpBy(): string | undefined {
    return !this.hasSaid && isAbortReason(this.#reason) ? this.#reason : undefined;
  }

  /** Whether there is text, a thought or a call. */
  get hasSaid(): boolean {
    return !this.#text.isEmpty || !this.#reasoning.isEmpty || this.#calls.count > 0;
  }

  /** Takes a piece in, and gives what is new in it. In steps, for it may be of many megabytes. */
  *take({ id, model, said, message, reason, usage }: AnswerPiece): Generator<void, Taken> {
    this.#id ||= id;
    this.#answeredModel ||= model;
    if (usage !== undefined) this.#usage = laterUsage(this.#usage, usage);
    if (reason !== undefined) this.#reason = laterReason(this.#reason, reason);
    if (message !== undefined && isNothing(said)) return yield* this.#takeMessage(message);
    this.#cameByDelta ||= !isNothing(said);
    const toolCalls = yield* told(said.calls, (call) => this.#calls.take(call));
    return { text: this.#text.add(said.text), reasoning: this.#reasoning.add(said.reasoning), toolCalls };
  }

  /** What is left of texts that were cut within a character, or where a secret might have begun. */
  rest(): Taken {
    return { text: this.#text.end(), reasoning: this.#reasoning.end(), toolCalls: this.#calls.rest() };
  }

  /** The whole. */
  async finish(): Promise<ReadCompletion> {
    this.rest();
    const toolCalls = await this.#calls.finish();
    const { prompt = 0, completion = 0, cached, reasoning } = this.#usage;
    return {
      id: this.#scrubber.text(this.#id) || "unknown",
      model: this.#scrubber.text(this.#answeredModel) || this.#model,
      content: this.#text.whole,
      toolCalls,
      finishReason: finishReason(this.#reason, { areThere: toolCalls.length > 0, areWhole: this.#calls.areWhole }),
      providerFinishReason: this.#reason === undefined ? null : this.#scrubber.text(this.#reason),
      promptTokens: prompt,
      completionTokens: completion,
      cachedTokens: cached ?? null,
      reasoningTokens: reasoning ?? null,
      reasoning: this.#reasoning.whole,
    };
  }

  /** A message stands for a delta; behind deltas it is all of them once more, and may have an end that they had not. */
  *#takeMessage({ text, reasoning, calls }: SaidPiece): Generator<void, Taken> {
    if (this.#cameByDelta) {
      const rest = this.#calls.count > 0 ? [] : calls;
      return {
        text: this.#text.addRestOf(text),
        reasoning: this.#reasoning.addRestOf(reasoning),
        toolCalls: yield* told(rest, (call) => this.#calls.takeWhole(call)),
      };
    }
    const toolCalls = yield* told(calls, (call) => this.#calls.takeWhole(call));
    return { text: this.#text.add(text), reasoning: this.#reasoning.add(reasoning), toolCalls };
  }
}

/** What is new of calls. */
function* told(
  calls: readonly CallPiece[],
  take: (call: CallPiece) => Generator<void, ToolCallDelta | undefined>,
): Generator<void, ToolCallDelta[]> {
  const deltas: ToolCallDelta[] = [];
  for (const call of calls) {
    const delta = yield* take(call);
    if (delta !== undefined) deltas.push(delta);
  }
  return deltas;
}

/** A text that comes in pieces. */
class TextRow {
  readonly #characters = new WholeCharacters();
  readonly #scrubber: Scrubber;
  #scrubbed: ScrubbedStream;
  #pieces: string[] = [];
  #isEmpty = true;
  #length = 0;

  constructor(scrubber: Scrubber) {
    this.#scrubber = scrubber;
    this.#scrubbed = scrubber.stream();
  }

  /** Whether not even the half of a character came. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** All of it; null where nothing came. */
  get whole(): string | null {
    if (this.#isEmpty) return null;
    this.#pieces = [this.#pieces.join("")];
    return this.#pieces[0]!;
  }

  add(piece: string): string {
    if (piece === "") return "";
    this.#isEmpty = false;
    return this.#keep(this.#scrubbed.push(this.#characters.push(piece)));
  }

  /** Takes of a repetition what has not come yet; of something else nothing. */
  addRestOf(repeated: string): string {
    const had = this.#length;
    const text = this.#scrubber.text(repeated);
    if (text.length <= had || !text.startsWith(this.whole ?? "")) return "";
    // It has what waits, too.
    this.#characters.end();
    this.#scrubbed = this.#scrubber.stream();
    this.#isEmpty = false;
    return this.#keep(text.slice(had));
  }

  end(): string {
    return this.#keep(this.#scrubbed.push(this.#characters.end()) + this.#scrubbed.end());
  }

  #keep(text: string): string {
    if (text !== "") this.#pieces.push(text);
    this.#length += text.length;
    return text;
  }
}

function isNothing({ text, reasoning, calls }: SaidPiece): boolean {
  return text === "" && reasoning === "" && calls.length === 0;
}
