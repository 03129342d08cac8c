/** A completion as the platform's own pieces: the one reader of what providers answer, streamed or whole, whatever was asked for. */
import type { AppError } from "#shared/errors.ts";
import { Turns } from "#shared/evaluation/turns.ts";
import { BodyTextStream } from "#shared/fetch/body-text.ts";
import { isJsonObject, type Json } from "#shared/json.ts";
import { finishInTurns } from "#shared/pieces.ts";
import { modelErrors } from "../errors.ts";
import { AnswerBody, longEvents, mostEmptyPieces, tooManyEmpty, type BodyEvent, type ReadEvent } from "./answer-body.ts";
import { errorIn, pageProblem, shownMessage, strayWords, type ToldError } from "./answer-error.ts";
import { choiceOf, readPiece, unwrapped } from "./answer-piece.ts";
import { CompletionAssembler, type ReadCompletion, type Taken } from "./chat-answer.ts";
import { isErrorReason } from "./finish-reason.ts";
import { secretScrubber } from "./provider-target.ts";
import { readToldError } from "./refusal.ts";
import type { ToolCallDelta } from "./tool-calls.ts";
import { requestBody, type Pace, type ProviderCall } from "./transport.ts";

/** What an answer brings: text, thoughts, pieces of tool calls, and in the end the whole. */
export type ChatPiece = { text: string } | { reasoning: string } | { toolCall: ToolCallDelta } | { completion: ReadCompletion };

/** A body as it comes. */
type BodyChunks = AsyncIterable<{ bytes: Uint8Array; contentType: string }>;

/**
 * Asks for a completion and gives it as it comes.
 *
 * @param pace  the deadlines of a stream, or those of an answer that comes whole.
 * @throws AppError as requestJson and {@link readChat} do
 */
export function streamChat(call: ProviderCall, pace: Pace = "stream"): AsyncGenerator<ChatPiece, void> {
  return readChat(call, requestBody(call, pace));
}

/**
 * Reads a body. What arrives in one packet comes as one piece. Behind the whole nothing comes; going on to the end lets the connection be used again.
 * What came before something that is wrong is given before the error is thrown.
 *
 * @throws AppError MODEL_PROVIDER_FAILED for an error within it, MODEL_ANSWER_INVALID, MODEL_PROVIDER_UNREACHABLE when a stream ends before the
 *         completion does
 */
export async function* readChat(call: Pick<ProviderCall, "provider" | "model">, body: BodyChunks): AsyncGenerator<ChatPiece, void> {
  const reader = new ChatReader(call);
  const decoder = new BodyTextStream();
  let type = "";
  for await (const { bytes, contentType } of body) {
    if (reader.isDone) continue;
    type = contentType;
    const { pieces, failure } = await reader.take(decoder.push(bytes, type), type);
    for (const piece of pieces) yield piece;
    if (failure !== undefined) throw failure;
    // At once: a server that keeps the connection open must not hold the answer back.
    if (reader.isDone) yield await reader.completion();
  }
  if (reader.isDone) return;
  const { pieces, failure } = await reader.end(decoder.end(type));
  for (const piece of pieces) yield piece;
  if (failure !== undefined) throw failure;
  yield await reader.completion();
}

/** Of all answers: packets that have come are there at once, thousands of events in each. Read as they come, eight such answers held the main loop up for a second. */
const turns = new Turns();
/** So much of a packet is read in one turn at most, in units of UTF-16: some hundred of the shortest events. */
const unitsAtOnce = 8_192;

/** So many values are taken in before the clock is looked at: small ones are thousands in one packet, and in a list a million. */
const valuesAtOnce = 64;

/** As much of a page as an error shows. */
const pageCharacters = 200;

/** What has come, and what is wrong behind it. */
interface ReadPieces {
  pieces: readonly ChatPiece[];
  failure: AppError | undefined;
}

/** What is read of one body. */
class ChatReader {
  readonly #call: Pick<ProviderCall, "provider" | "model">;
  readonly #body = new AnswerBody();
  readonly #assembler: CompletionAssembler;
  /** Words of values that are neither an answer nor an error. */
  #stray: ToldError | undefined;
  #contentType = "";
  #values = 0;
  #emptyValues = 0;
  #isMessage = false;
  #isDone = false;

  constructor(call: Pick<ProviderCall, "provider" | "model">) {
    this.#call = call;
    this.#assembler = new CompletionAssembler(call.model, secretScrubber(call.provider));
  }

  /** Whether the mark of the end has come. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Reads what has come. @throws AppError where it is a page */
  async take(text: string, contentType: string): Promise<ReadPieces> {
    this.#contentType = contentType;
    const batch = new PieceBatch();
    let failure: AppError | undefined;
    for (let from = 0; from < text.length && failure === undefined && !this.#isDone; from += unitsAtOnce) {
      await turns.next();
      const events = this.#body.feed(text.slice(from, from + unitsAtOnce));
      if (this.#body.isPage && this.#body.head.length >= pageCharacters) throw this.#page();
      failure = await this.#takeAll(events, batch);
    }
    if (failure !== undefined || this.#isDone) batch.add(this.#assembler.rest());
    return { pieces: batch.pieces, failure };
  }

  /** Reads what was held back until the body's end. It fails where the completion did not come to its own. */
  async end(text: string): Promise<ReadPieces> {
    const batch = new PieceBatch();
    const failure = await this.#takeAll([...this.#body.feed(text), ...this.#body.end()], batch);
    batch.add(this.#assembler.rest());
    return { pieces: batch.pieces, failure: failure ?? this.#cutShort() };
  }

  #cutShort(): AppError | undefined {
    if (this.#body.isPage) return this.#page();
    if (this.#isDone || this.#assembler.isFinished || !this.#assembler.hasSaid || this.#isWhole) return undefined;
    if (this.#stray !== undefined) return this.#failed(this.#stray);
    const problem = "the stream ended before the completion did";
    const facts = { provider: this.#call.provider.code, retryable: true, effectUnknown: false, answered: true } as const;
    return modelErrors.MODEL_PROVIDER_UNREACHABLE({ ...facts, problem });
  }

  /** The whole. @throws AppError where nothing was answered */
  async completion(): Promise<ChatPiece> {
    const { givenUpBy } = this.#assembler;
    if (givenUpBy !== undefined) throw this.#brokeOff(givenUpBy);
    if (!this.#assembler.isEmpty) return { completion: await this.#assembler.finish() };
    if (this.#stray !== undefined) throw this.#failed(this.#stray);
    const head = this.#shown(this.#body.head);
    throw this.#invalid(head === "" ? "it answered nothing" : `it has no text, no call and no finish_reason: ${head}`, { retryable: true });
  }

  /** Whether one value came that needs no other to be an answer. */
  get #isWhole(): boolean {
    return this.#body.isJson && (this.#isMessage || this.#values === 1);
  }

  /** Until one fails, or is the end. */
  async #takeAll(events: readonly BodyEvent[], batch: PieceBatch): Promise<AppError | undefined> {
    for (const event of events) {
      const read = event.kind === "long" ? await longEvents(event) : [event];
      for (const one of read) {
        if (one.kind !== "values") return this.#takeEvent(one);
        for (const value of one.values) {
          if (++this.#values % valuesAtOnce === 0) await turns.next();
          const steps = this.#takeValue(value, one.name, batch);
          // Only what is long has more than one.
          const step = steps.next();
          const failure = step.done === true ? step.value : await finishInTurns(steps);
          if (failure !== undefined) return failure;
        }
      }
    }
    return undefined;
  }

  /** Behind it nothing is read. */
  #takeEvent(event: Exclude<ReadEvent, { kind: "values" }>): AppError | undefined {
    switch (event.kind) {
      case "excess":
        return this.#invalid(`${this.#body.isJson || event.isOfBody ? "it" : "an event"} ${event.excess}`, { retryable: true });
      case "done":
        this.#isDone = true;
        return undefined;
      case "words":
        return this.#invalid(`${this.#body.isJson ? "it" : "an event"} is not JSON: ${this.#shown(event.words)}`, { retryable: true });
    }
  }

  *#takeValue(value: Json, name: string | undefined, batch: PieceBatch): Generator<void, AppError | undefined> {
    const answer = isJsonObject(value) ? unwrapped(value) : {};
    const choice = choiceOf(answer);
    const piece = readPiece(answer, choice);
    const error = errorIn(value, name, choice);
    this.#isMessage ||= piece.message !== undefined;
    const taken = yield* this.#assembler.take(piece);
    batch.add(taken);
    if (error !== undefined) return this.#failed(error);
    if (isErrorReason(piece.reason)) return this.#brokeOff(piece.reason!);
    // Behind the end of an answer nobody asks for them.
    if (choice === undefined && !this.#assembler.isFinished) this.#stray ??= strayWords(value);
    const isEmpty = taken.text === "" && taken.reasoning === "" && taken.toolCalls.length === 0;
    if (isEmpty && ++this.#emptyValues > mostEmptyPieces) return this.#invalid(`it ${tooManyEmpty}`, { retryable: true });
    return undefined;
  }

  #page(): AppError {
    const head = this.#shown(this.#body.head).slice(0, pageCharacters);
    return this.#invalid(pageProblem(this.#contentType, head), { retryable: false });
  }

  #brokeOff(reason: string): AppError {
    return this.#failed({ message: `the answer broke off (finish_reason ${reason})`, codes: [] });
  }

  #failed(error: ToldError): AppError {
    return readToldError(this.#call.provider, error);
  }

  #invalid(problem: string, { retryable }: { retryable: boolean }): AppError {
    return modelErrors.MODEL_ANSWER_INVALID({ provider: this.#call.provider.code, problem, retryable, effectUnknown: false });
  }

  #shown(text: string): string {
    return shownMessage(text, secretScrubber(this.#call.provider));
  }
}

/** What came in one packet, in its order: texts that follow each other are one. */
class PieceBatch {
  readonly pieces: ChatPiece[] = [];

  add({ text, reasoning, toolCalls }: Taken): void {
    if (reasoning !== "") this.#append("reasoning", reasoning);
    if (text !== "") this.#append("text", text);
    for (const toolCall of toolCalls) this.pieces.push({ toolCall });
  }

  #append(kind: "text" | "reasoning", more: string): void {
    const last = this.pieces.at(-1) as Partial<Record<typeof kind, string>> | undefined;
    if (last?.[kind] !== undefined) last[kind] += more;
    else this.pieces.push({ [kind]: more } as ChatPiece);
  }
}
