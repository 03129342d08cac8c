/**
 * JSON of what is long in an agent's conversation, which its prompts have again and again: written in turns of the main loop, once. 128 answers of 1 MB each, of which
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

/** By the outputs of the node runs, and by the arguments as they are told. */
const answers = new WeakMap<object, CutText>();
const callsArguments = new WeakMap<object, string>();
/** By arguments that are no object, the object that is told. */
const wrapped = new WeakMap<object, JsonObject>();

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
export function argumentsTold({ arguments: args }: ToolCall): JsonObject {
  if (isJsonObject(args)) return args;
  if (typeof args !== "object" || args === null) return { arguments: args };
  const told = wrapped.get(args) ?? { arguments: args };
  wrapped.set(args, told);
  return told;
}

/** JSON of arguments that are told. */
export function argumentsJson(told: object): string {
  return callsArguments.get(told) ?? JSON.stringify(told);
}

function argumentsWriting(call: ToolCall): Iterable<string>[] {
  const told = argumentsTold(call);
  if (callsArguments.has(told) || !isLong(told)) return [];
  return [kept(jsonPieces(told), Infinity, ({ head }) => callsArguments.set(told, head))];
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
