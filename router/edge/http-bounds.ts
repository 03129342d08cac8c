/** What one client, or all of them, may take of the router's HTTP server without asking it anything. */
import { readFileSync } from "node:fs";
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
  const descriptors = descriptorsOf(limitsText());
  const limit = connectionsWithin(bounds.maxConnections, descriptors);
  if (limit < bounds.maxConnections) log.warn({ limit, descriptors }, "fewer connections: the process may open few files (ulimit -n)");
  server.maxConnections = limit;
  server.on("drop", () => log.debug({ limit }, "connection dropped, too many are open"));
  return server;
}

/**
 * The connections of clients leave half of what the process may open to its own: to the database's, to those of tools and models, to programs. Who holds all of
 * them would else keep it from what it needs to answer the others.
 */
export function connectionsWithin(maxConnections: number, descriptors: number): number {
  return Math.min(maxConnections, Math.floor(descriptors / 2));
}

/** How many files a process may open, by Linux's text of its limits; infinite where that does not say. */
export function descriptorsOf(limits: string): number {
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
}

/** Empty where there is none: Node raises a limit as far as it may by itself, and other systems let it far. */
function limitsText(): string {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return "";
  }
}
