/**
 * The typed client of the graph, for Node and browsers. Operations go over HTTP; subscriptions over one WebSocket, which is opened
 * when the first one starts. A lost subscription is taken up again behind the last cursor that was seen, so nothing is lost or
 * repeated, whatever breaks on the way.
 */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";
import { GraphqlRequestError, TransportError } from "./errors.ts";
import { openSocket, type ClientSocket } from "./socket.ts";
import { subscription } from "./subscription.ts";

/** Where the graph is, and who asks. */
export interface ClientOptions {
  /** Of the graph, such as http://127.0.0.1:4000/graphql. */
  url: string;
  apiKey?: string;
  /** `public` unless given. */
  tenantId?: string;
  /** Ends an operation over HTTP; 60 s. */
  timeoutMs?: number;
  /** Makes the WebSocket; the platform's own unless given. */
  webSocket?: typeof WebSocket;
}

/** How one operation is run. */
export interface OperationOptions {
  signal?: AbortSignal;
  /** Sent as x-request-id; the server makes one otherwise. */
  requestId?: string;
}

/** How one subscription is run. */
export interface SubscriptionOptions {
  signal?: AbortSignal;
  /** Gives up when no connection could be had for this long; 60 s. */
  giveUpAfterMs?: number;
}

/** Typed operations on one graph. */
export interface GraphClient {
  /** @throws GraphqlRequestError when the answer has errors, TransportError when there is no answer. */
  query<D, V extends Record<string, unknown>>(document: TypedDocumentNode<D, V>, variables: V, options?: OperationOptions): Promise<D>;
  /** As {@link GraphClient.query}; never sent twice. */
  mutate<D, V extends Record<string, unknown>>(document: TypedDocumentNode<D, V>, variables: V, options?: OperationOptions): Promise<D>;
  /**
   * Events as they come. Where the subscription's root field has a `cursor` and takes `after`, a lost connection is resumed behind the
   * last event; others end with the error.
   */
  subscribe<D, V extends Record<string, unknown>>(
    document: TypedDocumentNode<D, V>,
    variables: V,
    options?: SubscriptionOptions,
  ): AsyncIterableIterator<D>;
  /** Ends all subscriptions and closes the socket. */
  close(): Promise<void>;
}

/** Makes a client; nothing is sent before the first operation. */
export function createClient(options: ClientOptions): GraphClient {
  const headers = {
    "x-tenant-id": options.tenantId ?? "public",
    ...(options.apiKey !== undefined && { "x-api-key": options.apiKey }),
  };
  let socket: ClientSocket | undefined;
  const send = <D, V extends Record<string, unknown>>(document: TypedDocumentNode<D, V>, variables: V, operation: OperationOptions = {}) =>
    post<D>(
      options,
      { query: print(document), variables },
      { ...headers, ...(operation.requestId && { "x-request-id": operation.requestId }) },
      operation.signal,
    );
  return {
    query: send,
    mutate: send,
    subscribe(document, variables, operation = {}) {
      socket ??= openSocket(options.url, headers, options.webSocket);
      return subscription({ socket, document, variables, ...operation });
    },
    async close() {
      await socket?.close();
    },
  };
}

async function post<D>(options: ClientOptions, body: object, headers: Record<string, string>, signal?: AbortSignal): Promise<D> {
  const deadline = AbortSignal.timeout(options.timeoutMs ?? 60_000);
  let response: Response;
  let text: string;
  try {
    response = await fetch(options.url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/graphql-response+json, application/json", ...headers },
      body: JSON.stringify(body),
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    });
    text = await response.text();
  } catch (cause) {
    signal?.throwIfAborted();
    throw new TransportError(`No answer from ${options.url}. Is the platform running?`, { cause });
  }
  const answer = parseAnswer<D>(text, response.status);
  if (answer.errors?.length) throw new GraphqlRequestError(answer.errors, answer.data);
  if (answer.data == null) throw new TransportError(`${options.url} answered HTTP ${response.status} without data.`);
  return answer.data;
}

function parseAnswer<D>(
  text: string,
  status: number,
): { data?: D | null; errors?: { message: string; extensions?: Record<string, unknown> }[] } {
  try {
    return JSON.parse(text) as { data?: D };
  } catch (cause) {
    throw new TransportError(`The answer (HTTP ${status}) is not GraphQL.`, { cause });
  }
}
