/**
 * GraphQL over HTTP: Apollo Server behind node:http, without a web framework. Offline by construction: no landing page, no
 * reporting. Errors leave translated (client-error.ts) and with the request's id.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  ApolloServer,
  HeaderMap,
  type ApolloServerOptionsWithGateway,
  type ApolloServerPlugin,
  type HTTPGraphQLRequest,
  type HTTPGraphQLResponse,
} from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from "@apollo/server/plugin/disabled";
import { GraphQLError, type DocumentNode } from "graphql";
import { clientError } from "#shared/client-error.ts";
import { clientLeft } from "#shared/client-left.ts";
import { readBody, type BodyRoom } from "./http-body.ts";
import { smallJson, writeJson } from "#shared/json-writer.ts";
import { isJsonObject, type Json } from "#shared/json.ts";
import type { Log } from "#shared/log.ts";
import { refuseDeep, refuseDocumentInTurns } from "#shared/json/nesting.ts";
import { refuseLongNumbers } from "#shared/json/numbers.ts";
import type { RequestInfo } from "#shared/request-info.ts";

/** The least that an operation's context has. */
export interface GraphqlContext {
  info: RequestInfo;
  /** Calls back when the answer is text and on its way, so that what it was made of is needed no more. */
  whenMade?: (done: () => void) => void;
}

/** What plans and runs operations for Apollo Server. */
export type Gateway = ApolloServerOptionsWithGateway<GraphqlContext>["gateway"];

export interface GraphqlServerOptions<C extends GraphqlContext> {
  gateway: Gateway;
  log: Log;
  plugins?: ApolloServerPlugin<C>[];
  /** Where the gateway validates what it is given: Apollo Server then only parses, and asks for what was parsed already. */
  validated?: {
    /** Lexical tokens of one document at most. */
    maxTokens: number;
    /** An error of parsing as a client is told it. */
    parseErrorTold: (error: GraphQLError) => GraphQLError;
    /** By the hash of its text; whoever has it bounds what is kept. */
    documentOf: (hash: string) => DocumentNode | undefined;
  };
}

const current = new AsyncLocalStorage<RequestInfo>();

/** Answers that are long, as bytes: Apollo Server takes one text, and to join one of 60 MB, and to make bytes of it at once, took 0.2 s (November 2026). */
const longAnswers = new WeakMap<RequestInfo, readonly Buffer[]>();

/** A line, for terminals. A long one is written in turns, and its text is then empty. */
function answerText(result: Json): string | Promise<string> {
  const small = smallJson(result);
  return small === undefined ? writeLong(result) : `${small}\n`;
}

async function writeLong(result: Json): Promise<string> {
  const info = current.getStore();
  if (info === undefined) throw new Error("an answer is made for a request");
  const pieces: Buffer[] = [];
  await writeJson(result, (piece) => pieces.push(Buffer.from(piece)));
  longAnswers.set(info, [...pieces, Buffer.from("\n")]);
  return "";
}

/** Makes and starts an Apollo Server; `stop()` it in the end. */
export async function startGraphqlServer<C extends GraphqlContext>(options: GraphqlServerOptions<C>): Promise<ApolloServer<C>> {
  const { log } = options;
  const server = new ApolloServer<C>({
    gateway: options.gateway,
    plugins: [...(options.plugins ?? []), ...offline()],
    ...(options.validated !== undefined && {
      dangerouslyDisableValidation: true,
      parseOptions: { maxTokens: options.validated.maxTokens },
      documentStore: readOnlyStore(options.validated.documentOf),
    }),
    formatError: (_formatted, error) => formatted(isOfParsing(error) ? (options.validated?.parseErrorTold(error) ?? error) : error, log),
    logger: { debug: (m) => log.debug(m), info: (m) => log.info(m), warn: (m) => log.warn(m), error: (m) => log.error(m) },
    stringifyResult: (result) => answerText(result as Json),
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    nodeEnv: "production",
  });
  await server.start();
  return server;
}

/** Apollo Server's own store measures a document by printing it as JSON, and keeps beside the plans what they hold already. */
function readOnlyStore(
  documentOf: (hash: string) => DocumentNode | undefined,
): NonNullable<ApolloServerOptionsWithGateway<GraphqlContext>["documentStore"]> {
  return {
    // Its keys begin with the schema's hash.
    get: (key) => Promise.resolve(documentOf(key.slice(key.lastIndexOf(":") + 1))),
    set: () => Promise.resolve(),
    delete: () => Promise.resolve(false),
  };
}

/** Runs `work` as part of a request, whose id its errors then carry. */
export function asRequest<T>(info: RequestInfo, work: () => T): T {
  return current.run(info, work);
}

/** One HTTP request for GraphQL, and how it is to be answered. */
export interface GraphqlExchange<C extends GraphqlContext> {
  /** Whether it is known that no page of another site makes a browser send it: a GET then needs none of the headers that prove so. */
  isGuarded?: boolean;
  request: IncomingMessage;
  response: ServerResponse;
  context: C;
  maxBodyBytes: number;
  /** Keys that one object of the body may have; any unless given. */
  maxKeys?: number;
  /** Hears of the body before it is parsed; what it throws refuses the request. */
  onBody?: (bytes: Buffer) => void;
  /** Room for its body; any number are read at once unless given. */
  room?: BodyRoom;
}

/** Answers one HTTP request, by what was read of it; rejects with an AppError when its body cannot be read. */
export async function answerGraphql<C extends GraphqlContext>(
  server: ApolloServer<C>,
  exchange: GraphqlExchange<C>,
  read?: HTTPGraphQLRequest,
): Promise<void> {
  const { response, context } = exchange;
  const httpGraphQLRequest = read ?? (await readGraphqlRequest(exchange));
  const made: (() => void)[] = [];
  context.whenMade = (done) => void made.push(done);
  try {
    const answer = await asRequest(context.info, () =>
      server.executeHTTPGraphQLRequest({ httpGraphQLRequest, context: () => Promise.resolve(context) }),
    );
    send(response, answer, longAnswers.get(context.info));
  } finally {
    for (const done of made) done();
  }
}

/**
 * A signal that fires when the client hangs up before its answer is there.
 *
 * @param controller  whose signal it is, where there is more for which the work ends.
 */
export function clientGone(response: ServerResponse, controller = new AbortController()): AbortSignal {
  response.once("close", () => {
    if (!response.writableFinished) controller.abort(clientLeft());
  });
  return controller.signal;
}

/** Reads a request as Apollo Server takes it. @throws AppError when its body cannot be read */
export async function readGraphqlRequest<C extends GraphqlContext>(exchange: GraphqlExchange<C>): Promise<HTTPGraphQLRequest> {
  const { request, maxBodyBytes, maxKeys, onBody, room, isGuarded = false } = exchange;
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  if (isGuarded && request.method === "GET") headers.set("apollo-require-preflight", "guarded");
  const { search, searchParams } = new URL(request.url ?? "/", "http://localhost");
  const isPost = request.method === "POST";
  const body = isPost ? await readBody(request, { limitBytes: maxBodyBytes, maxKeys, onBytes: onBody, room }) : undefined;
  for (const text of searchParams.values()) refuseDeep(text);
  for (const name of ["variables", "extensions"]) refuseLongNumbers(searchParams.get(name) ?? "", name);
  for (const text of [searchParams.get("query"), isJsonObject(body) ? body["query"] : undefined]) {
    if (typeof text !== "string") continue;
    await refuseDocumentInTurns(text);
  }
  // Clients that have no name send an empty one; to Apollo Server that is the name of an operation that is not there. No JSON is no variables.
  if (isJsonObject(body) && body["operationName"] === "") delete body["operationName"];
  return {
    method: request.method ?? "GET",
    headers,
    search: search.replace(/([?&])(operationName|variables|extensions)=(?=&|$)/g, "$1"),
    body,
  };
}

function send(response: ServerResponse, answer: HTTPGraphQLResponse, long: readonly Buffer[] | undefined): void {
  if (response.destroyed) return;
  // Without @defer every answer is complete.
  if (answer.body.kind !== "complete") throw new Error("an incremental answer was not asked for");
  const headers = { ...Object.fromEntries(answer.headers), "cache-control": "no-store" };
  const status = answer.status ?? 200;
  if (long === undefined) return void response.writeHead(status, headers).end(answer.body.string);
  response.writeHead(status, { ...headers, "content-length": long.reduce((sum, { byteLength }) => sum + byteLength, 0) });
  for (const piece of long) response.write(piece);
  response.end();
}

function formatted(error: unknown, log: Log) {
  const info = current.getStore();
  const report = (cause: unknown) => log.error({ err: cause, requestId: info?.requestId }, "operation failed inside");
  return clientError(error, { requestId: info?.requestId, report }).toJSON();
}

const isOfParsing = (error: unknown): error is GraphQLError =>
  error instanceof GraphQLError && error.extensions["code"] === "GRAPHQL_PARSE_FAILED";

const offline = () => [
  ApolloServerPluginCacheControlDisabled(),
  ApolloServerPluginInlineTraceDisabled(),
  ApolloServerPluginLandingPageDisabled(),
  ApolloServerPluginSchemaReportingDisabled(),
  ApolloServerPluginUsageReportingDisabled(),
];
