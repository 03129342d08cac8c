import { createClient as createWsClient, type Client } from "graphql-ws";

/** The WebSocket that all subscriptions of a client share. */
export interface ClientSocket {
  readonly client: Client;
  /** Whether it is being closed: what is asked of it now goes over the next one. */
  isClosing(): boolean;
  close(): Promise<void>;
}

/** How the socket is made and watched. */
export interface SocketOptions {
  /** The global one unless given. */
  webSocket?: typeof WebSocket | undefined;
  pingEveryMs?: number;
  /** A server that does not answer a ping for this long is gone. */
  pongWithinMs?: number;
}

/** `WebSocket.CLOSING`. */
const closing = 2;

/** Prepares the socket; it connects when the first subscription starts and closes with the last. */
export function openSocket(url: string, connectionParams: Record<string, string>, options: SocketOptions = {}): ClientSocket {
  const { webSocket, pingEveryMs = 10_000, pongWithinMs = 5_000 } = options;
  let pongTimer: ReturnType<typeof setTimeout> | undefined;
  let current: WebSocket | undefined;
  const client = createWsClient({
    url: url.replace(/^http/, "ws"),
    connectionParams,
    lazy: true,
    // Not later: graphql-ws's timer would outlive dispose(), and keep a process alive that has closed its client.
    lazyCloseTimeout: 0,
    keepAlive: pingEveryMs,
    connectionAckWaitTimeout: 10_000,
    // A silent second subscription would hide a gap; subscription.ts resumes by cursor instead.
    retryAttempts: 0,
    ...(webSocket && { webSocketImpl: webSocket }),
    on: {
      connected: (socket) => (current = socket as WebSocket),
      closed: () => clearTimeout(pongTimer),
      ping: (received) => {
        if (!received) pongTimer = setTimeout(() => client.terminate(), pongWithinMs);
      },
      pong: (received) => {
        if (received) clearTimeout(pongTimer);
      },
    },
  });
  return { client, isClosing: () => current?.readyState === closing, close: async () => client.dispose() };
}
