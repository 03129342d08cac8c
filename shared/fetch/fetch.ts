/**
 * The only way out for HTTP that users can steer: tools, retrievers, model providers, webhooks. One deadline for the whole request, a limit on
 * the bytes after decompression, addresses judged where the socket connects, every redirect judged anew. It never retries: retries are
 * the engine's, which knows whether the effect may happen twice.
 */
import { pipeline, type Readable, type Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { DecoratorHandler, type Dispatcher } from "undici";
import type { EgressPolicy } from "./egress.ts";
import { guardedAgent, isEgressRefusal } from "./fetch-connector.ts";
import { fetchErrors } from "./fetch-errors.ts";
import { checkedHeaders, checkedMethod, checkedUrl, redirectedHop, type Hop } from "./fetch-request.ts";
import { AppError } from "#shared/errors.ts";

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
  /** Redirects that are followed; beyond them, and with 0, the redirect itself is the response. 5 unless given. */
  redirects?: number;
}

/** A response whose body is still to be read. Read it to its end, or leave the loop: either frees the connection. */
export interface StreamedResponse {
  status: number;
  /** By lower-case name; a name that came several times is joined by `, `. */
  headers: Record<string, string>;
  /** Of the last hop. */
  url: string;
  /** Decompressed; throws as {@link guardedFetch} does. */
  body: AsyncIterable<Uint8Array>;
}

/** A response, whole. */
export interface FetchedResponse extends Omit<StreamedResponse, "body"> {
  body: Uint8Array;
  /** The body as UTF-8. */
  text: string;
}

/** The guarded fetch with its policy built in, as code that must not choose its policy gets it. */
export type GuardedFetch = (url: string, options?: Omit<FetchOptions, "egress">) => Promise<FetchedResponse>;

/** Binds {@link guardedFetch} to a policy. */
export function createGuardedFetch(egress: EgressPolicy): GuardedFetch {
  return (url, options) => guardedFetch(url, { ...options, egress });
}

/**
 * Makes a request and reads its response. Any status is a response.
 *
 * @throws AppError FETCH_REQUEST_INVALID, EGRESS_DENIED, FETCH_TIMEOUT, FETCH_TOO_LARGE, FETCH_FAILED, with facts `retryable` and `effectUnknown`;
 *         or what `signal` was aborted with
 */
export async function guardedFetch(url: string, options: FetchOptions): Promise<FetchedResponse> {
  const { body: stream, ...head } = await guardedStream(url, options);
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  return { ...head, body, text: body.toString("utf8") };
}

/** As {@link guardedFetch}, with the body as it comes. The deadline and the limit hold while it is read. */
export async function guardedStream(url: string, options: FetchOptions): Promise<StreamedResponse> {
  const exchange = new Exchange(options);
  let hop: Hop = {
    url: checkedUrl(url),
    method: checkedMethod(options.method ?? "GET"),
    headers: checkedHeaders(options.headers ?? {}),
    body: options.body,
  };
  for (let left = options.redirects ?? 5; ; left--) {
    const response = await exchange.send(hop);
    const { location } = response.headers;
    if (left <= 0 || location === undefined || !redirectStatuses.has(response.statusCode)) return exchange.read(hop, response);
    response.body.on("error", ignore).destroy();
    hop = redirectedHop(hop, response.statusCode, String(location));
  }
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const decoders = new Map<string, () => Transform>([
  ["gzip", createGunzip],
  ["x-gzip", createGunzip],
  ["deflate", createInflate],
  ["br", createBrotliDecompress],
]);

// They end before a byte of the request is written.
const connectFailures = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"]);

/** One request with all its hops, under one deadline. */
class Exchange {
  readonly #options: FetchOptions;
  readonly #deadlineMs: number;
  readonly #maxBytes: number;
  readonly #deadline: AbortSignal;
  readonly #signal: AbortSignal;
  /** Some hop was written to a socket: from then on nobody knows what a failure left behind. */
  #sent = false;

  constructor(options: FetchOptions) {
    this.#options = options;
    this.#deadlineMs = options.deadlineMs ?? 30_000;
    this.#maxBytes = options.maxBytes ?? 10 * 1024 * 1024;
    this.#deadline = AbortSignal.timeout(this.#deadlineMs);
    this.#signal = options.signal ? AbortSignal.any([options.signal, this.#deadline]) : this.#deadline;
  }

  async send(hop: Hop): Promise<Dispatcher.ResponseData> {
    const agent = guardedAgent(this.#options.egress).compose(
      (dispatch) => (options, handler) => dispatch(options, new StartWatch(handler, () => (this.#sent = true))),
    );
    try {
      return await agent.request({
        origin: hop.url.origin,
        path: hop.url.pathname + hop.url.search,
        method: hop.method,
        headers: { "user-agent": "agent-platform", ...hop.headers, "accept-encoding": "gzip, deflate, br" },
        body: hop.body ?? null,
        signal: this.#signal,
      });
    } catch (error) {
      throw this.#translated(hop, error);
    }
  }

  read(hop: Hop, response: Dispatcher.ResponseData): StreamedResponse {
    const headers = flatHeaders(response.headers);
    return { status: response.statusCode, headers, url: hop.url.href, body: this.#chunks(hop, response.body, headers["content-encoding"]) };
  }

  async *#chunks(hop: Hop, raw: Readable, encoding: string | undefined): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    try {
      for await (const chunk of decoded(raw, encoding) as AsyncIterable<Uint8Array>) {
        bytes += chunk.byteLength;
        if (bytes > this.#maxBytes) throw fetchErrors.FETCH_TOO_LARGE({ ...this.#facts(hop), maxBytes: this.#maxBytes, ...settled });
        yield chunk;
      }
    } catch (error) {
      throw this.#translated(hop, error);
    } finally {
      raw.on("error", ignore).destroy();
    }
  }

  #translated(hop: Hop, error: unknown): unknown {
    if (error instanceof AppError) return error;
    if (this.#options.signal?.aborted) return this.#options.signal.reason;
    const facts = this.#facts(hop);
    if (this.#deadline.aborted) {
      return fetchErrors.FETCH_TIMEOUT(
        { ...facts, deadlineMs: this.#deadlineMs, retryable: true, effectUnknown: this.#sent },
        { cause: error },
      );
    }
    if (isEgressRefusal(error)) return fetchErrors.EGRESS_DENIED({ ...facts, ...settled }, { cause: error });
    const code = errorCode(error);
    // A certificate that does not fit fails again; all else may pass.
    const retryable = !/CERT|TLS|SSL/.test(code);
    const effectUnknown = this.#sent && !connectFailures.has(code) && retryable;
    return fetchErrors.FETCH_FAILED({ ...facts, problem: problemOf(code), retryable, effectUnknown }, { cause: error });
  }

  #facts(hop: Hop) {
    return { origin: hop.url.origin };
  }
}

/** Passes everything on, and tells when undici starts to write the request. */
class StartWatch extends DecoratorHandler {
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #onStart: () => void;

  constructor(handler: Dispatcher.DispatchHandler, onStart: () => void) {
    super(handler);
    this.#handler = handler;
    this.#onStart = onStart;
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#onStart();
    this.#handler.onRequestStart?.(controller, context);
  }
}

const settled = { retryable: false, effectUnknown: false } as const;

function decoded(raw: Readable, encoding = "identity"): Readable {
  const createDecoder = decoders.get(encoding.trim().toLowerCase());
  // pipeline() reports the raw stream's failure on the decoder, where the reader sees it.
  return createDecoder ? pipeline(raw, createDecoder(), ignore) : raw;
}

function flatHeaders(headers: Dispatcher.ResponseData["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : String(value)]),
  );
}

function errorCode(error: unknown): string {
  // By shape, not by class: system errors may come from another realm.
  const { code, errors } = (error ?? {}) as { code?: unknown; errors?: unknown };
  if (typeof code === "string") return code;
  return Array.isArray(errors) && errors.length > 0 ? errorCode(errors[0]) : "UNKNOWN";
}

function problemOf(code: string): string {
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "its name cannot be resolved";
  if (connectFailures.has(code)) return "no connection";
  if (code.startsWith("Z_") || code.startsWith("ERR__ERROR_FORMAT")) return "its body cannot be decompressed";
  if (code.startsWith("HPE_")) return "it does not speak HTTP";
  return `the connection broke (${code})`;
}

function ignore(): void {
  // The failure is reported where the body is read; a second report would be an unhandled 'error' event.
}
