/** The routes of the router's HTTP server. Every answer carries the request's id; /graphql also says for which tenant it spoke. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ApolloServer, HTTPGraphQLRequest } from "@apollo/server";
import type { Env } from "#shared/config.ts";
import { AppError } from "#shared/errors.ts";
import { answerGraphql, clientGone, readGraphqlRequest, type GraphqlExchange } from "#shared/serve/graphql-http.ts";
import { sendJson, sendRefusal } from "#shared/serve/http-answer.ts";
import { statusOfRefusal } from "#shared/serve/http-body.ts";
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import { readJson } from "#shared/json/nesting.ts";
import type { Log } from "#shared/log.ts";
import type { PartHealth } from "#shared/part-health.ts";
import type { Audited } from "../audit/audit.ts";
import { answerCors, refusalOf, refusalOfGet } from "./browser-guard.ts";
import { subscriptionNotStreamed } from "./gateway.ts";
import type { GraphiqlFiles } from "../graphiql/files.ts";
import type { Hooks } from "./hooks.ts";
import type { Identities } from "./identity.ts";
import { withoutPersisted } from "./persisted-query.ts";
import { probeServices, runChecks, sharedProbe, type ReadinessCheck, type ServiceHealth } from "./health.ts";
import type { Arrivals } from "./rates/arrivals.ts";
import type { OperationBodies } from "./rates/operation-bodies.ts";
import type { Leave } from "./rates/places.ts";
import type { Rates } from "./rates/rates.ts";
import type { ReadingTurns } from "./rates/reading-turns.ts";
import type { Readers } from "./readers.ts";
import type { HttpStreams } from "./http-streams.ts";
import type { AskedOperation } from "./asked-operation.ts";
import { setSecurityHeaders } from "./security-headers.ts";
import type { SeenFrom } from "./rates/seen-from.ts";
import { acceptsJson, formatOf } from "./stream-formats.ts";
import type { WaitLinks } from "./wait-links.ts";
import type { RefusalAudit } from "../audit/refusal-audit.ts";
import { arrivalLane, httpContext, laneOf, requestIdFor, type RouterContext } from "../request-context.ts";
import type { Endpoints } from "../graph/subgraph-fetch.ts";

export interface HttpOptions {
  env: Pick<Env, "allowedHosts" | "corsOrigins">;
  server: ApolloServer<RouterContext>;
  streams: HttpStreams;
  endpoints: Endpoints;
  checks: Record<string, ReadinessCheck>;
  graphiql: GraphiqlFiles;
  log: Log;
  maxBodyBytes: number;
  /** Keys that one object of a body may have. */
  maxKeys: number;
  audited: Audited;
  readers: Readers;
  reading: ReadingTurns;
  bodies: OperationBodies;
  parts?: (() => readonly PartHealth[]) | undefined;
  refusals: RefusalAudit;
  links: WaitLinks;
  hooks: Hooks;
  identities: Identities;
  rates: Rates;
  /** Finds out where a request comes from. */
  find: (request: IncomingMessage) => SeenFrom;
  arrivals: Arrivals;
}

interface Answering extends HttpOptions {
  /** Ask the subgraphs, and what must hold beside them. */
  services: () => Promise<ServiceHealth[]>;
  own: () => Promise<ServiceHealth[]>;
}

/** Makes the request listener of the server. */
export function httpListener(given: HttpOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const { endpoints, checks, log } = given;
  const options: Answering = {
    ...given,
    services: sharedProbe(() => probeServices(endpoints.values(), log)),
    own: sharedProbe(() => runChecks(checks, log)),
  };
  const answer = (request: IncomingMessage, response: ServerResponse, seen: SeenFrom) => {
    const requestId = requestIdFor(request);
    response.setHeader("x-request-id", requestId);
    setSecurityHeaders(response, seen);
    // With auth on a page needs a key, which it has from its user alone.
    const refusal = options.identities.isAuthOn ? undefined : refusalOf(request, options.env);
    if (refusal !== undefined) {
      if (pathOf(request) === "/graphql")
        options.refusals.record({ request, requestId, statusCode: statusOfRefusal(refusal), error: refusal });
      return sendRefusal(response, refusal, { requestId });
    }
    if (answerCors(request, response, options.env)) return;
    route(options, { request, response, requestId }).catch((error: unknown) => {
      const report = (cause: unknown) => options.log.error({ err: cause, requestId }, "request failed inside");
      sendRefusal(response, error, { requestId, report });
    });
  };
  return (request, response) => {
    // Now: of a connection that has ended when its request is begun nothing is known any more.
    const seen = options.find(request);
    options.arrivals.take({
      socket: request.socket,
      lane: () => arrivalLane(request, options.identities),
      begin: () => answer(request, response, seen),
    });
  };
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  requestId: string;
}

async function route(options: Answering, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const path = pathOf(request);
  switch (path) {
    case "/graphql":
      return wantsPage(request) ? redirect(response, "/") : answerOperation(options, exchange);
    case "/livez":
      return sendJson(response, 200, { status: "UP" });
    case "/ready":
    case "/readyz":
      return answerReady(options, response);
    case "/health":
      return answerHealth(options, response);
    default:
      if (await options.links.answer(path, exchange)) return;
      if (await options.hooks.answer(path, exchange)) return;
      if (await options.graphiql.answer(path, request, response)) return;
      return sendJson(response, 404, { message: "Nothing is here. The graph is at /graphql." });
  }
}

async function answerOperation(options: HttpOptions, { request, response, requestId }: Exchange): Promise<void> {
  const { server, maxBodyBytes, maxKeys, audited, refusals, readers, bodies, identities, rates } = options;
  const startedAtMs = performance.now();
  let context: RouterContext | undefined;
  let identity = identities.nobody;
  const refused = (statusCode: number, error: unknown) =>
    refusals.record({ request, context, identity, requestId, statusCode, error, startedAtMs });
  try {
    const ends = new AbortController();
    const signal = clientGone(response, ends);
    await rates.address(request);
    identity = await identities.of(request);
    context = { ...httpContext(request, requestId, { identity, signal }), whenAnswered: whenAnswered(response) };
    response.setHeader("x-tenant-id", context.info.tenantId);
    await rates.caller(context);
    const refusal = refusalOfGet(request);
    if (refusal !== undefined) throw refusal;
    const room = bodies.of(laneOf(context), signal);
    const exchange = { request, response, context, maxBodyBytes, maxKeys, room, isGuarded: true };
    let read = withoutPersisted(await readGraphqlRequest(exchange));
    const asked = operationIn(read);
    if (asked === undefined) await identities.again(identity);
    else {
      read = withoutMore(read, asked);
      context.looked = await turnToLook(options, asked, context);
    }
    if (asked !== undefined && (await answerAsStream(options, exchange, { read, asked, ends }))) return;
    await answerGraphql(server, exchange, read);
    watchReader(readers, laneOf(context), response);
    // Apollo Server asks no plugin about what is not GraphQL over HTTP: batches, other methods, no query.
    if (!audited.has(context.info)) refused(response.statusCode, notAnOperation());
  } catch (error) {
    if (context === undefined || !audited.has(context.info)) refused(statusOfRefusal(error), error);
    throw error;
  } finally {
    context?.looked?.();
  }
}

/**
 * The turn to look at an operation. A body may take a minute to come, and its turn some seconds: what was begun with a key that was revoked meanwhile is not
 * done. All tenants wait for whoever has the turn, so that a key of which the database must be asked is asked about without it.
 */
async function turnToLook({ reading, identities }: HttpOptions, asked: AskedOperation, context: RouterContext): Promise<Leave> {
  const { identity } = context;
  for (let isAsked = false; ; isAsked = true) {
    const leave = await reading.take(asked, { tenantId: laneOf(context), signal: context.info.signal });
    // Where nothing can be remembered for long what was just asked holds.
    if (identities.remembers(identity) ?? isAsked) return leave;
    leave();
    await identities.again(identity);
  }
}

/** Whether it was answered as a stream: a subscription, or what asks for nothing else. What is no operation is Apollo Server's to refuse. */
async function answerAsStream(
  { streams, audited }: HttpOptions,
  exchange: GraphqlExchange<RouterContext>,
  { read, asked, ends }: { read: HTTPGraphQLRequest; asked: AskedOperation; ends: AbortController },
): Promise<boolean> {
  const { response, context } = exchange;
  const accept = read.headers.get("accept");
  const format = formatOf(accept);
  // Apollo Server would only say that a GET may not.
  if (format === undefined && read.method === "GET" && (await streams.isSubscription(asked, context.info))) throw subscriptionNotStreamed();
  if (format === undefined) return false;
  // Whatever becomes of it is audited there.
  const isAnswered = await streams.answer({ asked, format, response, context, ends, isGet: read.method === "GET" }, acceptsJson(accept));
  if (isAnswered) audited.add(context.info);
  return isAnswered;
}

/** The operation of a request, where it has the form of one. */
function operationIn({ method, body, search }: HTTPGraphQLRequest): AskedOperation | undefined {
  const given = method === "POST" ? body : method === "GET" ? givenIn(search) : undefined;
  if (!isJsonObject(given)) return undefined;
  const { query, operationName, variables, extensions } = given;
  const isNamed = operationName == null || typeof operationName === "string";
  const hasVariables = variables == null || isJsonObject(variables);
  const isFormed = isNamed && hasVariables && (extensions == null || isJsonObject(extensions));
  return typeof query === "string" && isFormed ? { query, operationName, variables } : undefined;
}

/** What else a POST had is asked for by nobody, and would be held as long as its operation waits; without a text it is a hash alone, and refused at once. */
function withoutMore(read: HTTPGraphQLRequest, { query, operationName = null, variables = null }: AskedOperation): HTTPGraphQLRequest {
  return read.method === "POST" && query !== "" ? { ...read, body: { query, operationName, variables } } : read;
}

/** What a GET has behind its `?`, as a POST has it; what is given twice, or is no JSON, is Apollo Server's to refuse. */
function givenIn(search: string): JsonObject | undefined {
  const entries = [...new URLSearchParams(search)].filter(([name]) => parametersOfGet.has(name));
  const given = entries.map(([name, text]) => [name, jsonParameters.has(name) ? readJson(text) : text] as const);
  if (new Set(entries.map(([name]) => name)).size < entries.length || given.some(([, value]) => value === undefined)) return undefined;
  return Object.fromEntries(given);
}

const jsonParameters = new Set(["variables", "extensions"]);
const parametersOfGet = new Set(["query", "operationName", ...jsonParameters]);

/** An answer that is not on its way yet waits for its reader. */
function watchReader(readers: Readers, tenantId: string, response: ServerResponse): void {
  const { socket } = response;
  if (socket === null || response.closed || response.writableLength === 0) return;
  const cut = () => void response.destroy();
  response.once("close", readers.watch({ tenantId: () => tenantId, socket, unread: () => response.writableLength, cut }));
}

/** A response that nobody reads to its end ends with its connection. */
function whenAnswered(response: ServerResponse): (done: () => void) => void {
  return (done) => {
    if (response.closed || response.destroyed) done();
    else response.once("close", done);
  };
}

const notAnOperation = () => new AppError("BAD_USER_INPUT", "BAD_REQUEST", "This is no GraphQL over HTTP.");

async function answerReady(asked: Answering, response: ServerResponse): Promise<void> {
  const [services, own] = await Promise.all([asked.services(), asked.own()]);
  sendStatus(response, { checks: byName(own), subgraphs: byName(services) }, [...services, ...own]);
}

async function answerHealth(asked: Answering, response: ServerResponse): Promise<void> {
  const services = await asked.services();
  const parts = asked.parts?.();
  sendStatus(response, { services, ...(parts && { parts }) }, services);
}

function sendStatus(response: ServerResponse, details: object, parts: ServiceHealth[]): void {
  const up = parts.every(({ status }) => status === "UP");
  sendJson(response, up ? 200 : 503, { status: up ? "UP" : "DOWN", ...details });
}

const byName = (parts: ServiceHealth[]) => Object.fromEntries(parts.map(({ name, status, message }) => [name, message ?? status]));

const pathOf = ({ url = "/" }: IncomingMessage) => url.split("?", 1)[0] ?? "/";

/** A browser that was pointed at the graph itself. */
function wantsPage({ method, headers, url }: IncomingMessage): boolean {
  return method === "GET" && headers.accept?.includes("text/html") === true && url?.includes("query=") !== true;
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location }).end();
}
