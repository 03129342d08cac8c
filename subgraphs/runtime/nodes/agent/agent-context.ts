/** Whether a conversation is too long for its model, and what becomes of that: it is made shorter once, or the agent ends. */
import { AppError } from "#shared/errors.ts";
import { jsonPieces } from "#shared/json-writer.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { finishInTurns } from "#shared/pieces.ts";
import { routeOfTurn } from "../../engine/drivers/agent.driver.ts";
import type { FrozenAgent } from "./agent-frozen.ts";
import { argumentsLength } from "./agent-long.ts";
import type { Prompt, PromptMessage } from "./agent-prompt.ts";
import type { NodeOutcome, NodeUsage } from "../executor.ts";
import { given } from "../model-call.ts";
import { completed, failed } from "../outcome.ts";
import type { ModelRequest } from "../ports/model.port.ts";

const charactersOfToken = 4;
/** A character is written with so many bytes at most: in UTF-8, and escaped in JSON. */
const bytesOfCharacter = 6;

/** What is known of a prompt beside its messages. */
export interface PromptFacts {
  agent: FrozenAgent;
  /** Tokens that the model call before had, with its answer; 0: unknown. */
  tokensBefore: number;
}

/** Why a request is too long to be made, for people; undefined: it may be made. One that is near its limit is written in turns of the main loop, to be measured. */
export async function tooLong(request: ModelRequest, { agent: { limits }, tokensBefore }: PromptFacts): Promise<string | undefined> {
  const { messages } = request;
  if (messages.length > limits.prompt_messages) return `it has ${messages.length} messages, more than ${limits.prompt_messages}`;
  const characters = charactersOf(messages);
  const tokens = Math.max(tokensBefore, Math.ceil(characters / charactersOfToken));
  const { context_tokens: mostTokens = Infinity } = limits;
  if (tokens > mostTokens) return `it has about ${tokens} tokens, more than its contextTokens, ${mostTokens}`;
  // Most are far from it, and are not written once more to be measured.
  const all = characters + lengthOf(request.tools, toolsLength);
  if (all * bytesOfCharacter < limits.prompt_bytes) return undefined;
  if (all > limits.prompt_bytes) return `it has more than ${all} bytes, and may have ${limits.prompt_bytes}`;
  const bytes = await finishInTurns(requestBytes(request), { isOwn: true });
  return bytes > limits.prompt_bytes ? `it has ${bytes} bytes, more than ${limits.prompt_bytes}` : undefined;
}

/** Of lists that each turn of an agent has. */
const lengths = new WeakMap<object, number>();

function lengthOf<T extends object>(list: T | undefined, measured: (list: T) => number): number {
  if (list === undefined) return 0;
  let length = lengths.get(list);
  if (length === undefined) lengths.set(list, (length = measured(list)));
  return length;
}

function toolsLength(tools: NonNullable<ModelRequest["tools"]>): number {
  return JSON.stringify(tools).length;
}

/** Bytes of messages, as JSON: most of a prompt's were in the one before, and are not written again to be measured. */
const bytesKnown = new WeakMap<PromptMessage, number>();

function* requestBytes({ messages, ...rest }: ModelRequest): Generator<void, number> {
  const commas = Math.max(0, messages.length - 1);
  let bytes = (yield* bytesOf({ ...rest, messages: [] })) + commas;
  for (const message of messages) {
    const known = bytesKnown.get(message) ?? (yield* bytesOf(message));
    bytesKnown.set(message, known);
    bytes += known;
  }
  return bytes;
}

function* bytesOf(part: ModelRequest | PromptMessage): Generator<void, number> {
  let bytes = 0;
  for (const piece of jsonPieces(part as unknown as Json)) {
    bytes += Buffer.byteLength(piece);
    yield;
  }
  return bytes;
}

/** Characters of messages, as they are told. */
export function charactersOf(messages: readonly PromptMessage[]): number {
  return messages.reduce(
    (sum, { content, toolCalls }) => sum + (content?.length ?? 0) + lengthOf(toolCalls as JsonObject[] | undefined, callsLength),
    0,
  );
}

function callsLength(calls: JsonObject[]): number {
  return calls.reduce((sum, { arguments: args, ...call }) => {
    const around = JSON.stringify(call).length + ',"arguments":'.length;
    return sum + around + argumentsLength(args as JsonObject) + 1;
  }, 1);
}

/** Why a provider refused a request that is longer than its model can read; undefined: it failed otherwise. */
export function contextProblem(error: unknown): string | undefined {
  return error instanceof AppError && error.facts["contextTooLong"] === true ? error.message : undefined;
}

/** The end of a model call whose prompt is too long. @param end.seen  inputs that it has seen */
export function tooLongOutcome(prompt: Prompt, { problem, seen }: { problem: string; seen: number }): NodeOutcome {
  if (!prompt.hasRecord) return contextTooLarge(problem);
  const compaction = { characters: charactersOf(prompt.messages), because: problem };
  return completed({ outputText: "", outputJson: { compaction, ...(seen > 0 && { inputs: seen }) }, route: routeOfTurn("compact", seen) });
}

/** The end of an agent whose conversation cannot be made short enough. @param usage  of a call that was answered, and of no use */
export function contextTooLarge(problem: string, usage?: NodeUsage): NodeOutcome {
  const message = `The conversation is too long for the model, and cannot be made shorter: ${problem}. Give the agent less, or let its tools answer with less.`;
  return failed({ code: "AGENT_CONTEXT_TOO_LARGE", message, ...given("usage", usage) });
}
