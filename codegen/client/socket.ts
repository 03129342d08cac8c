import { createClient as createWsClient, type Client } from "graphql-ws/client";

/** A WebSocket's class as browsers, Node 22 and the package `ws` have it: as much of it as is needed. */
export interface WebSocketClass {
  new (
    url: string,
    protocol?: string,
  ): { readonly readyState: number; send(text: string): void; close(code?: number, reason?: string): void };
  readonly CONNECTING: number;
  readonly OPEN: number;
  readonly CLOSING: number;
  readonly CLOSED: number;
}

/** The WebSocket that all subscriptions of a client share. */
export interface ClientSocket {
  readonly client: Client;
  /** Whether it is being closed: what is asked of it now goes over the next one. */
  isClosing(): boolean;
  /** Whether the server has acknowledged it, and nothing has ended it since. */
  isOpen(): boolean;
  close(): Promise<void>;
}

/** How the socket is made and watched. */
export interface SocketOptions {
  /** The global one unless given. */
  webSocket?: WebSocketClass | undefined;
  pingEveryMs?: number;
  /** A server that does not answer a ping for this long is gone. */
  pongWithinMs?: number;
}

const states = { open: 1, closing: 2 };

/**
 * Prepares the socket; it connects when the first subscription starts and closes with the last.
 *
 * @throws Error where there is no WebSocket, or what was given is none.
 */
export function openSocket(url: string, connectionParams: Record<string, string>, options: SocketOptions = {}): ClientSocket {
  const { pingEveryMs = 10_000, pongWithinMs = 5_000 } = options;
  const webSocketImpl = usableClass(options.webSocket);
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
    webSocketImpl,
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
  return {
    client,
    isClosing: () => current?.readyState === states.closing,
    isOpen: () => current?.readyState === states.open,
    close: async () => client.dispose(),
  };
}

/** Said here, for graphql-ws would name an option of its own. */
function usableClass(given: WebSocketClass | undefined): WebSocketClass {
  const found = given ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
  if (typeof found === "function" && "OPEN" in found && "CLOSED" in found) return found;
  const problem =
    given === undefined ? "This runtime has no WebSocket (browsers and Node 22 have one)." : "`webSocket` is no WebSocket's class.";
  throw new Error(
    `${problem} Subscriptions need one: npm install ws, then import WebSocket from "ws" and createClient({ url, webSocket: WebSocket }).`,
  );
}
