/** A model for trying agents without a key: it speaks the OpenAI API on loopback, and says what a function of the conversation says. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

/** A conversation as the API has it. */
export interface Conversation {
  messages: { role: "system" | "user" | "assistant" | "tool"; content: string | null }[];
  tools?: { function: { name: string } }[];
}

/** What the model says to it: a text, or the calls of its tools. */
export type Saying = { text: string } | { calls: { name: string; arguments: object }[] };

/** The path that it is asked at, beneath `/v1`. */
export const completionsPath = "/v1/chat/completions";
const charactersOfToken = 4;
let serial = 0;

/** Answers one request as a model does: a word at a time where it is asked for a stream. @param pauseMs  between two words, for people to see them come. */
export async function answerAsModel(
  request: IncomingMessage,
  response: ServerResponse,
  { say, pauseMs = 0 }: { say: (conversation: Conversation) => Saying; pauseMs?: number },
): Promise<void> {
  const body = await text(request);
  const asked = JSON.parse(body) as Conversation & { model: string; stream?: boolean };
  const said = say(asked);
  const usage = {
    prompt_tokens: Math.ceil(body.length / charactersOfToken),
    completion_tokens: Math.ceil(JSON.stringify(said).length / charactersOfToken),
  };
  const head = { id: `scripted-${++serial}`, model: asked.model };
  if (asked.stream !== true) {
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({
        ...head,
        choices: [{ index: 0, message: { role: "assistant", ...wholeOf(said) }, finish_reason: reasonOf(said) }],
        usage,
      }),
    );
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const piece = (delta: object, finish_reason: string | null = null) =>
    response.write(`data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason }] })}\n\n`);
  for (const delta of deltasOf(said)) {
    piece(delta);
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  piece({}, reasonOf(said));
  response.end(`data: ${JSON.stringify({ ...head, choices: [], usage })}\n\ndata: [DONE]\n\n`);
}

function reasonOf(said: Saying): string {
  return "text" in said ? "stop" : "tool_calls";
}

function wholeOf(said: Saying): object {
  return "text" in said ? { content: said.text } : { content: null, tool_calls: callsOf(said.calls) };
}

function deltasOf(said: Saying): object[] {
  if ("text" in said) return (said.text.match(/\S+\s*/g) ?? []).map((content) => ({ content }));
  return [{ tool_calls: callsOf(said.calls).map((call, index) => ({ index, ...call })) }];
}

function callsOf(calls: Extract<Saying, { calls: unknown }>["calls"]) {
  return calls.map(({ name, arguments: args }) => ({
    id: `call-${++serial}`,
    type: "function",
    function: { name, arguments: JSON.stringify(args) },
  }));
}

/** What tools have answered, oldest first. */
export function toolAnswers({ messages }: Conversation): string[] {
  return messages.filter(({ role }) => role === "tool").map(({ content }) => content ?? "");
}

/** What people have said, oldest first. */
export function saidByPeople({ messages }: Conversation): string[] {
  return messages.filter(({ role }) => role === "user").map(({ content }) => content ?? "");
}
