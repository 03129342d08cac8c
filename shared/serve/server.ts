/**
 * Serves local subgraphs to other processes: GraphQL over HTTP and graphql-ws at `/<name>/graphql` (and at `/graphql` when there
 * is one), on a port or a Unix socket. Only the platform's own processes belong here: each operation carries a token that one of them has signed.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { SubgraphEndpoint } from "#shared/endpoint/endpoint.ts";
import { AppError } from "#shared/errors.ts";
import { isAllowedHost } from "./host-guard.ts";
import { refuseUpgrade, sendJson, sendRefusal } from "./http-answer.ts";
import { keepSocket } from "./kept-socket.ts";
import { addressOf, closeServer, listen, type ListenAt } from "./listen.ts";
import type { Log } from "#shared/log.ts";
import { serveEndpoint, type ServedEndpoint } from "./served-endpoint.ts";
import type { StrangersLimits } from "./served-sockets.ts";
import type { InternalKeys } from "#shared/trust/internal-keys.ts";
import type { WebSocketLimits } from "./websocket-server.ts";

export interface ServeOptions {
  endpoints: SubgraphEndpoint[];
  listen: ListenAt;
  log: Log;
  /** Those whose tokens are believed. */
  keys: InternalKeys;
  /** Names beside loopback that a Host header may have; where it listens beyond loopback it has any, and the token alone tells. */
  allowedHosts?: string[] | "any";
  maxBodyBytes?: number;
  /** Of the WebSockets. */
  sockets?: Partial<WebSocketLimits>;
  /** Of those for which nobody has vouched. */
  strangers?: Partial<StrangersLimits>;
}

export interface RunningServer {
  /** The address of one endpoint, as `connectEndpoint` takes it; of the only one without its name, which may stand there too. */
  urlOf(name: string): string;
  /** Ends streams and requests, those in flight after `graceMs` at the latest. The endpoints stay open. Asked again it is the same stop. */
  stop(graceMs?: number): Promise<void>;
}

/** Who says nothing holds a connection for seconds, and never the last one. A body comes from the platform alone, and may take its time. */
const bounds = { keepAliveTimeout: 65_000, headersTimeout: 10_000, connectionsCheckingInterval: 2_000 };
const maxConnections = 10_000;

/** Starts the server; resolves when it listens. */
export async function serveEndpoints(options: ServeOptions): Promise<RunningServer> {
  const { endpoints, log, keys, maxBodyBytes = 16 << 20, sockets, strangers, allowedHosts } = options;
  const served = new Map<string, ServedEndpoint>();
  for (const endpoint of endpoints)
    served.set(endpoint.name, await serveEndpoint(endpoint, { log, keys, maxBodyBytes, sockets, strangers }));
  const only = endpoints.length === 1 ? served.get(endpoints[0]!.name) : undefined;
  const routeOf = (request: IncomingMessage) => {
    const [, name, action] = /^\/(?:([\w-]+)\/)?(graphql|livez|readyz)$/.exec(pathOf(request)) ?? [];
    return { endpoint: name === undefined ? only : served.get(name), action };
  };
  const refusalOf = ({ headers }: IncomingMessage): AppError | undefined => {
    if (allowedHosts !== "any" && !isAllowedHost(headers.host, allowedHosts)) return hostNotAllowed();
    return headers.origin === undefined ? undefined : pageNotAllowed();
  };

  const server = createServer(bounds, (request, response) => {
    const refusal = refusalOf(request);
    if (refusal !== undefined) return sendRefusal(response, refusal);
    const { endpoint, action } = routeOf(request);
    if (endpoint === undefined) return sendJson(response, 404, { message: "Nothing is served here." });
    // A query string is no part of what a token is made for.
    if (action === "graphql" && request.method !== "POST") return sendJson(response, 405, { message: "Operations are sent by POST." });
    answer(endpoint, action, request, response).catch((error: unknown) => sendRefusal(response, error, { report: reportTo(log) }));
  });
  server.maxConnections = maxConnections;
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { endpoint, action } = routeOf(request);
    if (endpoint === undefined || action !== "graphql" || refusalOf(request) !== undefined) return refuseUpgrade(socket, "403 Forbidden");
    endpoint.sockets.upgrade(request, socket, head);
  });
  await listen(server, options.listen);
  const base = addressOf(server);
  const letGo = "socketPath" in options.listen ? keepSocket(server, options.listen.socketPath, { log }) : () => {};
  let stopped: Promise<void> | undefined;
  const stop = async (graceMs: number): Promise<void> => {
    const endpointsOf = [...served.values()];
    letGo();
    const closed = closeServer(server, graceMs);
    await Promise.all(endpointsOf.map((endpoint) => endpoint.sockets.close(graceMs)));
    await closed;
    await Promise.all(endpointsOf.map((endpoint) => endpoint.stop()));
  };
  return {
    urlOf(name) {
      if (!served.has(name)) throw new Error(`no endpoint "${name}" is served`);
      return only === undefined ? `${base}/${name}/graphql` : `${base}/graphql`;
    },
    stop: (graceMs = 5_000) => (stopped ??= stop(graceMs)),
  };
}

function answer(endpoint: ServedEndpoint, action: string | undefined, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (action === "graphql") return endpoint.answer(request, response);
  if (action === "readyz") return endpoint.ready(response);
  return Promise.resolve(sendJson(response, 200, { status: "UP" }));
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0] ?? "/";
}

const hostNotAllowed = () => new AppError("FORBIDDEN", "HOST_NOT_ALLOWED", "This server answers on loopback names only.");

/** A browser that a page makes open a WebSocket to loopback asks for no leave first; it does name the page. */
const pageNotAllowed = () => new AppError("FORBIDDEN", "ORIGIN_NOT_ALLOWED", "Web pages may not use this server.");

const reportTo = (log: Log) => (cause: unknown) => log.error({ err: cause }, "request failed inside");
