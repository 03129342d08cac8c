/** A router over the fixture subgraphs, for tests: embedded, or with each subgraph behind HTTP and graphql-ws. */
import type { FormattedExecutionResult } from "graphql";
import { createClient, type Client } from "graphql-ws";
import { pino, type Logger } from "pino";
import { request } from "undici";
import WebSocket from "ws";
import { defaultEnv, type Env } from "#shared/config.ts";
import type { SubgraphEndpoint } from "#shared/endpoint/endpoint.ts";
import { connectEndpoint } from "#shared/endpoint/http-endpoint.ts";
import { serveEndpoints, type RunningServer } from "#shared/serve/server.ts";
import type { AuditRecord, AuditSink } from "../../router/audit/audit.ts";
import { startRouter, type RouterOptions, type RunningRouter } from "../../router/router.ts";
import { fixtureSubgraphs, type Fixtures } from "./fixture-subgraphs.ts";
import { testKeys } from "./internal-keys.ts";

/** Nothing here is to fail because the machine is slow; a test of a limit gives its own. */
const patientMs = 250_000;
const patientSockets = { initMs: patientMs, pingMs: patientMs };

/** The two ways to run, which must not differ for clients. */
export const modes = ["embedded", "over HTTP"] as const;
export type Mode = (typeof modes)[number];

export interface FixtureRouterOptions extends Partial<Omit<RouterOptions, "env" | "endpoints" | "audit">> {
  /** Replaces parts of the sink, which keeps what is done in `audits`. */
  audit?: Partial<AuditSink>;
  mode?: Mode;
  env?: Partial<Env>;
  maxBufferedEvents?: number;
  maxBufferedBytes?: number;
  maxAnswerBytes?: number;
  /** Replaces the endpoints, made of the fixtures'. */
  endpoints?: (fixtures: Fixtures) => SubgraphEndpoint[];
}

/** What a client got. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: FormattedExecutionResult<Record<string, unknown>>;
}

export interface Asked {
  variables?: Record<string, unknown>;
  operationName?: string;
  headers?: Record<string, string>;
  /** Appended to the graph's URL. */
  search?: string;
}

export interface FixtureRouter extends Fixtures, AsyncDisposable {
  router: RunningRouter;
  /** The server of the subgraphs, in mode "over HTTP". */
  upstream: RunningServer | undefined;
  audits: AuditRecord[];
  /** Lines of the log, parsed. */
  logged: Record<string, unknown>[];
  ask(query: string, asked?: Asked): Promise<Answer>;
  client(connectionParams?: Record<string, unknown>, url?: string): Client;
  /** Subscribes with a client of its own. */
  stream(query: string, asked?: Asked): AsyncIterableIterator<FormattedExecutionResult>;
  webSocketUrl: string;
}

/** Starts it; dispose of it in the end. */
export async function fixtureRouter(options: FixtureRouterOptions = {}): Promise<FixtureRouter> {
  const {
    mode = "embedded",
    env,
    maxBufferedEvents,
    maxBufferedBytes,
    maxAnswerBytes,
    endpoints: choose,
    deadlines,
    sockets,
    audit: sink,
    ...rest
  } = options;
  const fixtures = fixtureSubgraphs();
  const logged: Record<string, unknown>[] = [];
  const log = memoryLog(logged);
  const local = choose?.(fixtures) ?? [fixtures.runs, fixtures.traces];
  const upstream =
    mode === "embedded"
      ? undefined
      : await serveEndpoints({ endpoints: local, listen: { port: 0 }, log, keys: testKeys, sockets: patientSockets });
  const connect = ({ name }: SubgraphEndpoint) =>
    connectEndpoint({
      name,
      url: upstream!.urlOf(name),
      keys: testKeys,
      answersWithinMs: patientMs,
      ...(maxBufferedEvents === undefined ? {} : { maxBufferedEvents }),
      ...(maxBufferedBytes === undefined ? {} : { maxBufferedBytes }),
      ...(maxAnswerBytes === undefined ? {} : { maxAnswerBytes }),
    });
  const endpoints = upstream === undefined ? local : await Promise.all(local.map(connect));
  fixtures.seen.length = 0;
  const audits: AuditRecord[] = [];
  const audit = {
    record: (record: AuditRecord) => void audits.push(record),
    begin: () => Promise.resolve(),
    complete: (record: AuditRecord) => Promise.resolve(void audits.push(record)),
    isTroubled: false,
    ...sink,
  };
  const patience = { deadlines: { queryMs: patientMs, ...deadlines }, sockets: { ...patientSockets, ...sockets } };
  const router = await startRouter({ ...rest, ...patience, env: defaultEnv({ port: 0, ...env }), endpoints, audit, log });
  const webSocketUrl = router.url.replace("http", "ws");
  const clients: Client[] = [];
  const client = (connectionParams?: Record<string, unknown>, url = webSocketUrl) => {
    const made = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, ...(connectionParams && { connectionParams }) });
    clients.push(made);
    return made;
  };
  return {
    ...fixtures,
    router,
    upstream,
    audits,
    logged,
    client,
    webSocketUrl,
    ask: (query, asked) => post(router.url, query, asked),
    stream: (query, { variables, operationName } = {}) =>
      client().iterate({
        query,
        variables: variables ?? null,
        operationName: operationName ?? null,
      }) as AsyncIterableIterator<FormattedExecutionResult>,
    async [Symbol.asyncDispose]() {
      for (const made of clients) await made.dispose();
      await router.stop(100);
      await Promise.all(endpoints.map((endpoint) => endpoint.close()));
      await upstream?.stop(100);
    },
  };
}

/** A log that keeps its lines. */
export function memoryLog(lines: Record<string, unknown>[]): Logger {
  return pino({ level: "debug" }, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
}

async function post(url: string, query: string, { variables, operationName, headers, search = "" }: Asked = {}): Promise<Answer> {
  const answer = await request(url + search, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ query, variables, operationName }),
  });
  return { status: answer.statusCode, headers: answer.headers, body: (await answer.body.json()) as Answer["body"] };
}
