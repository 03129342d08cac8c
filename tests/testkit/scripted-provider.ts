/** A model provider that speaks the OpenAI API by script: on 127.0.0.1, whole or streamed as the request wants it, with the faults that real ones have. */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Json, JsonObject } from "#shared/json.ts";
import { startHttpServer, type SeenRequest } from "./http-server.ts";

/** What the provider does with one request. */
export interface ScriptedCompletion {
  /** The text; streamed a word a piece. */
  text?: string;
  /** What it thinks before: one piece. */
  reasoning?: string;
  /** `text`: arguments as they are, where they are no JSON. */
  toolCalls?: { id: string; name: string; arguments: Json; text?: string }[];
  finishReason?: string;
  usage?: { prompt_tokens: number; completion_tokens: number };
  model?: string;
  /** Awaited before the first byte: a slow first byte, or one that never comes. */
  before?: Promise<unknown>;
  /** Awaited after the first streamed piece. */
  between?: Promise<unknown>;
  /** Destroys the connection: before any answer, or after that many streamed pieces. */
  cutAfter?: number;
  /** Ends the stream in order, but before it is complete. */
  endAfter?: number;
}

/** An HTTP error, or with status 200 a body of one's own. */
export interface ScriptedRefusal {
  status: number;
  /** Awaited before the first byte. */
  before?: Promise<unknown>;
  headers?: Record<string, string>;
  json?: Json;
  body?: string;
}

/** An answer, or what makes one of the request. */
export type ScriptedAnswer = ScriptedCompletion | ScriptedRefusal | ((request: JsonObject) => ScriptedCompletion | ScriptedRefusal);

/** A request as the provider saw it. */
export interface ProviderRequest extends SeenRequest {
  json: JsonObject;
  /** The caller's port: requests with the same one came over one connection. */
  fromPort: number | undefined;
  /** Resolves when the connection was closed before the answer was sent whole. */
  aborted: Promise<void>;
}

/** The running provider. */
export interface ScriptedProvider {
  /** What to configure: `http://127.0.0.1:<port>/v1`. */
  baseUrl: string;
  /** For egress lists. */
  hostPort: string;
  /** Every request of a completion or of embeddings so far, oldest first. */
  requests: ProviderRequest[];
  /** The next answers of /chat/completions, one a request; the last stays. */
  chat(...answers: ScriptedAnswer[]): void;
  /** Asked before the script: what it answers a request with by itself; undefined: the script does. */
  respond(answer: (request: JsonObject) => ScriptedCompletion | undefined): void;
  /** The answer of /embeddings; unless given a vector a text: [its length, its place]. */
  embeddings(answer: ScriptedRefusal | { json: Json }): void;
  /** The names that /models lists, or its answer as it is; null: it answers 500. */
  models(names: string[] | null | { json: Json }): void;
  /** Forgets scripts and requests. */
  reset(): void;
  /** Resolves when that many requests have come. */
  seen(count: number): Promise<void>;
  close(): Promise<void>;
}

const greeting: ScriptedCompletion = { text: "Hello there, friend." };
const modelNames = ["scripted-model"];

/** Starts a provider; it answers "Hello there, friend." until told otherwise. */
export async function startScriptedProvider(): Promise<ScriptedProvider> {
  const server = await startHttpServer();
  const requests: ProviderRequest[] = [];
  const watchers = new Set<() => void>();
  let answers: ScriptedAnswer[] = [greeting];
  let embeddings: ScriptedRefusal | { json: Json } | undefined;
  let responder: (request: JsonObject) => ScriptedCompletion | undefined = () => undefined;

  const take = (request: SeenRequest, response: ServerResponse): ProviderRequest => {
    const aborted = once(response, "close").then(() => (response.writableFinished ? new Promise<void>(() => {}) : undefined));
    const taken = { ...request, json: JSON.parse(request.body) as JsonObject, fromPort: response.req.socket.remotePort, aborted };
    requests.push(taken);
    for (const watcher of watchers) watcher();
    return taken;
  };
  server.on("POST /v1/chat/completions", (request, response) => {
    const { json } = take(request, response);
    const byItself = responder(json);
    const scripted = byItself ?? (answers.length > 1 ? answers.shift() : answers[0])!;
    const answer = typeof scripted === "function" ? scripted(json) : scripted;
    if ("status" in answer) void Promise.resolve(answer.before).then(() => refuse(response, answer));
    else void complete(response, json, answer);
  });
  server.on("POST /v1/embeddings", (request, response) => {
    const { json } = take(request, response);
    const scripted = embeddings;
    if (scripted !== undefined && "status" in scripted) return void Promise.resolve(scripted.before).then(() => refuse(response, scripted));
    send(response, scripted?.json ?? embedded(json));
  });
  const models = (names: string[] | null | { json: Json }) =>
    server.on(
      "GET /v1/models",
      names !== null && "json" in names
        ? names
        : names === null
          ? { status: 500 }
          : { json: { object: "list", data: names.map((id) => ({ id, object: "model" })) } },
    );
  models(modelNames);

  return {
    baseUrl: `${server.url}/v1`,
    hostPort: server.hostPort,
    requests,
    chat: (...next) => void (answers = next),
    respond: (answer) => void (responder = answer),
    embeddings: (answer) => void (embeddings = answer),
    models,
    reset() {
      answers = [greeting];
      embeddings = undefined;
      responder = () => undefined;
      models(modelNames);
      requests.length = 0;
    },
    seen: (count) =>
      new Promise((resolve) => {
        const check = () => {
          if (requests.length < count) return;
          watchers.delete(check);
          resolve();
        };
        watchers.add(check);
        check();
      }),
    close: () => server.close(),
  };
}

async function complete(response: ServerResponse, request: JsonObject, answer: ScriptedCompletion): Promise<void> {
  await answer.before;
  if (answer.cutAfter === 0) return void response.destroy();
  if (request["stream"] !== true) return send(response, whole(request, answer));
  response.writeHead(200, { "content-type": "text/event-stream" });
  const pieces = streamPieces(request, answer);
  for (const [index, piece] of pieces.entries()) {
    if (index === answer.cutAfter) return void response.destroy();
    if (index === answer.endAfter) return void response.end();
    await new Promise<void>((resolve) => response.write(`data: ${JSON.stringify(piece)}\n\n`, () => resolve()));
    if (index === 0) await answer.between;
  }
  response.end("data: [DONE]\n\n");
}

const tokensOf = (answer: ScriptedCompletion) =>
  answer.usage ?? { prompt_tokens: 7, completion_tokens: answer.text?.split(" ").length ?? 1 };
const reasonOf = (answer: ScriptedCompletion) => answer.finishReason ?? (answer.toolCalls ? "tool_calls" : "stop");
const headOf = (request: JsonObject, answer: ScriptedCompletion) => ({ id: "chatcmpl-1", model: answer.model ?? String(request["model"]) });

function whole(request: JsonObject, answer: ScriptedCompletion): Json {
  const calls = answer.toolCalls?.map((call) => ({
    id: call.id,
    type: "function",
    function: { name: call.name, arguments: call.text ?? JSON.stringify(call.arguments) },
  }));
  const message = { role: "assistant", content: answer.text ?? null, ...(calls && { tool_calls: calls }) };
  return {
    ...headOf(request, answer),
    object: "chat.completion",
    choices: [{ index: 0, message, finish_reason: reasonOf(answer) }],
    usage: tokensOf(answer),
  };
}

function streamPieces(request: JsonObject, answer: ScriptedCompletion): Json[] {
  const head = { ...headOf(request, answer), object: "chat.completion.chunk" };
  const piece = (delta: Json, finish_reason: string | null = null): Json => ({ ...head, choices: [{ index: 0, delta, finish_reason }] });
  const words = answer.text?.match(/\S+\s*/g) ?? [];
  const calls = (answer.toolCalls ?? []).flatMap((call, index) => {
    const text = call.text ?? JSON.stringify(call.arguments);
    const middle = Math.ceil(text.length / 2);
    return [
      piece({ tool_calls: [{ index, id: call.id, type: "function", function: { name: call.name, arguments: "" } }] }),
      piece({ tool_calls: [{ index, function: { arguments: text.slice(0, middle) } }] }),
      piece({ tool_calls: [{ index, function: { arguments: text.slice(middle) } }] }),
    ];
  });
  const usage = { ...head, choices: [], usage: tokensOf(answer) };
  const thoughts = answer.reasoning === undefined ? [] : [piece({ reasoning_content: answer.reasoning })];
  return [...thoughts, ...words.map((content) => piece({ content })), ...calls, piece({}, reasonOf(answer)), usage];
}

function embedded(request: JsonObject): Json {
  const texts = request["input"] as string[];
  const data = texts.map((text, index) => ({ object: "embedding", index, embedding: [text.length, index] }));
  return {
    object: "list",
    model: request["model"],
    data: data.toReversed(),
    usage: { prompt_tokens: texts.length, total_tokens: texts.length },
  };
}

function refuse(response: ServerResponse, { status, headers, json, body }: ScriptedRefusal): void {
  response.writeHead(status, { ...(json !== undefined && { "content-type": "application/json" }), ...headers });
  response.end(json === undefined ? (body ?? "") : JSON.stringify(json));
}

function send(response: ServerResponse, json: Json): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(json));
}
