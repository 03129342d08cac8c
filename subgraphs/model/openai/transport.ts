/**
 * Requests to a service that speaks the OpenAI API. A small client of our own: it must go through the guarded fetch, never retry (the engine
 * does, and must know), and end at once when its caller does. Errors carry the first 500 characters of what the provider said, without keys.
 */
import { AppError } from "#shared/errors.ts";
import { bodyText, bodyTextInTurns, joinedInTurns } from "#shared/fetch/body-text.ts";
import { guardedStream, type StreamedResponse } from "#shared/fetch/fetch.ts";
import { processAnswers, type HeldRoom } from "#shared/byte-room.ts";
import { JsonProblem, readJsonInTurns } from "#shared/json-reader.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { PausingClock } from "#shared/pausing-clock.ts";
import { modelErrors } from "../errors.ts";
import { pageProblem, shownMessage } from "./answer-error.ts";
import { requestUrl, secretScrubber, type ProviderTarget } from "./provider-target.ts";
import { readRefusal, type Refusal } from "./refusal.ts";

/** How long to wait for a provider. */
export interface ProviderDeadlines {
  /** Of a stream: until the first byte of its body. */
  firstByteMs: number;
  /** Of a stream: between two pieces. */
  idleMs: number;
  /** Of a stream as a whole. */
  totalMs: number;
  /** Of an answer that comes whole: a model thinks before it sends anything. */
  wholeMs: number;
}

/** Which deadlines hold: those of a stream, or that of an answer that comes whole. */
export type Pace = "stream" | "whole";

/** What the platform waits unless a test says otherwise. */
export const defaultDeadlines: ProviderDeadlines = { firstByteMs: 60_000, idleMs: 60_000, totalMs: 600_000, wholeMs: 300_000 };

/** One request. */
export interface ProviderCall {
  /** Whose answer it is: what comes of it is counted until it has been read to its end. */
  tenantId: string;
  provider: ProviderTarget;
  /** Beneath the base URL, such as `/chat/completions`. */
  path: string;
  /** A POST's JSON; a GET without. */
  body?: JsonObject;
  /** For errors. */
  model: string;
  traceparent: string | undefined;
  idempotencyKey?: string | undefined;
  /** The first of them that fires ends it. */
  stops: readonly AbortSignal[];
  deadlines: ProviderDeadlines;
  maxBytes?: number;
  /** Values that an answer's JSON may have; a million unless given. */
  mostValues?: number;
  /** Another body to try after a refusal, at once and within the same deadline; undefined: the refusal stands. */
  afterRefusal?: (refusal: Refusal) => JsonObject | undefined;
}

/** What ends a request of an operation that has a signal. */
export function stopsOf(signal: AbortSignal | undefined): AbortSignal[] {
  return signal === undefined ? [] : [signal];
}

const defaultMaxBytes = 16 * 1024 * 1024;
/** Of a refusal's body no more is read. */
const refusalBytes = 64 * 1024;

/** Asks and gives the JSON that is answered. @throws AppError of `modelErrors`; EGRESS_DENIED */
export async function requestJson(call: ProviderCall): Promise<Json> {
  const chunks: Uint8Array[] = [];
  let type = "";
  for await (const { bytes, contentType } of requestBody(call, "whole")) {
    chunks.push(bytes);
    type = contentType;
  }
  const text = await bodyTextInTurns(await joinedInTurns(chunks), type);
  const { mostValues } = call;
  const answer = await readJsonInTurns(text, mostValues === undefined ? {} : { mostValues });
  if (!(answer instanceof JsonProblem)) return answer;
  if (answer.excess !== undefined) {
    const problem = `it ${answer.excess}`;
    throw modelErrors.MODEL_ANSWER_INVALID({ provider: call.provider.code, problem, retryable: false, effectUnknown: false });
  }
  const head = shownMessage(text.trimStart(), secretScrubber(call.provider));
  const isPage = head.startsWith("<");
  const problem = isPage ? pageProblem(type, head) : `it is not JSON: ${head}`;
  throw modelErrors.MODEL_ANSWER_INVALID({ provider: call.provider.code, problem, retryable: !isPage, effectUnknown: false });
}

/** Asks and gives the pieces of the body as they come, each within its deadline. @throws AppError as {@link requestJson} */
export async function* requestBody(call: ProviderCall, pace: Pace): AsyncGenerator<{ bytes: Uint8Array; contentType: string }, void> {
  const room = processAnswers.open(call.tenantId);
  const exchange = new ProviderExchange(call, room);
  const { firstByteMs, idleMs, wholeMs } = call.deadlines;
  try {
    const response = await (pace === "stream" ? exchange.open("FIRST_BYTE", firstByteMs) : exchange.open("TOTAL", wholeMs));
    const contentType = response.headers["content-type"] ?? "";
    for await (const bytes of response.body) {
      // While the reader is busy with a piece of a stream the provider is not late.
      if (pace === "stream") exchange.disarm();
      yield { bytes, contentType };
      if (pace === "stream") exchange.arm("IDLE", idleMs);
    }
  } catch (error) {
    throw exchange.translated(error);
  } finally {
    exchange.end();
    room.release();
  }
}

type Phase = "FIRST_BYTE" | "IDLE" | "TOTAL";

/** One request with its deadlines. */
class ProviderExchange {
  readonly facts: { provider: string | null };
  readonly #call: ProviderCall;
  readonly #late = new AbortController();
  readonly #room: HeldRoom;
  readonly #stopped = ({ target }: Event): void => this.#late.abort((target as AbortSignal).reason);
  #clock: PausingClock | undefined;

  constructor(call: ProviderCall, room: HeldRoom) {
    this.#call = call;
    this.#room = room;
    this.facts = { provider: call.provider.code };
    // Not AbortSignal.any(), which costs twice as much: each turn of an agent makes a request.
    for (const stop of call.stops) {
      if (stop.aborted) this.#late.abort(stop.reason);
      else stop.addEventListener("abort", this.#stopped, { once: true });
    }
  }

  /** Sends the request; the deadline holds until it is armed anew. A refusal is thrown, unless another body may do. */
  async open(phase: Phase, deadlineMs: number): Promise<StreamedResponse> {
    const { provider, model, afterRefusal } = this.#call;
    this.arm(phase, deadlineMs);
    for (let { body } = this.#call; ;) {
      const response = await this.#send(body);
      if (response.status >= 200 && response.status <= 299) return response;
      const refusal = { ...response, text: await readText(response, refusalBytes).catch(() => "") };
      const next = afterRefusal?.(refusal);
      if (next === undefined) throw readRefusal(provider, model, refusal);
      body = next;
    }
  }

  #send(body: JsonObject | undefined): Promise<StreamedResponse> {
    const { provider, path, deadlines, maxBytes = defaultMaxBytes } = this.#call;
    return guardedStream(requestUrl(provider, path), {
      method: body === undefined ? "GET" : "POST",
      headers: this.#headers(),
      ...(body !== undefined && { body: JSON.stringify(body) }),
      deadlineMs: Math.max(deadlines.totalMs, deadlines.wholeMs),
      maxBytes,
      signal: this.#late.signal,
      egress: provider.egress,
      redirects: 0,
      arrives: (bytes) => this.#arrives(bytes),
    });
  }

  /** While it waits for room the provider is not late. */
  #arrives(bytes: number): Promise<void> | undefined {
    const room = this.#room.take(bytes);
    if (room !== undefined) this.disarm();
    return room;
  }

  arm(phase: Phase, deadlineMs: number): void {
    this.disarm();
    // A stream that has begun has told that the call was taken.
    const effect = phase === "IDLE" ? ({ effectUnknown: false, answered: true } as const) : { effectUnknown: true };
    this.#clock = new PausingClock(deadlineMs, () => {
      this.#late.abort(modelErrors.MODEL_PROVIDER_TIMEOUT({ ...this.facts, phase, deadlineMs, retryable: true, ...effect }));
    });
  }

  disarm(): void {
    this.#clock?.end();
  }

  end(): void {
    this.disarm();
    for (const stop of this.#call.stops) stop.removeEventListener("abort", this.#stopped);
  }

  /** What the guarded fetch says, in the words of providers. */
  translated(error: unknown): unknown {
    if (!(error instanceof AppError)) {
      if (!this.#call.stops.some(({ aborted }) => aborted)) return error;
      return modelErrors.MODEL_CALL_CANCELLED({ ...this.facts, retryable: false, effectUnknown: true }, { cause: error });
    }
    const { retryable, effectUnknown, deadlineMs, maxBytes, problem, answered, cut } = error.facts;
    const isAnswered = answered === true ? ({ answered } as const) : {};
    const facts = { ...this.facts, retryable: retryable === true, effectUnknown: effectUnknown === true, ...isAnswered };
    switch (error.reason) {
      case "FETCH_TIMEOUT":
        return modelErrors.MODEL_PROVIDER_TIMEOUT({ ...facts, retryable: true, phase: "TOTAL", deadlineMs: Number(deadlineMs) });
      case "FETCH_FAILED":
        return modelErrors.MODEL_PROVIDER_UNREACHABLE({ ...facts, problem: String(problem) });
      case "FETCH_BODY_UNREADABLE":
        // A completion that broke off may be asked for again, POST or not: it did nothing but answer.
        if (cut === true) return modelErrors.MODEL_PROVIDER_UNREACHABLE({ ...facts, problem: String(problem), retryable: true });
        return modelErrors.MODEL_ANSWER_INVALID({ ...facts, problem: `it cannot be read: ${String(problem)}`, retryable: false });
      case "FETCH_TOO_LARGE":
        return modelErrors.MODEL_ANSWER_TOO_LARGE({ ...facts, maxBytes: Number(maxBytes) });
      default:
        return error;
    }
  }

  #headers(): Record<string, string> {
    const { provider, body, traceparent, idempotencyKey } = this.#call;
    const { apiKey, apiKeyHeader } = provider;
    return {
      accept: "application/json, text/event-stream",
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(apiKey !== undefined && (apiKeyHeader === undefined ? { authorization: `Bearer ${apiKey}` } : { [apiKeyHeader]: apiKey })),
      ...provider.headers,
      ...(traceparent !== undefined && { traceparent }),
      ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
    };
  }
}

/** The body as text; what is behind `limit` is left unread. */
async function readText({ body, headers }: StreamedResponse, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    if ((size += chunk.byteLength) >= limit) break;
  }
  return bodyText(Buffer.concat(chunks), headers["content-type"]);
}
