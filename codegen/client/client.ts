/**
 * The typed client of the graph, for Node and browsers. Operations go over HTTP; subscriptions over one WebSocket, which is opened
 * when the first one starts. A lost subscription is taken up again behind the last cursor that was seen, so nothing is lost or
 * repeated, whatever breaks on the way.
 */
import { documentText, type TypedDocument } from "./document.ts";
import { busyPauseMs, pause } from "./busy.ts";
import { GraphqlRequestError, TransportError, type GraphqlErrorShape } from "./errors.ts";
import type { LossListener } from "./loss.ts";
import { openSocket, type ClientSocket, type WebSocketClass } from "./socket.ts";
import { subscription } from "./subscription.ts";

/** Where the graph is, and who asks. */
export interface ClientOptions {
  /** Of the graph, such as http://127.0.0.1:4000/graphql. */
  url: string;
  /** Where authentication is on; it says the tenant. Sent as x-api-key, over HTTP and WebSocket. */
  apiKey?: string;
  /** Unless given that of the API key; without one `public`. */
  tenantId?: string;
  /** How long an operation over HTTP may take; 60 s. A mutation that took longer may have been done. */
  timeoutMs?: number;
  /**
   * How long an operation over HTTP may wait in all, within its `timeoutMs`, when the graph refuses it with nothing done and says when to come again: too many
   * operations a second, no room, keys that cannot be checked just now. 10 s; 0: it is sent once, and the refusal is thrown.
   */
  busyWaitMs?: number;
  /** The class of WebSocket; the global one (browsers, Node 22 or newer) unless given. On Node 20: that of the package `ws`. */
  webSocket?: WebSocketClass;
}

/** How one operation is run. */
export interface OperationOptions {
  /** Ends it: the promise is rejected with the signal's reason. A mutation that had been sent may be done all the same. */
  signal?: AbortSignal;
  /** Sent as x-request-id; the server makes one otherwise. */
  requestId?: string;
}

/** How one subscription is run. */
export interface SubscriptionOptions extends LossListener {
  /** Ends it, as leaving the loop does: the loop is over, without an error. */
  signal?: AbortSignal;
  /** Gives up when no connection that lasts could be had for this long; 60 s. */
  giveUpAfterMs?: number;
}

/** Typed operations on one graph. */
export interface GraphClient {
  /** @throws GraphqlRequestError when the answer has errors, TransportError when there is no answer. */
  query<D, V extends Record<string, unknown>>(document: TypedDocument<D, V>, variables: V, options?: OperationOptions): Promise<D>;
  /** As {@link GraphClient.query}; sent again only where the graph says that nothing of it was done ({@link ClientOptions.busyWaitMs}). */
  mutate<D, V extends Record<string, unknown>>(document: TypedDocument<D, V>, variables: V, options?: OperationOptions): Promise<D>;
  /**
   * Events as they come. A document that has a variable `after` and asks for `cursor` goes on behind the last event when its connection
   * is lost; others end with the error. In an event, a field of a subgraph that is away is null.
   *
   * @throws Error at once where the runtime has no WebSocket and none was given.
   * @throws GraphqlRequestError (from the loop) when the graph refuses it, TransportError when it is lost and cannot go on.
   */
  subscribe<D, V extends Record<string, unknown>>(
    document: TypedDocument<D, V>,
    variables: V,
    options?: SubscriptionOptions,
  ): AsyncIterableIterator<D>;
  /** Ends all subscriptions, their loops without an error, and closes the socket. Operations over HTTP go on. */
  close(): Promise<void>;
}

/** Makes a client; nothing is sent before the first operation. */
export function createClient(options: ClientOptions): GraphClient {
  const { apiKey, tenantId = apiKey === undefined ? "public" : undefined } = options;
  const headers = {
    ...(tenantId !== undefined && { "x-tenant-id": tenantId }),
    ...(apiKey !== undefined && { "x-api-key": apiKey }),
  };
  let socket: ClientSocket | undefined;
  const open = new Set<AsyncIterator<unknown>>();
  const send = <D, V extends Record<string, unknown>>(document: TypedDocument<D, V>, variables: V, operation: OperationOptions = {}) =>
    post<D>(
      options,
      { query: documentText(document), variables },
      { ...headers, ...(operation.requestId && { "x-request-id": operation.requestId }) },
      operation.signal,
    );
  return {
    query: send,
    mutate: send,
    subscribe(document, variables, operation = {}) {
      socket ??= openSocket(options.url, headers, { webSocket: options.webSocket });
      const events = subscription({ socket, document, variables, ...operation, onEnd: () => void open.delete(events) });
      open.add(events);
      return events;
    },
    async close() {
      const closing = socket;
      socket = undefined;
      for (const events of [...open]) await events.return?.();
      await closing?.close();
    },
  };
}

async function post<D>(options: ClientOptions, body: object, headers: Record<string, string>, signal?: AbortSignal): Promise<D> {
  const { timeoutMs = 60_000, busyWaitMs = 10_000 } = options;
  const endsAtMs = performance.now() + timeoutMs;
  const deadline = AbortSignal.timeout(timeoutMs);
  const sending: Sending = { options, text: JSON.stringify(body), headers, deadline, signal };
  for (let waitedMs = 0; ;) {
    const { status, answer } = await sendOnce<D>(sending);
    const pauseMs = busyPauseMs(status, answer);
    const isWaited = pauseMs !== undefined && waitedMs + pauseMs <= busyWaitMs && performance.now() + pauseMs < endsAtMs;
    if (!isWaited || busyWaitMs === 0) return dataOf(answer, { url: options.url, status });
    // At least a little, for a pause of nothing would be a loop gone wild.
    waitedMs += Math.max(pauseMs, leastPauseMs);
    await pause(Math.max(pauseMs, leastPauseMs), either(signal, deadline));
    signal?.throwIfAborted();
  }
}

const leastPauseMs = 50;

const either = (signal: AbortSignal | undefined, deadline: AbortSignal) =>
  signal === undefined ? deadline : AbortSignal.any([signal, deadline]);

interface Sending {
  options: ClientOptions;
  text: string;
  headers: Record<string, string>;
  deadline: AbortSignal;
  signal: AbortSignal | undefined;
}

/** Sends it once. */
async function sendOnce<D>({ options, text: body, headers, deadline, signal }: Sending): Promise<{ status: number; answer: Answer<D> }> {
  const { timeoutMs = 60_000 } = options;
  let response: Response;
  let text: string;
  try {
    response = await fetch(options.url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/graphql-response+json, application/json", ...headers },
      body,
      signal: either(signal, deadline),
    });
    text = await response.text();
  } catch (cause) {
    signal?.throwIfAborted();
    const problem = deadline.aborted
      ? `No answer from ${options.url} within ${timeoutMs} ms.`
      : `No answer from ${options.url}. Is the platform running?`;
    throw new TransportError(problem, { cause });
  }
  return { status: response.status, answer: parseAnswer<D>(text, { url: options.url, status: response.status }) };
}

interface Answer<D> {
  data?: D | null;
  errors?: GraphqlErrorShape[];
}

function dataOf<D>({ data, errors }: Answer<D>, { url, status }: { url: string; status: number }): D {
  if (errors?.length) throw new GraphqlRequestError(errors, data);
  if (data == null) throw new TransportError(`${url} answered HTTP ${status} without data.`);
  return data;
}

function parseAnswer<D>(text: string, { url, status }: { url: string; status: number }): Answer<D> {
  try {
    return JSON.parse(text) as Answer<D>;
  } catch (cause) {
    throw new TransportError(`${url} answered HTTP ${status} with something that is not GraphQL. The graph is at /graphql.`, { cause });
  }
}
