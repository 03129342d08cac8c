/** The router: one door to all subgraphs, over HTTP and WebSocket. It knows no domain but its own two nouns, key and audit. */
import { STATUS_CODES, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import type { ApolloServer } from "@apollo/server";
import type { Env } from "#shared/config.ts";
import type { SubgraphEndpoint } from "#shared/endpoint/endpoint.ts";
import { AppError } from "#shared/errors.ts";
import { startGraphqlServer } from "#shared/serve/graphql-http.ts";
import { refuseUpgrade } from "#shared/serve/http-answer.ts";
import { statusOfRefusal } from "#shared/serve/http-body.ts";
import { isLoopbackName } from "#shared/serve/host-guard.ts";
import { addressOf, closeServer, listen } from "#shared/serve/listen.ts";
import type { Log } from "#shared/log.ts";
import { maxJsonKeys } from "#shared/json/value-count.ts";
import type { PartHealth } from "#shared/part-health.ts";
import { graphqlWebSockets, type GraphqlWebSockets, type WebSocketLimits } from "#shared/serve/websocket-server.ts";
import type { Audited, AuditSink } from "./audit/audit.ts";
import { OperationAudits } from "./audit/operation-audits.ts";
import type { KeyRing } from "./access/keys/key-ring.ts";
import { Identities } from "./edge/identity.ts";
import { refusalOf } from "./edge/browser-guard.ts";
import { createGateway, type Runtime } from "./edge/gateway.ts";
import { prepareBundle } from "./graphiql/bundle.ts";
import { graphiqlFiles, type GraphiqlFiles } from "./graphiql/files.ts";
import type { ReadinessCheck } from "./edge/health.ts";
import { httpListener } from "./edge/http.ts";
import { Arrivals } from "./edge/rates/arrivals.ts";
import { defaultStreamBounds, HttpStreams, type StreamBounds } from "./edge/http-streams.ts";
import { boundedServer, defaultBounds, type HttpBounds } from "./edge/http-bounds.ts";
import { defaultLimits, tokensTold, type OperationLimits } from "./graph/limits.ts";
import { Operations } from "./graph/operations.ts";
import type { OperationDeadlines } from "./edge/operation-deadline.ts";
import { OperationBodies } from "./edge/rates/operation-bodies.ts";
import type { HeldLimits } from "./edge/rates/held-bytes.ts";
import { placeLimitsOf, Places, type PlaceLimits } from "./edge/rates/places.ts";
import { Rates, rateLimitsOf, type RateLimits } from "./edge/rates/rates.ts";
import { clientFinder, type SeenFrom } from "./edge/rates/seen-from.ts";
import type { SharedCounts } from "./access/rates/shared-counts.ts";
import { RefusalAudit } from "./audit/refusal-audit.ts";
import { arrivalLane, type RouterContext } from "./request-context.ts";
import { socketOptions } from "./edge/sockets.ts";
import { defaultDeadlines, type FetchDeadlines } from "./graph/subgraph-fetch.ts";
import { readerLimits, Readers, type ReaderLimits } from "./edge/readers.ts";
import { ReadingTurns } from "./edge/rates/reading-turns.ts";
import { defaultGate, outsideGate, streamGate, TenantGate, type GateLimits } from "./edge/rates/tenant-gate.ts";
import { AnswerBytes, answerLimits, type AnswerLimits } from "./graph/answer-bytes.ts";
import { Hooks } from "./edge/hooks.ts";
import { WaitLinks } from "./edge/wait-links.ts";
import { loadSupergraph, supergraphOf } from "./graph/supergraph.ts";
import { keptNumbers } from "./graph/variables.ts";

/** Settings that the router reads. */
type RouterSettings =
  | ("host" | "port" | "authRequired" | "bootstrapToken" | "allowedHosts" | "corsOrigins" | "trustedProxies")
  | ("rateLimit" | "rateLimitAddress" | "rateLimitFailedKeys" | "connectionsPerKey" | "connectionsPerAddress")
  | ("subscriptionsPerTenant" | "operationSeconds" | "outsideOperationSeconds" | "maxNodes" | "answersMib");

export interface RouterOptions {
  env: Pick<Env, RouterSettings>;
  /** With auth on: whom it lets in. */
  keys?: KeyRing | undefined;
  endpoints: readonly SubgraphEndpoint[];
  audit: AuditSink;
  log: Log;
  /** What /readyz asks beside the subgraphs, by name. */
  checks?: Record<string, ReadinessCheck>;
  /** How the platform's parts fare, for /health, where there is a supervisor. */
  parts?: () => readonly PartHealth[];
  limits?: Partial<OperationLimits>;
  deadlines?: Partial<FetchDeadlines>;
  operationDeadlines?: Partial<OperationDeadlines>;
  rates?: Partial<RateLimits>;
  /** Counts the operations of a key in all routers of a database; else each counts its own. */
  sharedCounts?: SharedCounts | undefined;
  places?: Partial<PlaceLimits>;
  gate?: Partial<GateLimits>;
  streamGate?: Partial<GateLimits>;
  answers?: Partial<AnswerLimits>;
  readers?: Partial<ReaderLimits>;
  bounds?: Partial<HttpBounds>;
  sockets?: Partial<WebSocketLimits>;
  streams?: Partial<StreamBounds>;
  maxBodyBytes?: number;
  /** Bytes of bodies that come, or are read; 64 MiB of one tenant, 256 MiB in all, unless given. */
  bodies?: HeldLimits;
  /** Where GraphiQL's bundle is kept; `.cache/graphiql` unless given. */
  graphiqlCache?: string;
}

export interface RunningRouter {
  /** The graph's address. */
  url: string;
  port: number;
  supergraphSdl: string;
  /** Does in the background, beside the requests, what the first visitor of GraphiQL would else wait for. */
  prepareGraphiql(): void;
  /** Until it was called and has resolved the first long operations are slow. */
  warm(): Promise<void>;
  /** Drains: no new requests, those in flight get `graceMs`, streams end with close code 1001. The endpoints stay open. Asked again it is the same stop. */
  stop(graceMs?: number): Promise<void>;
}

const ownCache = fileURLToPath(new URL("../.cache/graphiql", import.meta.url));

/** Makes and keeps GraphiQL's bundle, where routers of this program look for it. @throws Error when it cannot be made or kept. */
export async function keepBundle(log: Log): Promise<void> {
  await prepareBundle({ cacheFolder: ownCache, log, signal: new AbortController().signal });
}

/**
 * Composes the endpoints and opens the door.
 *
 * @throws AppError HOST_NOT_LOOPBACK; Error when the subgraphs do not compose; EADDRINUSE as node gives it.
 */
export async function startRouter(options: RouterOptions): Promise<RunningRouter> {
  const { env, endpoints, audit, log } = options;
  refuseUnsafe(options);
  const rates = new Rates({ ...rateLimitsOf(env), ...options.rates }, options.sharedCounts);
  const identities = new Identities({ env, keys: env.authRequired ? options.keys : undefined, rates });
  const find = clientFinder(env.trustedProxies);
  const refusals = new RefusalAudit({ sink: audit, log });
  const runtime = await createRuntime(options, { refusals, identities });
  const limits = limitsOf(options);
  const audited: Audited = new WeakSet();
  const server = await startGraphqlServer<RouterContext>({
    gateway: createGateway(runtime),
    log,
    plugins: [runtime.audits.plugin(audited)],
    validated: {
      maxTokens: limits.maxTokens,
      parseErrorTold: (error) => tokensTold(error, limits),
      documentOf: (hash) => runtime.operations.documentOf(hash),
    },
  });
  const { maxBodyBytes = 4 << 20, checks = {}, graphiqlCache = ownCache } = options;
  const graphiql = graphiqlFiles({ cacheFolder: graphiqlCache, log });
  const streams = new HttpStreams(runtime, { server, identities, bounds: { ...defaultStreamBounds, ...options.streams } });
  const bodies = new OperationBodies(options.bodies);
  const answering = {
    server,
    streams,
    endpoints: runtime.endpoints,
    checks,
    graphiql,
    maxBodyBytes,
    maxKeys: maxJsonKeys,
    audited,
    readers: runtime.readers,
    reading: runtime.reading,
    bodies,
    parts: options.parts,
  };
  const links = new WaitLinks({ endpoints: runtime.endpoints, audit, identities, rates });
  const hooks = new Hooks({ endpoints: runtime.endpoints, audit, identities, rates, answers: runtime.answers });
  const arrivals = new Arrivals(() => log.debug("connection cut, too many of its requests wait"));
  const listener = httpListener({ ...answering, env, log, refusals, links, hooks, identities, rates, find, arrivals });
  const http = boundedServer(listener, { ...defaultBounds, ...options.bounds }, log);
  const sockets = graphqlWebSockets(socketOptions(runtime, { server, refusals, identities, rates, arrivals, bodies }), {
    log,
    limits: { maxMessageBytes: maxBodyBytes, maxKeys: maxJsonKeys, ...options.sockets },
  });
  http.on("upgrade", upgradeListener({ sockets, env, refusals, identities, rates, find, arrivals, places: runtime.places }));
  await listen(http, { port: env.port, host: env.host }).catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
  log.info({ subgraphs: endpoints.map(({ name }) => name) }, "router listens");
  const address = addressOf(http);
  let stopped: Promise<void> | undefined;
  return {
    url: `${address}/graphql`,
    port: Number(new URL(address).port),
    supergraphSdl: runtime.supergraphSdl,
    prepareGraphiql: graphiql.prepare,
    warm: () => runtime.operations.rehearse(),
    stop: (graceMs = 5_000) => (stopped ??= stopAll({ http, streams, sockets, server, graphiql, graceMs })),
  };
}

async function createRuntime(
  { endpoints, log, limits, deadlines, env, ...given }: RouterOptions,
  { refusals, identities }: { refusals: RefusalAudit; identities: Identities },
): Promise<Runtime> {
  const { supergraphSdl, hints } = await supergraphOf(endpoints);
  for (const hint of hints) log.debug({ hint }, "composition hint");
  const graph = loadSupergraph(supergraphSdl);
  const operations = new Operations({ graph, rules: [keptNumbers], limits: limitsOf({ env, limits }) });
  return {
    graph,
    supergraphSdl,
    operations,
    endpoints: new Map(endpoints.map((endpoint) => [endpoint.name, endpoint])),
    deadlines: { ...defaultDeadlines, ...deadlines },
    operationDeadlines: {
      operationMs: env.operationSeconds * 1_000,
      outsideMs: env.outsideOperationSeconds * 1_000,
      ...given.operationDeadlines,
    },
    places: new Places({ ...placeLimitsOf(env), ...given.places }),
    gate: new TenantGate({ ...defaultGate, ...given.gate }),
    outsideGate: new TenantGate({ ...outsideGate, ...given.gate }),
    streamGate: new TenantGate({ ...streamGate, ...given.streamGate }),
    reading: new ReadingTurns((hash, operationName) => operations.isPlanned(hash, operationName)),
    answers: new AnswerBytes({ ...answerLimits(env.answersMib << 20), ...given.answers }),
    readers: new Readers({ ...readerLimits(env.answersMib << 20), ...given.readers }, log),
    identities,
    audits: new OperationAudits({ sink: given.audit, schema: graph.apiSchema, refusals }),
    log,
  };
}

/** Fields that an object of an answer has on average, at most. */
const fieldsOfNode = defaultLimits.maxValues / defaultLimits.maxNodes;

function limitsOf({ env, limits }: Pick<RouterOptions, "env" | "limits">): OperationLimits {
  return { ...defaultLimits, maxNodes: env.maxNodes, maxValues: env.maxNodes * fieldsOfNode, ...limits };
}

/** A router that was told to ask for keys must not answer without; one that was not is not to be reached from elsewhere. */
function refuseUnsafe({ env, keys }: Pick<RouterOptions, "env" | "keys">): void {
  if (env.authRequired && keys === undefined) throw new Error("auth is required, and the router was given no keys");
  if (env.authRequired || isLoopbackName(env.host)) return;
  const message = `Without API keys the router listens on loopback only, not on ${env.host}. Set AGENT_PLATFORM_AUTH_REQUIRED=true.`;
  throw new AppError("FORBIDDEN", "HOST_NOT_LOOPBACK", message);
}

interface Upgrading {
  sockets: GraphqlWebSockets;
  env: RouterOptions["env"];
  refusals: RefusalAudit;
  identities: Identities;
  rates: Rates;
  places: Places;
  find: (request: IncomingMessage) => SeenFrom;
  arrivals: Arrivals;
}

function upgradeListener({ sockets, env, refusals, identities, rates, places, find, arrivals }: Upgrading) {
  const refuse = (request: IncomingMessage, socket: Duplex, error: unknown) => {
    const statusCode = statusOfRefusal(error);
    refusals.record({ request, statusCode, error, identity: identities.nobody });
    refuseUpgrade(socket, `${statusCode} ${STATUS_CODES[statusCode]}`, error);
  };
  const open = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = identities.isAuthOn ? undefined : refusalOf(request, env);
    if (refusal !== undefined) throw refusal;
    await rates.address(request);
    if (socket.destroyed) return;
    socket.once("close", places.ofAddress(request));
    const refused = sockets.upgrade(request, socket, head);
    if (refused !== undefined)
      refusals.record({ request, statusCode: statusOfRefusal(refused), error: refused, identity: identities.nobody });
  };
  return (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    find(request);
    // While it is counted nobody else listens: a client that hangs up would end the process.
    socket.on("error", () => {});
    const path = (request.url ?? "/").split("?", 1)[0];
    if (path !== "/graphql") return refuseUpgrade(socket, "404 Not Found");
    arrivals.take({
      socket: request.socket,
      lane: () => arrivalLane(request, identities),
      begin: () => void open(request, socket, head).catch((error: unknown) => refuse(request, socket, error)),
    });
  };
}

interface Stopping {
  http: Server;
  streams: HttpStreams;
  sockets: GraphqlWebSockets;
  server: ApolloServer<RouterContext>;
  graphiql: GraphiqlFiles;
  graceMs: number;
}

async function stopAll({ http, streams, sockets, server, graphiql, graceMs }: Stopping): Promise<void> {
  graphiql.close();
  const closed = Promise.all([closeServer(http, graceMs), sockets.close(graceMs)]);
  streams.close();
  await closed;
  await server.stop();
}
