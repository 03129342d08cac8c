/**
 * The WebSocket over which one process subscribes to a subgraph in another. It serves many users: the identity travels with each
 * operation, never in connectionParams. What was sent over it is never subscribed to anew by itself: that would
 * hide a gap in a stream.
 */
import type { KeyObject } from "node:crypto";
import type { ExecutionResult, GraphQLError, GraphQLFormattedError } from "graphql";
import { createClient, type Client } from "graphql-ws";
import WebSocket from "ws";
import { BoundedStream } from "#shared/stream/bounded-stream.ts";
import { clientError } from "#shared/client-error.ts";
import type { SubgraphRequest } from "./endpoint.ts";
import { defineErrors, type AppError } from "#shared/errors.ts";
import { requestExtensions } from "./request-transport.ts";
import type { Signer, SigningAttempt } from "#shared/trust/signer.ts";
import { operationText } from "#shared/trust/token.ts";
import { refusedToken, tokenRefused } from "./token-refusal.ts";

interface LostFacts {
  serviceName: string;
  retryable: true;
  effectUnknown: boolean;
}

/** The subgraph's process or the way to it was lost: no failure of what was asked for. */
interface FaultFacts extends LostFacts {
  platformFault: true;
}

/** What one subscription may lag behind its subgraph; more ends it. */
export type StreamLimits = {
  maxBufferedEvents: number;
  maxBufferedBytes: number;
};

/** How a subscription ends that its subgraph did not end. One that makes a call, such as a completion, may have made it, unless it was never sent. */
export const streamErrors = defineErrors({
  SUBSCRIPTION_OVERFLOW: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: LostFacts & StreamLimits) =>
      `The subscriber lagged more than ${f.maxBufferedEvents} events or ${f.maxBufferedBytes} bytes behind the ${f.serviceName} subgraph. Subscribe again from the last cursor.`,
  },
  SUBSCRIPTION_UPSTREAM_LOST: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: FaultFacts) => `The stream from the ${f.serviceName} subgraph was lost. Subscribe again from the last cursor.`,
  },
});

export interface Upstream {
  /** A refusal comes as the stream's only value. */
  subscribe(request: SubgraphRequest): AsyncIterableIterator<ExecutionResult>;
  close(): Promise<void>;
}

const pingEveryMs = 10_000;

interface UpstreamOptions {
  name: string;
  url: string;
  signer: Signer;
  limits: StreamLimits;
  answersWithinMs: number;
}

/** One subscription over the socket. */
interface Subscription {
  /** Whether the subgraph can have heard of it: it was written to a socket that stood. */
  isSent: boolean;
  fail: () => void;
}

/** Those that are open, by their id on the wire. */
type Subscriptions = Map<string, Subscription>;

/** Makes the sockets' holder; one connects with its first subscription and hangs up half a second after the last. */
export function openUpstream({ name, url, signer, limits, answersWithinMs }: UpstreamOptions): Upstream {
  const lines = new Set<Line>();
  const lineOf = (key: KeyObject): Line => {
    const line = [...lines].find((other) => other.key === key);
    if (line !== undefined) return line;
    for (const idle of [...lines].filter(({ open }) => open.size === 0)) {
      lines.delete(idle);
      void idle.client.dispose();
    }
    const opened = openLine({ key, url, answersWithinMs, signer });
    lines.add(opened);
    return opened;
  };
  return {
    subscribe(request) {
      let dispose = () => {};
      let leave = () => {};
      const subscription: Subscription = { isSent: false, fail: () => end(lostError()) };
      const stream = new BoundedStream<ExecutionResult>({
        limit: limits.maxBufferedEvents,
        maxBytes: limits.maxBufferedBytes,
        onEnd: () => {
          leave();
          dispose();
        },
      });
      const lost = () => ({ serviceName: name, retryable: true, effectUnknown: subscription.isSent }) as const;
      const lostError = (cause?: unknown) => streamErrors.SUBSCRIPTION_UPSTREAM_LOST({ ...lost(), platformFault: true }, { cause });
      const end = (error: AppError) => stream.end(failed([clientError(error, { serviceName: name })]));
      const overflow = () => end(streamErrors.SUBSCRIPTION_OVERFLOW({ ...lost(), ...limits }));
      const attempts = signer.attempts({ info: request.info, text: operationText(request) });
      const begin = (attempt: SigningAttempt) => {
        const { token, key, accepted } = attempt;
        const { client, link, open, read } = lineOf(key);
        const wasUp = link.isUp;
        const id = String(++link.lastId);
        open.set(id, subscription);
        leave = () => open.delete(id);
        dispose = client.subscribe(payloadOf(request, token), {
          next: (event) => {
            accepted();
            if (!stream.push(event as ExecutionResult, read.bytes)) overflow();
          },
          error: (cause) => {
            if (isRefusal(cause)) return refused(cause);
            // It waited for the end of a socket that did not end well: the next one is its first.
            if (wasUp && !subscription.isSent) {
              leave();
              return begin(attempt);
            }
            end(lostError(cause));
          },
          complete: () => stream.end(),
        });
      };
      const refused = (errors: GraphQLFormattedError[]) => {
        const refusal = refusedToken(errors);
        if (refusal === undefined) return stream.end(failed(errors.map((error) => clientError(error, { serviceName: name }))));
        const next = refusal === "TOKEN_FORGED" ? attempts.next().value : undefined;
        if (next === undefined) return end(tokenRefused(name, refusal));
        leave();
        // Nothing was executed; perhaps it knows the other key.
        subscription.isSent = false;
        begin(next);
      };
      begin(attempts.next().value!);
      return stream;
    },
    async close() {
      for (const { open } of lines) for (const { fail } of [...open.values()]) fail();
      await Promise.all([...lines].map(async ({ client }) => client.dispose()));
    },
  };
}

/**
 * The socket of one key, and what is open over it. While keys are rotated there may be two: the subgraph takes one for a stranger's whose key it does not know, with
 * little room, and what is refused there goes over the next key's. Each hangs up half a second after its last subscription.
 */
interface Line {
  key: KeyObject;
  client: Client;
  link: Link;
  open: Subscriptions;
  read: LastRead;
}

function openLine(options: Pick<UpstreamClientOptions, "key" | "url" | "answersWithinMs" | "signer">): Line {
  const open: Subscriptions = new Map();
  const read: LastRead = { bytes: 0 };
  const link: Link = { isUp: false, lastId: 0 };
  return { key: options.key, client: createUpstreamClient({ ...options, open, read, link }), link, open, read };
}

/** The socket's state. */
interface Link {
  isUp: boolean;
  /** The id of the subscription that was made last. */
  lastId: number;
}

/** The message that is being read. */
interface LastRead {
  bytes: number;
}

interface UpstreamClientOptions extends Pick<UpstreamOptions, "url" | "answersWithinMs" | "signer"> {
  key: KeyObject;
  open: Subscriptions;
  read: LastRead;
  link: Link;
}

/** graphql-ws tells nobody which subscriptions it has written to its socket. */
const subscribeMessage = /^\{"id":"(\d+)","type":"subscribe"/;

/**
 * A socket that says how large a message is before whoever listens is given it, for graphql-ws gives them what it has parsed, at once; and
 * that marks the subscriptions which are written to it.
 */
function measured({ key, open, read, signer }: UpstreamClientOptions): new (address: string, protocols: string) => WebSocket {
  return class extends WebSocket {
    constructor(address: string, protocols: string) {
      super(address, protocols, { headers: { authorization: `Bearer ${signer.upgrade(key)}` } });
      this.on("message", (message: Buffer) => (read.bytes = message.length));
    }

    override send(text: string): void {
      const id = subscribeMessage.exec(text)?.[1];
      const subscription = id === undefined ? undefined : open.get(id);
      if (subscription !== undefined && this.readyState === WebSocket.OPEN) subscription.isSent = true;
      super.send(text);
    }
  };
}

function createUpstreamClient(options: UpstreamClientOptions): Client {
  const { url, answersWithinMs, open, link } = options;
  let pongTimer: NodeJS.Timeout | undefined;
  const client = createClient({
    url,
    webSocketImpl: measured(options),
    generateID: () => String(link.lastId),
    // Short, for its timer also outlives dispose().
    lazyCloseTimeout: 500,
    retryAttempts: 0,
    connectionAckWaitTimeout: answersWithinMs,
    keepAlive: pingEveryMs,
    on: {
      connected: () => (link.isUp = true),
      closed: () => {
        clearTimeout(pongTimer);
        link.isUp = false;
        // graphql-ws itself subscribes anew after a close with code 1000, retries or not; whoever listens must hear of the gap. Whoever
        // subscribed while the socket was closing was not sent, has no gap, and goes on over the next one.
        for (const subscription of [...open.values()]) if (subscription.isSent) subscription.fail();
      },
      ping: (received) => {
        if (!received) pongTimer = setTimeout(() => client.terminate(), answersWithinMs).unref();
      },
      pong: (received) => {
        if (received) clearTimeout(pongTimer);
      },
    },
  });
  return client;
}

function payloadOf({ query, variables, operationName, info }: SubgraphRequest, token: string) {
  return { query, variables: variables ?? null, operationName: operationName ?? null, extensions: requestExtensions(info, token) };
}

/** graphql-ws reports the subgraph's own errors, or the end of the socket. */
function isRefusal(cause: unknown): cause is GraphQLFormattedError[] {
  return Array.isArray(cause);
}

const failed = (errors: GraphQLError[]): ExecutionResult => ({ errors, data: null });
