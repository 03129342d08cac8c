/**
 * A subgraph behind HTTP: operations over a pool of kept-alive connections, subscriptions over one shared WebSocket.
 * Nothing is retried but a query whose connection broke; a lost subscription is an error that its client resumes from.
 */
import { StringDecoder } from "node:string_decoder";
import type { ExecutionResult } from "graphql";
import { Pool } from "undici";
import type { SubgraphEndpoint, SubgraphRequest } from "./endpoint.ts";
import { parseEndpointAddress, type EndpointAddress } from "./endpoint-address.ts";
import { AppError, defineErrors } from "#shared/errors.ts";
import { newId } from "#shared/ids.ts";
import { readJsonInTurns } from "#shared/json-reader.ts";
import { isJsonObject } from "#shared/json.ts";
import { requestHeaders } from "./request-transport.ts";
import { refusedToken, tokenRefused } from "./token-refusal.ts";
import type { InternalKeys } from "#shared/trust/internal-keys.ts";
import { Signer } from "#shared/trust/signer.ts";
import { operationText } from "#shared/trust/token.ts";
import { Slots } from "./slots.ts";
import { openUpstream } from "./upstream-socket.ts";

interface CallFacts {
  serviceName: string;
  retryable: true;
  effectUnknown: boolean;
  platformFault: true;
}

/**
 * What goes wrong between a caller and a subgraph of another process. It passes, so a node that met it may be tried again.
 * `effectUnknown`: a mutation had been sent, so it may have been done. `platformFault`: a part of the platform was not there, so it is no failure of
 * what the caller asked for.
 */
export const endpointErrors = defineErrors({
  SUBGRAPH_UNREACHABLE: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: CallFacts) => `The ${f.serviceName} subgraph cannot be reached. Try again in a moment.`,
  },
  SUBGRAPH_ANSWER_INVALID: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: CallFacts & { status: number }) => `The ${f.serviceName} subgraph gave no GraphQL answer (HTTP ${f.status}).`,
  },
  SUBGRAPH_ANSWER_TOO_LARGE: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { serviceName: string; limitBytes: number; effectUnknown: boolean }) =>
      `The ${f.serviceName} subgraph answered with more than ${f.limitBytes} bytes. Ask for smaller pages.`,
  },
});

export interface HttpEndpointOptions {
  name: string;
  /** See endpoint-address.ts for the forms. */
  url: string;
  /** By which the subgraph knows that a process of the platform asks. */
  keys: InternalKeys;
  /** Kept-alive connections at most. */
  connections?: number;
  /** Of one answer; 64 MiB unless given. */
  maxAnswerBytes?: number;
  /** Events that one subscription may lag behind its subgraph before it ends with SUBSCRIPTION_OVERFLOW; 2,048 unless given. */
  maxBufferedEvents?: number;
  /** Bytes of them, as they came over the wire; 16 MiB unless given. One event may be larger. */
  maxBufferedBytes?: number;
  /** How long the subgraph may take to greet a new socket and to answer a ping, before its streams are lost; 5 s. */
  answersWithinMs?: number;
}

/**
 * Connects to a subgraph and asks for its SDL.
 *
 * @param signal  ends the attempt.
 * @throws AppError SUBGRAPH_UNREACHABLE, SUBGRAPH_ANSWER_INVALID
 */
export async function connectEndpoint(options: HttpEndpointOptions, signal?: AbortSignal): Promise<SubgraphEndpoint> {
  const address = parseEndpointAddress(options.url);
  const { name, connections = 64, maxAnswerBytes = 64 << 20 } = options;
  const pool = openPool(address, { connections, maxAnswerBytes });
  const target: Target = {
    name,
    path: address.path,
    pool,
    maxAnswerBytes,
    slots: new Slots(connections),
    signer: new Signer(name, options.keys),
  };
  try {
    const sdl = await fetchSdl(target, signal);
    return httpEndpoint({ ...options, address, target, sdl });
  } catch (error) {
    await pool.destroy();
    throw error;
  }
}

interface Connected extends HttpEndpointOptions {
  address: EndpointAddress;
  target: Target;
  sdl: string;
}

function httpEndpoint({ name, address, target, sdl, ...options }: Connected): SubgraphEndpoint {
  const { maxBufferedEvents = 2048, maxBufferedBytes = 16 << 20, answersWithinMs = 5_000 } = options;
  const limits = { maxBufferedEvents, maxBufferedBytes };
  // A connection of its own: operations may have all of the others for as long as they take.
  const health = openPool(address, { connections: 1, maxAnswerBytes: 64 << 10 });
  const upstream = openUpstream({ name, url: address.webSocketUrl, signer: target.signer, limits, answersWithinMs });
  return {
    name,
    sdl,
    execute: (request) => post(target, request),
    subscribe: (request) => Promise.resolve(upstream.subscribe(request)),
    health: (signal) => checkHealth(target.path, health, signal),
    async close() {
      await upstream.close();
      await health.destroy();
      await target.pool.destroy();
    },
  };
}

function openPool(address: EndpointAddress, { connections, maxAnswerBytes }: { connections: number; maxAnswerBytes: number }): Pool {
  return new Pool(address.origin, {
    connections,
    maxResponseSize: maxAnswerBytes,
    ...(address.socketPath === undefined ? {} : { socketPath: address.socketPath }),
    connect: { timeout: 5_000 },
    // The deadline is the caller's signal: a long mutation must not end by a limit of the transport.
    headersTimeout: 0,
    bodyTimeout: 0,
    // Below the server's 65 s, else a request now and then meets a socket that is being closed.
    keepAliveTimeout: 30_000,
  });
}

interface Target {
  name: string;
  path: string;
  pool: Pool;
  maxAnswerBytes: number;
  slots: Slots;
  signer: Signer;
}

async function post(target: Target, request: SubgraphRequest): Promise<ExecutionResult> {
  const { info, query, onBytes } = request;
  const body = operationText(request);
  const isMutation = /^\s*mutation\b/.test(query);
  const release = await target.slots.take(info.signal);
  try {
    let refusal: AppError | undefined;
    for (const { token, accepted } of target.signer.attempts({ info, text: body })) {
      try {
        const result = await postSigned(target, { body, isMutation, headers: requestHeaders(info, token), signal: info.signal, onBytes });
        accepted();
        return result;
      } catch (error) {
        // Nothing was executed; perhaps it knows the other key.
        if (!(error instanceof AppError) || error.facts["refusal"] !== "TOKEN_FORGED") throw error;
        refusal = error;
      }
    }
    // There is a key, so there was an attempt.
    throw refusal!;
  } finally {
    release();
  }
}

async function postSigned(target: Target, sent: Sent): Promise<ExecutionResult> {
  const { isMutation, signal } = sent;
  try {
    return await sendOnce(target, sent);
  } catch (error) {
    // A kept-alive socket may be closed just as it is used. A query may go twice; a mutation may have been done.
    if (isMutation || !isBrokenConnection(error) || signal?.aborted === true) throw refused(target, sent, error);
  }
  return sendOnce(target, sent).catch((error: unknown) => {
    throw refused(target, sent, error);
  });
}

interface Sent {
  body: string;
  isMutation: boolean;
  headers: Record<string, string>;
  signal: AbortSignal | undefined;
  onBytes: SubgraphRequest["onBytes"];
}

async function sendOnce(target: Target, { body, isMutation, headers, signal, onBytes }: Sent): Promise<ExecutionResult> {
  const answer = await target.pool.request({
    method: "POST",
    path: target.path,
    headers: { ...headers, "content-type": "application/json", accept: "application/json" },
    body,
    signal: signal ?? null,
  });
  const parsed = await parseAnswer(await readText(answer.body, onBytes));
  const refusal = answer.statusCode === 401 ? refusedToken(parsed?.errors) : undefined;
  if (refusal !== undefined) throw tokenRefused(target.name, refusal);
  if (parsed !== undefined) return parsed;
  const facts = { serviceName: target.name, retryable: true, effectUnknown: isMutation, platformFault: true } as const;
  throw endpointErrors.SUBGRAPH_ANSWER_INVALID({ ...facts, status: answer.statusCode });
}

async function readText(body: AsyncIterable<Buffer>, onBytes: SubgraphRequest["onBytes"]): Promise<string> {
  // Each piece is made text as it comes: of many megabytes that is a turn's work and more.
  const decoder = new StringDecoder("utf8");
  const pieces: string[] = [];
  // Whoever leaves the loop, by an error too, destroys the body.
  for await (const chunk of body) {
    pieces.push(decoder.write(chunk));
    const room = onBytes?.(chunk.length);
    // No more is read of the socket meanwhile.
    if (room !== undefined) await room;
  }
  return pieces.join("") + decoder.end();
}

async function parseAnswer(text: string): Promise<ExecutionResult | undefined> {
  const parsed: unknown = await readJsonInTurns(text, { isOurs: true });
  return isJsonObject(parsed) && ("data" in parsed || Array.isArray(parsed["errors"])) ? parsed : undefined;
}

/** A connection that stood and broke; neither an answer, nor what the caller ended. */
const isBrokenConnection = hasCode("UND_ERR_SOCKET", "ECONNRESET", "EPIPE");
/** There was no connection: nothing was sent. */
const isNoConnection = hasCode("ECONNREFUSED", "ENOENT", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT");
const isTooLarge = hasCode("UND_ERR_RES_EXCEEDED_MAX_SIZE");

function hasCode(...codes: string[]): (error: unknown) => boolean {
  // By shape: an error of the system may be another realm's.
  return (error) => codes.includes(String((error as { code?: unknown } | null)?.code));
}

function refused(target: Target, { isMutation, signal }: Sent, error: unknown): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (isAnswerError(error)) return error;
  const { name: serviceName, maxAnswerBytes: limitBytes } = target;
  if (isTooLarge(error)) return endpointErrors.SUBGRAPH_ANSWER_TOO_LARGE({ serviceName, limitBytes, effectUnknown: isMutation });
  const effectUnknown = isMutation && !isNoConnection(error);
  return endpointErrors.SUBGRAPH_UNREACHABLE({ serviceName, retryable: true, effectUnknown, platformFault: true }, { cause: error });
}

/** SUBGRAPH_ANSWER_INVALID, or what the caller threw when it heard of the answer's bytes. */
const isAnswerError = (error: unknown) => error instanceof AppError;

async function fetchSdl(target: Target, signal: AbortSignal | undefined): Promise<string> {
  const info = { tenantId: "public", requestId: newId(), signal };
  const { data, errors } = await post(target, { query: "query ReadSdl { _service { sdl } }", operationName: "ReadSdl", info });
  const service = data?.["_service"];
  if (isJsonObject(service) && typeof service["sdl"] === "string") return service["sdl"];
  throw endpointErrors.SUBGRAPH_ANSWER_INVALID(
    { serviceName: target.name, status: 200, retryable: true, effectUnknown: false, platformFault: true },
    { cause: errors },
  );
}

async function checkHealth(path: string, pool: Pool, signal: AbortSignal): Promise<void> {
  try {
    const answer = await pool.request({ method: "GET", path: path.replace(/graphql$/, "readyz"), signal });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(text.slice(0, 300));
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}
