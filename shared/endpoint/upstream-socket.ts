/**
 * The WebSocket over which one process subscribes to a subgraph in another. It serves many users: the identity travels with each
 * operation, never in connectionParams. It never subscribes anew by itself: that would hide a gap in a stream.
 */
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

/** Makes the socket's holder; it connects with the first subscription and hangs up half a second after the last. */
export function openUpstream({ name, url, signer, limits, answersWithinMs }: UpstreamOptions): Upstream {
  const open = new Set<() => void>();
  const lose = () => {
    for (const fail of [...open]) fail();
  };
  const read: LastRead = { bytes: 0 };
  const link: Link = { isUp: false, greetings: 0 };
  const client = createUpstreamClient({ url, answersWithinMs, lose, read, link });
  return {
    subscribe(request) {
      let dispose = () => {};
      const stream = new BoundedStream<ExecutionResult>({
        limit: limits.maxBufferedEvents,
        maxBytes: limits.maxBufferedBytes,
        onEnd: () => {
          open.delete(fail);
          dispose();
        },
      });
      const { isUp, greetings } = link;
      // What waits for a socket that never comes up was not sent.
      const lost = () => ({ serviceName: name, retryable: true, effectUnknown: isUp || link.greetings > greetings }) as const;
      const lostError = (cause?: unknown) => streamErrors.SUBSCRIPTION_UPSTREAM_LOST({ ...lost(), platformFault: true }, { cause });
      const end = (error: AppError) => stream.end(failed([clientError(error, { serviceName: name })]));
      const fail = () => end(lostError());
      const overflow = () => end(streamErrors.SUBSCRIPTION_OVERFLOW({ ...lost(), ...limits }));
      open.add(fail);
      const attempts = signer.attempts({ info: request.info, text: operationText(request) });
      const refused = (errors: GraphQLFormattedError[]) => {
        const refusal = refusedToken(errors);
        if (refusal === undefined) return stream.end(failed(errors.map((error) => clientError(error, { serviceName: name }))));
        const next = refusal === "TOKEN_FORGED" ? attempts.next().value : undefined;
        return next === undefined ? end(tokenRefused(name, refusal)) : begin(next);
      };
      const begin = ({ token, accepted }: SigningAttempt) => {
        dispose = client.subscribe(payloadOf(request, token), {
          next: (event) => {
            accepted();
            if (!stream.push(event as ExecutionResult, read.bytes)) overflow();
          },
          error: (cause) => (isRefusal(cause) ? refused(cause) : end(lostError(cause))),
          complete: () => stream.end(),
        });
      };
      begin(attempts.next().value!);
      return stream;
    },
    async close() {
      lose();
      await client.dispose();
    },
  };
}

/** The socket's state, for whoever asks whether something can have been sent over it. */
interface Link {
  isUp: boolean;
  /** How often the subgraph has greeted a new socket. */
  greetings: number;
}

/** The message that is being read. */
interface LastRead {
  bytes: number;
}

/** A socket that says how large a message is before whoever listens is given it; graphql-ws gives them what it has parsed, at once. */
function measured(read: LastRead): new (address: string, protocols: string) => WebSocket {
  return class extends WebSocket {
    constructor(address: string, protocols: string) {
      super(address, protocols);
      this.on("message", (message: Buffer) => (read.bytes = message.length));
    }
  };
}

interface UpstreamClientOptions extends Pick<UpstreamOptions, "url" | "answersWithinMs"> {
  lose: () => void;
  read: LastRead;
  link: Link;
}

function createUpstreamClient({ url, answersWithinMs, lose, read, link }: UpstreamClientOptions): Client {
  let pongTimer: NodeJS.Timeout | undefined;
  const client = createClient({
    url,
    webSocketImpl: measured(read),
    // Short, for its timer also outlives dispose().
    lazyCloseTimeout: 500,
    retryAttempts: 0,
    connectionAckWaitTimeout: answersWithinMs,
    keepAlive: pingEveryMs,
    on: {
      // graphql-ws itself subscribes anew after a close with code 1000, retries or not; whoever listens must hear of the gap.
      connected: () => {
        link.isUp = true;
        link.greetings++;
      },
      closed: () => {
        clearTimeout(pongTimer);
        link.isUp = false;
        lose();
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
