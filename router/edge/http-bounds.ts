/** What one client, or all of them, may take of the router's HTTP server without asking it anything. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { Log } from "#shared/log.ts";

export interface HttpBounds {
  /** For a connection to say what it wants: from its first byte, or from its beginning, to the end of the headers. Else 408. */
  headersMs: number;
  /** For a request to arrive whole, body included; how long its answer takes is another matter. Else 408. */
  requestMs: number;
  /** How often these two are looked at, and so by how much later they may be kept. */
  checkMs: number;
  /** How long a connection may idle between two requests. */
  idleMs: number;
  /** More is 431. */
  maxHeaderBytes: number;
  /** Sockets of any kind; those above it are closed as they come. WebSockets have a limit of their own beneath it. */
  maxConnections: number;
}

/** Long for whoever means to ask; whoever does not holds a socket for seconds, and never the last one. */
export const defaultBounds: HttpBounds = {
  headersMs: 10_000,
  requestMs: 60_000,
  checkMs: 2_000,
  // Above the 30 s of our own clients, and the 60 s of most proxies: a request must not meet a socket that is being closed.
  idleMs: 65_000,
  maxHeaderBytes: 16 << 10,
  maxConnections: 10_000,
};

/** Makes the server; it does not listen yet. */
export function boundedServer(listener: RequestListener, bounds: HttpBounds, log: Log): Server {
  const setting = {
    headersTimeout: bounds.headersMs,
    requestTimeout: bounds.requestMs,
    connectionsCheckingInterval: bounds.checkMs,
    keepAliveTimeout: bounds.idleMs,
    maxHeaderSize: bounds.maxHeaderBytes,
    // Java's client asks each server for HTTP/2 so (h2c): whoever does not speak it answers as if it had not been asked (RFC 9110, 7.8).
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === "websocket",
  };
  const server = createServer(setting, listener);
  server.maxConnections = bounds.maxConnections;
  server.on("drop", () => log.debug({ limit: bounds.maxConnections }, "connection dropped, too many are open"));
  return server;
}
