/** Answers `/metrics` on a port of its own, for whoever watches the platform. It says nothing of tenants, and asks for no key. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Log } from "../log.ts";
import { isAllowedHost, isLoopbackName } from "../serve/host-guard.ts";
import { sendJson } from "../serve/http-answer.ts";
import { addressOf, closeServer, listen } from "../serve/listen.ts";
import { metricsMediaType } from "./exposition.ts";

export interface MetricsServerOptions {
  host: string;
  /** 0: any free one. */
  port: number;
  log: Log;
  /** All that is to be said; within a scrape's time. */
  read: () => Promise<string>;
}

export interface MetricsServer {
  /** Such as http://127.0.0.1:9464/metrics */
  url: string;
  stop(): Promise<void>;
}

/** Scrapes are seconds apart, from one or two watchers; what asks more often is given the same text. */
const freshMs = 500;

/** Starts the server; rejects as {@link listen} does. */
export async function serveMetrics({ host, port, log, read }: MetricsServerOptions): Promise<MetricsServer> {
  const text = sharedRead(read);
  const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 10_000 }, (request, response) => {
    // A page whose name was made to mean loopback shows that name.
    if (isLoopbackName(host) && !isAllowedHost(request.headers.host)) return sendJson(response, 403, { message: "Loopback names only." });
    answer(request, response, text).catch((cause: unknown) => {
      log.error({ err: cause }, "metrics not read");
      sendJson(response, 503, { message: "The metrics could not be read." });
    });
  });
  server.maxConnections = 64;
  await listen(server, { host, port });
  return { url: `${addressOf(server)}/metrics`, stop: () => closeServer(server, 500) };
}

async function answer(request: IncomingMessage, response: ServerResponse, text: () => Promise<string>): Promise<void> {
  const path = (request.url ?? "/").split("?", 1)[0];
  if (path !== "/metrics") return sendJson(response, 404, { message: "Nothing is here. The metrics are at /metrics." });
  if (request.method !== "GET" && request.method !== "HEAD") return sendJson(response, 405, { message: "Metrics are read by GET." });
  const body = await text();
  if (response.destroyed) return;
  response.writeHead(200, { "content-type": metricsMediaType, "cache-control": "no-store" });
  response.end(body);
}

function sharedRead(read: () => Promise<string>): () => Promise<string> {
  let last: { text: Promise<string>; atMs: number } | undefined;
  return () => {
    if (last === undefined || performance.now() - last.atMs > freshMs) {
      const made = { text: read(), atMs: performance.now() };
      last = made;
      made.text.catch(() => last === made && (last = undefined));
    }
    return last.text;
  };
}
