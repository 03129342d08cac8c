import { createClient as createWsClient, type Client } from "graphql-ws";

/** The WebSocket that all subscriptions of a client share. */
export interface ClientSocket {
  readonly client: Client;
  close(): Promise<void>;
}

/** Prepares the socket; it connects when the first subscription starts and closes some seconds after the last has ended. */
export function openSocket(url: string, connectionParams: Record<string, string>, webSocket?: typeof WebSocket): ClientSocket {
  const client = createWsClient({
    url: url.replace(/^http/, "ws"),
    connectionParams,
    lazy: true,
    lazyCloseTimeout: 3_000,
    keepAlive: 10_000,
    // A silent second subscription would hide a gap; subscription.ts resumes by cursor instead.
    retryAttempts: 0,
    ...(webSocket && { webSocketImpl: webSocket }),
  });
  return { client, close: async () => client.dispose() };
}
