/** Completions of the OpenAI API, read: whole ones, and those assembled from the pieces of a stream. */
import { z } from "zod";
import type { Json } from "#shared/json.ts";
import { readJson } from "#shared/json/nesting.ts";
import { FinishReason, type ChatCompletion, type ChatToolCall } from "../chat.types.ts";

/** A completion before anybody knows how long it took. */
export type ReadCompletion = Omit<ChatCompletion, "durationMs">;

/** A piece of a tool call, as it is shown. */
export type ToolCallDelta = { index: number; id: string | null; name: string | null; arguments: string | null };

// Some servers send a list of parts instead of a text.
const content = z
  .union([
    z.string(),
    z.array(z.looseObject({ text: z.string().optional() })).transform((parts) => parts.map(({ text }) => text ?? "").join("")),
  ])
  .nullish();
// Some give arguments as an object instead of JSON text.
const argumentText = z.union([z.string(), z.looseObject({}).transform((value) => JSON.stringify(value))]).nullish();
const calledFunction = z.looseObject({ name: z.string().nullish(), arguments: argumentText });
const tokens = z.number().nonnegative().nullish();
const usage = z.looseObject({ prompt_tokens: tokens, completion_tokens: tokens }).nullish();

const wholeAnswer = z.looseObject({
  id: z.string().nullish(),
  model: z.string().nullish(),
  choices: z
    .array(
      z.looseObject({
        message: z.looseObject({
          content,
          refusal: z.string().nullish(),
          tool_calls: z.array(z.looseObject({ id: z.string().nullish(), function: calledFunction })).nullish(),
        }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage,
});

const streamPiece = z.looseObject({
  id: z.string().nullish(),
  model: z.string().nullish(),
  choices: z
    .array(
      z.looseObject({
        delta: z
          .looseObject({
            content,
            refusal: z.string().nullish(),
            tool_calls: z
              .array(
                z.looseObject({ index: z.number().int().min(0).nullish(), id: z.string().nullish(), function: calledFunction.nullish() }),
              )
              .nullish(),
          })
          .nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage,
});

/** One piece of a stream. */
export type StreamPiece = z.infer<typeof streamPiece>;

/** Reads a whole answer; a text says what is wrong with it. */
export function readCompletion(model: string, answer: Json): ReadCompletion | string {
  const parsed = wholeAnswer.safeParse(answer);
  if (!parsed.success) return problemOf(parsed.error);
  const { choices, ...head } = parsed.data;
  const { message, finish_reason } = choices[0]!;
  const calls = (message.tool_calls ?? []).map((call, index) => makeCall(index, call.id, call.function.name, call.function.arguments));
  return complete({ model, head, text: message.content ?? message.refusal ?? null, calls, reason: finish_reason });
}

/** Reads one piece; a text says what is wrong with it. */
export function readPiece(data: Json): StreamPiece | string {
  const parsed = streamPiece.safeParse(data);
  return parsed.success ? parsed.data : problemOf(parsed.error);
}

/** Puts the pieces of a stream together. */
export class CompletionAssembler {
  readonly #model: string;
  readonly #calls: { id: string; name: string; arguments: string }[] = [];
  /** The provider's index to the last call that came under it. */
  readonly #byIndex = new Map<number, number>();
  #head: Pick<StreamPiece, "id" | "model" | "usage"> = {};
  #texts: string[] = [];
  #reason: string | undefined;

  constructor(model: string) {
    this.#model = model;
  }

  /** Whether the provider said that it is done. */
  get isFinished(): boolean {
    return this.#reason !== undefined;
  }

  /** Takes a piece in, and gives what is new in it. */
  take({ id, model, usage: used, choices }: StreamPiece): { text: string; toolCalls: ToolCallDelta[] } {
    this.#head = { id: this.#head.id ?? id, model: this.#head.model ?? model, usage: used ?? this.#head.usage };
    const choice = choices?.[0];
    const text = choice?.delta?.content ?? choice?.delta?.refusal ?? "";
    if (text !== "") this.#texts.push(text);
    if (choice?.finish_reason) this.#reason = choice.finish_reason;
    const toolCalls = (choice?.delta?.tool_calls ?? []).map((call) => this.#takeCall(call));
    return { text, toolCalls };
  }

  /** The whole. */
  finish(): ReadCompletion {
    const calls = this.#calls.map((call, index) => makeCall(index, call.id, call.name, call.arguments));
    const text = this.#texts.length === 0 ? null : this.#texts.join("");
    return complete({ model: this.#model, head: this.#head, text, calls, reason: this.#reason });
  }

  #takeCall({
    index,
    id,
    function: called,
  }: {
    index?: number | null | undefined;
    id?: string | null | undefined;
    function?: z.infer<typeof calledFunction> | null | undefined;
  }): ToolCallDelta {
    const at = this.#place(index ?? undefined, id ?? undefined);
    const call = (this.#calls[at] ??= { id: "", name: "", arguments: "" });
    if (id) call.id = id;
    call.name += called?.name ?? "";
    call.arguments += called?.arguments ?? "";
    return { index: at, id: id ?? null, name: called?.name ?? null, arguments: called?.arguments ?? null };
  }

  /** Some servers leave the index out, others give 0 to every call: an id that is new begins a new call. */
  #place(index: number | undefined, id: string | undefined): number {
    const known = index === undefined ? this.#calls.length - 1 : this.#byIndex.get(index);
    const current = known === undefined ? undefined : this.#calls[known];
    const isNew = current === undefined || (id !== undefined && id !== "" && current.id !== "" && current.id !== id);
    const at = isNew ? this.#calls.length : known!;
    if (index !== undefined) this.#byIndex.set(index, at);
    return at;
  }
}

interface CompletionParts {
  model: string;
  head: Pick<StreamPiece, "id" | "model" | "usage">;
  text: string | null;
  calls: ChatToolCall[];
  reason: string | null | undefined;
}

function complete({ model, head, text, calls, reason }: CompletionParts): ReadCompletion {
  return {
    id: head.id || "unknown",
    model: head.model || model,
    content: text,
    toolCalls: calls,
    finishReason: finishReason(reason, calls.length > 0),
    promptTokens: Math.round(head.usage?.prompt_tokens ?? 0),
    completionTokens: Math.round(head.usage?.completion_tokens ?? 0),
  };
}

/** Servers that say `stop` although tools are called mean the calls. */
function finishReason(reason: string | null | undefined, hasCalls: boolean): FinishReason {
  if (reason === "length") return FinishReason.LENGTH;
  if (reason === "content_filter") return FinishReason.CONTENT_FILTER;
  return hasCalls ? FinishReason.TOOL_CALLS : FinishReason.STOP;
}

function makeCall(
  index: number,
  id: string | null | undefined,
  name: string | null | undefined,
  text: string | null | undefined,
): ChatToolCall {
  return { id: id || `call_${index}`, name: name ?? "", arguments: parseArguments(text ?? "") };
}

/** Models write broken JSON at times: the caller gets the text and can say so to the model. */
function parseArguments(text: string): Json {
  if (text.trim() === "") return {};
  const value = readJson(text);
  return value === undefined ? text : value;
}

function problemOf(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join(".") || "the answer"}: ${issue?.message ?? "unreadable"}`;
}
