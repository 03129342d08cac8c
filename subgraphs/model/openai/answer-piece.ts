/**
 * A whole answer, or a piece of a streamed one, in one shape. Read liberally: of what does not matter nothing is refused, and `delta`, `message` and
 * `text` stand for each other.
 */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { readUsage, type AnswerUsage } from "./answer-usage.ts";
import { readReason } from "./finish-reason.ts";

/** A call of a tool, or a piece of one. Texts are "" where they are not there. */
export interface CallPiece {
  index: number | undefined;
  id: string;
  name: string;
  /** JSON text, or a piece of it. */
  arguments: string;
}

/** What a model says: what is new, or of a message all of it. */
export interface SaidPiece {
  text: string;
  reasoning: string;
  calls: CallPiece[];
}

/** What one JSON value of the provider has in it. */
export interface AnswerPiece {
  id: string;
  model: string;
  said: SaidPiece;
  /** The same as a message, which may stand beside `said`, or for it. */
  message: SaidPiece | undefined;
  /** The provider's word; undefined where the answer goes on. */
  reason: string | undefined;
  usage: AnswerUsage | undefined;
}

/** The choice that counts: the first by its index, in whatever order they come. We ask for one; some servers make several. */
export function choiceOf(answer: JsonObject): JsonObject | undefined {
  const { choices } = answer;
  if (isJsonObject(choices)) return choices;
  if (!Array.isArray(choices)) return undefined;
  const objects = choices.filter(isJsonObject);
  return objects.find((choice) => Number(choice["index"] ?? 0) === 0) ?? objects.find((choice) => !isIndex(choice["index"]));
}

/** An answer without the envelope that some gateways put around it. */
export function unwrapped(value: JsonObject): JsonObject {
  if (value["choices"] !== undefined && value["choices"] !== null) return value;
  const inner = [value["data"], value["result"], value["response"]].find((item) => isJsonObject(item) && Array.isArray(item["choices"]));
  return inner === undefined ? value : (inner as JsonObject);
}

/** Reads an answer or a piece of one; what is not there is empty. */
export function readPiece(answer: JsonObject, choice = choiceOf(answer)): AnswerPiece {
  const { delta, message, text } = choice ?? {};
  const deltaObject = isJsonObject(delta) ? delta : undefined;
  const messageObject = isJsonObject(message) ? message : undefined;
  const source = deltaObject ?? messageObject;
  const reason = readReason(choice?.["finish_reason"] ?? choice?.["finishReason"] ?? source?.["finish_reason"]);
  return {
    id: textOf(answer["id"]),
    model: textOf(answer["model"]),
    said: said(deltaObject ?? (typeof delta === "string" ? { content: delta } : typeof text === "string" ? { content: text } : {})),
    message: messageObject === undefined ? undefined : said(messageObject),
    reason,
    usage: readUsage(answer, choice),
  };
}

function said(source: JsonObject): SaidPiece {
  const content = contentOf(source["content"]);
  return {
    text: content.text || textOf(source["refusal"]),
    reasoning:
      thoughtOf(source["reasoning_content"]) ||
      thoughtOf(source["reasoning"]) ||
      thoughtOf(source["thinking"]) ||
      thoughtOf(source["reasoning_details"]) ||
      content.reasoning,
    calls: callsOf(source),
  };
}

/** A text, or a list of parts; parts that think are apart. Some servers parse the JSON that a model writes: it is written as text again. */
function contentOf(content: Json | undefined): { text: string; reasoning: string } {
  if (typeof content === "string") return { text: content, reasoning: "" };
  if (typeof content === "number" || typeof content === "boolean") return { text: String(content), reasoning: "" };
  if (isJsonObject(content) && !isPart(content)) return { text: JSON.stringify(content), reasoning: "" };
  const parts = Array.isArray(content) ? content : isJsonObject(content) ? [content] : [];
  let [text, reasoning] = ["", ""];
  for (const part of parts) {
    if (isJsonObject(part) && /think|reason/i.test(textOf(part["type"]))) reasoning += thoughtOf(part);
    else text += partText(part);
  }
  return { text, reasoning };
}

function isPart(content: JsonObject): boolean {
  return Object.keys(content).length === 0 || ["type", "text", "refusal", "content", "thinking"].some((key) => content[key] !== undefined);
}

function partText(part: Json): string {
  if (typeof part === "string") return part;
  if (!isJsonObject(part)) return "";
  const { text, refusal, content } = part;
  return typeof text === "string" ? text : isJsonObject(text) ? textOf(text["value"]) : textOf(content) || textOf(refusal);
}

/** A thought: a text, an object that has one, or a list of either. */
function thoughtOf(thought: Json | undefined): string {
  if (typeof thought === "string") return thought;
  if (Array.isArray(thought)) return thought.map(thoughtOf).join("");
  if (!isJsonObject(thought)) return "";
  const { text, thinking, reasoning, content, summary } = thought;
  return [text, thinking, reasoning, content, summary].map((item) => thoughtOf(item)).find(Boolean) ?? "";
}

function callsOf(source: JsonObject): CallPiece[] {
  const { tool_calls: given, function_call: old } = source;
  const calls = (Array.isArray(given) ? given : [given]).filter(isJsonObject);
  if (calls.length > 0) return calls.map(readCall);
  // The form before tools: one call, and no id.
  return isJsonObject(old) ? [readCall({ index: 0, function: old })] : [];
}

function readCall(call: JsonObject): CallPiece {
  const called = isJsonObject(call["function"]) ? call["function"] : call;
  const { index } = call;
  const given = called["arguments"];
  return {
    index: isIndex(index) ? Number(index) : undefined,
    id: textOf(call["id"]),
    name: typeof called["name"] === "string" ? called["name"] : "",
    // Some give arguments as an object instead of JSON text.
    arguments: typeof given === "string" ? given : given === undefined || given === null ? "" : JSON.stringify(given),
  };
}

function isIndex(value: Json | undefined): boolean {
  return (
    (typeof value === "number" || (typeof value === "string" && value !== "")) && Number.isSafeInteger(Number(value)) && Number(value) >= 0
  );
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}
