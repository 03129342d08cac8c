/**
 * What is long in an agent's conversation, which its prompts have again and again: written as JSON in turns of the main loop, once. 128 answers of 1 MB each, of which
 * a model is shown the beginnings, took a turn of 180 ms, and calls with 64 lists of 30,000 values 130 ms before each model call.
 */
import { jsonPieces } from "#shared/json-writer.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { takeInTurns } from "#shared/pieces.ts";
import { jsonBytes } from "#shared/template/text.ts";
import { objectOf, type AgentOutputs, type ToolCall } from "./agent-turn.ts";

/** What has less is written when it is asked for. */
const longBytes = 8_192;

/** A text of which no more than its beginning is kept. */
export interface CutText {
  head: string;
  /** Of all of it. */
  length: number;
}

/** By the outputs of the node runs. */
const answers = new WeakMap<object, CutText>();
/** How long the JSON of arguments is, by these as they are told; no more is kept, as nobody has counted it. */
const argumentsLengths = new WeakMap<object, number>();
/** By calls whose arguments are no object, the object that is told. */
const wrapped = new WeakMap<ToolCall, JsonObject>();

/** What is written ahead. @param asked.most  characters of an answer that are kept */
export interface LongAsked {
  calls: Iterable<ToolCall>;
  /** Outputs of node runs of calls. */
  rows: Iterable<AgentOutputs[string]>;
  most: number;
}

/** Writes what is long. undefined: nothing is, or all of it is written. */
export function longAhead({ calls, rows, most }: LongAsked): Promise<void> | undefined {
  const writings = [...[...calls].flatMap(argumentsWriting), ...[...rows].flatMap((row) => answerWriting(row, most))];
  if (writings.length === 0) return undefined;
  return takeInTurns(all(writings), () => {});
}

/** What a node run gave, for its model. */
export function answerText(row: AgentOutputs[string], most: number): CutText {
  const known = typeof row.output === "object" && row.output !== null ? answers.get(row.output) : undefined;
  if (known !== undefined) return known;
  const text = [...answerPieces(row)].join("");
  return { head: text.slice(0, most), length: text.length };
}

/** Arguments as providers take them: an object. */
export function argumentsTold(call: ToolCall): JsonObject {
  const { arguments: args } = call;
  if (isJsonObject(args)) return args;
  let told = wrapped.get(call);
  if (told === undefined) wrapped.set(call, (told = { arguments: args }));
  return told;
}

/** Characters of the JSON of arguments that are told. */
export function argumentsLength(told: JsonObject): number {
  return argumentsLengths.get(told) ?? JSON.stringify(told).length;
}

function argumentsWriting(call: ToolCall): Iterable<string>[] {
  const told = argumentsTold(call);
  if (argumentsLengths.has(told) || !isLong(told)) return [];
  return [kept(jsonPieces(told), 0, ({ length }) => argumentsLengths.set(told, length))];
}

function answerWriting(row: AgentOutputs[string], most: number): Iterable<string>[] {
  const { output } = row;
  if (typeof output !== "object" || output === null || answers.has(output) || !isLong(output)) return [];
  return [kept(answerPieces(row), most, (text) => answers.set(output, text))];
}

function isLong(value: Json): boolean {
  return jsonBytes(value, longBytes) > longBytes;
}

/** A tool's text or JSON, or why there is none. */
function* answerPieces({ text, output, error }: AgentOutputs[string]): Generator<string> {
  const { result, approved_arguments: approved } = objectOf(output);
  if (approved !== undefined) {
    yield "A person had it called with other arguments: ";
    yield* jsonPieces(approved);
    yield "\n";
  }
  if (error !== undefined) yield* jsonPieces({ error, ...(result !== undefined && result !== null && { result }) });
  else yield* textPieces(result ?? text ?? output);
}

function* textPieces(value: Json): Generator<string> {
  if (typeof value === "string") yield value;
  else yield* jsonPieces(value);
}

/** The pieces, and what became of them when there are no more. */
function* kept(pieces: Iterable<string>, most: number, whenWritten: (text: CutText) => void): Generator<string> {
  let head = "";
  let length = 0;
  for (const piece of pieces) {
    if (head.length < most) head += piece;
    length += piece.length;
    yield piece;
  }
  whenWritten({ head: head.slice(0, most), length });
}

function* all(writings: readonly Iterable<string>[]): Generator<string> {
  for (const pieces of writings) yield* pieces;
}
