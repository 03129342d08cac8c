/** The whole platform in the test's process, put together by the code that `npm start` uses; one worker beside it. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type ClientOptions, type GraphClient } from "#codegen/client/client.ts";
import { defaultEnv, type Env } from "#shared/config.ts";
import { createLog } from "#shared/log.ts";

import type { ReadyEnv, WorkerOptions } from "../../cli/composition.ts";
import { platformParts } from "../../cli/compose/parts.ts";
import { ShutdownList } from "../../cli/process/shutdown-list.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { testKeys } from "./internal-keys.ts";

/** A running platform. */
export interface TestPlatform extends AsyncDisposable {
  url: string;
  database: TestDatabase;
  env: Env;
  /** A client of a tenant; `t1` unless given. Closed with the platform. */
  client(options?: Partial<ClientOptions>): GraphClient;
  /** Sends any operation and gives the whole answer. */
  post(query: string, variables?: Record<string, unknown>, headers?: Record<string, string>): Promise<GraphAnswer>;
  /** Starts a further worker in this process, with a worker key of its own; with settings of its own where some are given. */
  startWorker(options?: WorkerOptions, env?: Partial<Env>): Promise<{ stop(): Promise<void> }>;
  stop(): Promise<void>;
}

/** An answer as it came. */
export interface GraphAnswer {
  status: number;
  headers: Headers;
  data: never;
  errors?: { message: string; path?: (string | number)[]; extensions: Record<string, unknown> }[];
}

/** What a test asks of its platform. */
export interface TestPlatformSetup {
  env?: Partial<Env>;
  /** How many workers run in this process; 1. */
  workers?: number;
  /** False: see {@link createTestDatabase}. */
  rowSecurity?: boolean;
  /** A database that is there, and stays, with the key of its secrets; else one of its own. */
  on?: { database: TestDatabase; encryptionKey: string };
}

/** When it is not stopped by then, it will not be. */
const stopMs = 120_000;

/** Starts it. */
export async function startTestPlatform(setup: TestPlatformSetup = {}): Promise<TestPlatform> {
  const shutdown = new ShutdownList();
  const database = setup.on?.database ?? (await createTestDatabase(setup));
  if (setup.on === undefined) shutdown.add("database", () => database.drop(), stopMs);
  const dataDir = await mkdtemp(join(tmpdir(), "agent-platform-test-data-"));
  shutdown.add("data", () => rm(dataDir, { recursive: true, force: true }), stopMs);
  const env: ReadyEnv = {
    ...defaultEnv({ port: 0, dataDir, logLevel: "silent", ...setup.env }),
    databaseUrl: database.url,
    encryptionKey: setup.on?.encryptionKey ?? randomBytes(32).toString("hex"),
  };
  const workerSocket = join(dataDir, "workers.sock");
  const options = { log: createLog(env, "test"), keys: testKeys, progress: () => {} };
  const platform = await platformParts.startPlatform(env, { ...options, workerSocket });
  shutdown.add("platform", () => platform.stop(), stopMs);

  const workerEnv = { ...env, subgraphUrls: platformParts.workerUrls(workerSocket) };
  const startWorker = async (of: WorkerOptions = {}, own: Partial<Env> = {}) => {
    const worker = await platformParts.startWorker({ ...workerEnv, ...own }, of, options);
    shutdown.add("worker", () => worker.stop(), stopMs);
    return worker;
  };
  for (let index = 0; index < (setup.workers ?? 1); index++) await startWorker();
  return {
    url: platform.graphUrl,
    database,
    env,
    startWorker,
    client(clientOptions) {
      const client = createClient({ url: platform.graphUrl, tenantId: "t1", ...clientOptions });
      shutdown.add("client", () => client.close(), stopMs);
      return client;
    },
    post: (query, variables, headers) => postTo(platform.graphUrl, query, variables, headers),
    stop: () => shutdown.run(),
    [Symbol.asyncDispose]: () => shutdown.run(),
  };
}

/** Sends an operation to a graph and gives the whole answer. */
export async function postTo(
  url: string,
  query: string,
  variables?: Record<string, unknown>,
  headers?: Record<string, string>,
): Promise<GraphAnswer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "x-tenant-id": "t1", ...headers },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, headers: response.headers, ...((await response.json()) as Omit<GraphAnswer, "status" | "headers">) };
}
