/**
 * The only way out for HTTP that users can steer: tools, retrievers, model providers, webhooks. One deadline for the whole request, a limit on
 * the bytes after decompression, addresses judged where the socket connects, every redirect judged anew. It never retries: retries are
 * the engine's, which knows whether the effect may happen twice. Only a GET or HEAD that a kept connection swallowed is sent once more.
 */
import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { AppError } from "#shared/errors.ts";
import { PausingClock } from "#shared/pausing-clock.ts";
import { bodyTextInTurns } from "./body-text.ts";
import { decodedBody } from "./content-encoding.ts";
import type { EgressPolicy } from "./egress.ts";
import { ExchangeRecord } from "./exchange-record.ts";
import { freshClient, guardedAgent } from "./fetch-connector.ts";
import { checkedHeaders, checkedMethod, checkedUrl, redirectedHop, type Hop, type SecretParts } from "./fetch-request.ts";
import { LostBeforeAnswer, passedOn } from "./kept-connection.ts";
import { locationOf, readHeaders, type AnswerHeaders } from "./answer-headers.ts";

/** What to request, and its limits. */
export interface FetchOptions {
  /** GET unless given. */
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** For everything, from the name's look-up to the last byte. 30,000 unless given. */
  deadlineMs?: number;
  /** Of the response's body, decompressed. 10 MiB unless given. */
  maxBytes?: number;
  /** The caller's wish to stop; what it aborts with is thrown as it is. */
  signal?: AbortSignal | undefined;
  egress: EgressPolicy;
  /** Hears of the body's bytes as they are given on; no more is read before what it gives is resolved, and the deadline stands still meanwhile. */
  arrives?: ((bytes: number) => Promise<void> | undefined) | undefined;
  /** What is for the URL's origin alone, beside the headers that no redirect to another origin takes along. */
  secret?: SecretParts | undefined;
  /** Redirects that are followed; beyond them, and with 0, the redirect itself is the response. 5 unless given. */
  redirects?: number;
}

/** A response whose body is still to be read. Read it to its end, or leave the loop: either frees the connection. */
export interface StreamedResponse extends AnswerHeaders {
  status: number;
  /** Of the last hop. */
  url: string;
  /** The status of the redirect that a request with an effect was answered with: that is done, and this is only what is shown of it. */
  redirectedBy?: number;
  /** Decompressed; throws as {@link guardedFetch} does. */
  body: AsyncIterable<Uint8Array>;
}

/** A response, whole. */
export interface FetchedResponse extends Omit<StreamedResponse, "body"> {
  body: Uint8Array;
  /** The body as text, by its byte order mark, its charset or as UTF-8. */
  text: string;
  /** Why there is no more of the body; where the status is no success only, for then the status is what counts. */
  bodyProblem?: string;
}

/** The guarded fetch with its policy built in, as code that must not choose its policy gets it. */
export type GuardedFetch = (url: string, options?: Omit<FetchOptions, "egress">) => Promise<FetchedResponse>;

/** Binds {@link guardedFetch} to a policy. */
export function createGuardedFetch(egress: EgressPolicy): GuardedFetch {
  return (url, options) => guardedFetch(url, { ...options, egress });
}

/**
 * Makes a request and reads its response. Any status is a response. One that is no success is given even when its body cannot be read.
 *
 * @throws AppError FETCH_REQUEST_INVALID, EGRESS_DENIED, FETCH_TIMEOUT, FETCH_TOO_LARGE, FETCH_FAILED, FETCH_BODY_UNREADABLE, with facts
 *         `retryable`, `effectUnknown` and, once an answer has begun, `answered`; or what `signal` was aborted with
 */
export async function guardedFetch(url: string, options: FetchOptions): Promise<FetchedResponse> {
  const { body: stream, ...head } = await guardedStream(url, options);
  const chunks: Uint8Array[] = [];
  let bodyProblem: string | undefined;
  try {
    for await (const chunk of stream) chunks.push(chunk);
  } catch (error) {
    bodyProblem = isSuccess(head.status) ? undefined : problemOfBody(error);
    if (bodyProblem === undefined) throw error;
  }
  const body = Buffer.concat(chunks);
  const text = await bodyTextInTurns(body, head.headers["content-type"]);
  return { ...head, body, text, ...(bodyProblem !== undefined && { bodyProblem }) };
}

/** As {@link guardedFetch}, with the body as it comes. The deadline and the limit hold while it is read. */
export async function guardedStream(url: string, options: FetchOptions): Promise<StreamedResponse> {
  let hop: Hop = {
    url: checkedUrl(url),
    method: checkedMethod(options.method ?? "GET"),
    headers: checkedHeaders(options.headers ?? {}),
    body: options.body,
    secret: options.secret,
  };
  const exchange = new Exchange(options);
  try {
    for (let left = options.redirects ?? 5; ; left--) {
      const response = await exchange.send(hop);
      const location = locationOf(response.headers);
      if (left <= 0 || location === undefined || !redirectStatuses.has(response.statusCode)) return exchange.read(hop, response);
      const next = exchange.redirected(hop, response.statusCode, location);
      if (next === undefined) return exchange.read(hop, response);
      response.body.on("error", ignore).destroy();
      hop = next;
    }
  } catch (error) {
    exchange.end();
    throw error;
  }
}

const bodiless = new Set([204, 304]);
const redirectStatuses = new Set([301, 302, 303, 307, 308]);

const isSuccess = (status: number): boolean => status >= 200 && status <= 299;

/** undefined: the failure is not the body's. */
function problemOfBody(error: unknown): string | undefined {
  if (!(error instanceof AppError)) return undefined;
  const { problem, deadlineMs, maxBytes } = error.facts;
  if (error.reason === "FETCH_TIMEOUT") return `it did not come completely within ${String(deadlineMs)} ms`;
  if (error.reason === "FETCH_TOO_LARGE") return `it is larger than ${String(maxBytes)} bytes`;
  return error.reason === "FETCH_BODY_UNREADABLE" ? String(problem) : undefined;
}

/** One request with all its hops, under one deadline. */
class Exchange {
  readonly #egress: EgressPolicy;
  readonly #maxBytes: number;
  /** Ends it: fired by the caller's signal, or by the deadline. */
  readonly #stop = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #left = ({ target }: Event): void => this.#stop.abort((target as AbortSignal).reason);
  readonly #record: ExchangeRecord;
  readonly #clock: PausingClock;
  readonly #arrives: FetchOptions["arrives"];

  constructor(options: FetchOptions) {
    const deadlineMs = options.deadlineMs ?? 30_000;
    this.#record = new ExchangeRecord({ deadlineMs, signal: options.signal });
    this.#clock = new PausingClock(deadlineMs, () => this.#late());
    this.#arrives = options.arrives;
    this.#egress = options.egress;
    this.#maxBytes = options.maxBytes ?? 10 * 1024 * 1024;
    this.#caller = options.signal;
    // Not AbortSignal.any(): 14 us for 2, with weak references that collections look at.
    if (this.#caller?.aborted === true) this.#stop.abort(this.#caller.reason);
    else this.#caller?.addEventListener("abort", this.#left, { once: true });
  }

  async send(hop: Hop): Promise<Dispatcher.ResponseData> {
    this.#record.hopBegins(hop);
    try {
      return await this.#request(guardedAgent(this.#egress), hop);
    } catch (error) {
      const isSentAgain = error instanceof LostBeforeAnswer && maySendTwice.has(hop.method) && !this.#stop.signal.aborted;
      if (!isSentAgain) throw this.#record.failure(hop, error instanceof LostBeforeAnswer ? error.cause : error);
    }
    return this.#sendAfresh(hop);
  }

  /** It has failed, was given up, or its answer was read. */
  end(): void {
    this.#clock.end();
    this.#caller?.removeEventListener("abort", this.#left);
  }

  #late(): void {
    this.end();
    this.#record.late();
    this.#stop.abort(new DOMException("The request took too long.", "TimeoutError"));
  }

  /** undefined: it is not to be followed. */
  redirected(hop: Hop, status: number, location: string): Hop | undefined {
    const next = redirectedHop(hop, status, location);
    if (next !== undefined) this.#record.redirected(hop, next, status);
    return next;
  }

  read(hop: Hop, response: Dispatcher.ResponseData): StreamedResponse {
    const answer = readHeaders(response.headers);
    const status = response.statusCode;
    const { redirectedBy } = this.#record;
    const origin = { url: hop.url.href, ...(redirectedBy !== undefined && { redirectedBy }) };
    return { status, ...answer, ...origin, body: this.#chunks({ hop, status }, response.body, answer.headers["content-encoding"]) };
  }

  /** Over a connection that nobody has used. */
  async #sendAfresh(hop: Hop): Promise<Dispatcher.ResponseData> {
    const client = freshClient(this.#egress, hop.url.origin);
    try {
      return await this.#request(client, hop, { reset: true });
    } catch (error) {
      throw this.#record.failure(hop, error);
    } finally {
      // It closes when the body has been read, or is no longer wanted.
      void client.close().catch(ignore);
    }
  }

  #request(dispatcher: Dispatcher, hop: Hop, options: { reset?: boolean } = {}): Promise<Dispatcher.ResponseData> {
    const watched = dispatcher.compose((dispatch) => (options, handler) => dispatch(options, this.#watching(handler)));
    return watched.request({
      ...options,
      origin: hop.url.origin,
      path: hop.url.pathname + hop.url.search,
      method: hop.method,
      headers: { "user-agent": "agent-platform", ...hop.headers, "accept-encoding": "gzip, deflate, br" },
      body: hop.body ?? null,
      signal: this.#stop.signal,
    });
  }

  #watching(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
    return passedOn(handler, {
      onRequestStart: (...given) => {
        this.#record.sent();
        handler.onRequestStart?.(...given);
      },
    });
  }

  async *#chunks(answered: { hop: Hop; status: number }, raw: Readable, encoding: string | undefined): AsyncGenerator<Uint8Array> {
    // A 304 may tell the length of the body that it leaves out.
    if (bodiless.has(answered.status) || answered.hop.method === "HEAD") {
      this.end();
      return void raw.on("error", ignore).resume();
    }
    let bytes = 0;
    try {
      for await (const chunk of decodedBody(raw as AsyncIterable<Uint8Array>, encoding, (step) => this.#bounded(answered.hop, step))) {
        this.#check(answered.hop, (bytes += chunk.byteLength));
        const room = this.#arrives?.(chunk.byteLength);
        if (room !== undefined) await this.#clock.during(unlessAborted(room, this.#stop.signal));
        yield chunk;
      }
    } catch (error) {
      throw this.#record.bodyFailure(answered, error);
    } finally {
      this.end();
      raw.on("error", ignore).destroy();
    }
  }

  async *#bounded(hop: Hop, step: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of step) {
      this.#check(hop, (bytes += chunk.byteLength));
      yield chunk;
    }
  }

  #check(hop: Hop, bytes: number): void {
    if (bytes > this.#maxBytes) throw this.#record.tooLarge(hop, this.#maxBytes);
  }
}

// What asks for nothing but an answer may go out twice; others never (RFC 9110, 9.2.2, would allow PUT and DELETE too).
const maySendTwice = new Set(["GET", "HEAD"]);

/** Whoever waits for room may be stopped meanwhile. @throws what it was stopped with */
async function unlessAborted(waiting: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const stopped = new AbortController();
  const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true, signal: stopped.signal }));
  await Promise.race([waiting, aborted]);
  stopped.abort();
  signal.throwIfAborted();
}

function ignore(): void {
  // The failure is reported where the body is read; a second report would be an unhandled 'error' event.
}
