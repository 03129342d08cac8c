/**
 * Puts the platform together: the only file that knows the router and the subgraphs both. Embedded, all subgraphs run in this
 * process and the router executes on their schemas; distributed, each is a process and is reached over HTTP.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EndpointRegistry } from "#shared/caller.ts";
import type { Env } from "#shared/config.ts";
import { AppError } from "#shared/errors.ts";
import type { SubgraphEndpoint } from "#shared/endpoint.ts";
import { HintBus } from "#shared/hints.ts";
import { connectEndpoint } from "#shared/http-endpoint.ts";
import type { Log } from "#shared/log.ts";
import { createSecretBox } from "#shared/secrets.ts";
import { serveEndpoints } from "#shared/server.ts";
import { openSubgraph, type RunningSubgraph, type SubgraphDefinition } from "#shared/subgraph.ts";
import { AuditWriter } from "../router/access/audit-writer.ts";
import { accessSubgraph } from "../router/access/subgraph.ts";
import { probeServices } from "../router/health.ts";
import { startRouter, type RunningRouter } from "../router/router.ts";
import { createPythonJail } from "../subgraphs/runtime/sandbox/python-jail.ts";
import { cliErrors } from "./errors.ts";
import type { Composition, RunningPart, RunningPlatform, RunningServer, StartOptions, WorkerOptions } from "./composition.ts";
import { migrateAll, subgraphDatabaseUrl } from "./migrate.ts";
import { ShutdownList } from "./shutdown-list.ts";
import { accessSubgraphName, subgraphs } from "./subgraphs.ts";

/** Subgraphs that worker processes call. */
const calledByWorkers = ["model", "tool"];
/** How long a process waits for the subgraphs that it calls to come up. */
const connectDeadlineMs = 60_000;

/** What `start`, `router`, `subgraph` and `worker` start. */
export const platformComposition: Composition = {
  startPlatform,
  startRouter: startRouterAlone,
  startSubgraph,
  startWorker,
  subgraphNames: Object.keys(subgraphs),
};

async function startPlatform(env: Env, { log, progress }: StartOptions): Promise<RunningPlatform> {
  const shutdown = new ShutdownList();
  // Asked while the rest opens: the sandbox's self-test takes a moment.
  const notes = sandboxNotes(env);
  try {
    progress("migrating the schemas");
    await migrateAll(env);
    progress("opening the subgraphs");
    const registry = new EndpointRegistry();
    const opened = await openAll(env, log, registry, shutdown);
    const socketFolder = await mkdtemp(join(tmpdir(), "agent-platform-"));
    shutdown.add("the workers' socket", () => rm(socketFolder, { recursive: true, force: true }), 1_000);
    const called = opened.filter((subgraph) => calledByWorkers.includes(subgraph.name));
    const internal = await serveEndpoints({ endpoints: called, listen: { socketPath: join(socketFolder, "graph.sock") }, log });
    shutdown.add("the workers' server", () => internal.stop(2_000), 4_000);
    progress("composing the graph");
    const router = await openRouter(opened, { env, log, registry, shutdown });
    return {
      graphUrl: router.url,
      notes: await notes,
      workerEnvironment: Object.fromEntries(called.map(({ name }) => [subgraphUrlVariable(name), internal.urlOf(name)])),
      stop: () => shutdown.run(),
    };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

/** Why code nodes will fail here, if they will. */
async function sandboxNotes({ pythonBin, maxTimeoutSeconds }: Env): Promise<string[]> {
  const reason = await createPythonJail({ pythonBin, maxTimeoutMs: maxTimeoutSeconds * 1_000 }).unavailableReason();
  return reason === null ? [] : [`code nodes cannot run here: ${reason}`];
}

async function openAll(env: Env, log: Log, registry: EndpointRegistry, shutdown: ShutdownList): Promise<RunningSubgraph[]> {
  const buses = new Map<string, HintBus>();
  const opened: RunningSubgraph[] = [];
  for (const [name, load] of Object.entries(subgraphs)) {
    const hints = await busOf(buses, subgraphDatabaseUrl(env, name), log, shutdown);
    const subgraph = await open(await load(), { env, log, registry, hints });
    shutdown.add(`subgraph ${name}`, () => subgraph.close(), 5_000);
    registry.register(subgraph);
    opened.push(subgraph);
  }
  return opened;
}

/** The router with its own subgraph, in front of the others. */
async function openRouter(endpoints: SubgraphEndpoint[], { env, log, registry, shutdown }: RouterParts): Promise<RunningRouter> {
  const databaseUrl = subgraphDatabaseUrl(env, accessSubgraphName);
  const hints = await busOf(new Map(), databaseUrl, log, shutdown);
  const all = [...endpoints];
  const definition = accessSubgraph(() => probeServices(all, log));
  const access = await open(definition, { env, log, registry, hints });
  shutdown.add("access", () => access.close(), 5_000);
  all.push(access);
  const audit = new AuditWriter({ databaseUrl, log });
  shutdown.add("audits", () => audit.stop(), 5_000);
  const router = await startRouter({ env, endpoints: all, audit, log, checks: { schema: () => requireMigrated(access) } });
  shutdown.add("the router", () => router.stop(), 8_000);
  return router;
}

interface RouterParts {
  env: Env;
  log: Log;
  registry: EndpointRegistry;
  shutdown: ShutdownList;
}

async function requireMigrated({ database }: RunningSubgraph): Promise<void> {
  const pending = await database.pendingMigrations();
  if (pending.length > 0)
    throw new AppError(
      "DOWNSTREAM_UNAVAILABLE",
      "SCHEMA_NOT_CURRENT",
      `The schema lacks ${pending.length} migrations. Run: agent-platform migrate`,
    );
}

/** One bus a database: subgraphs that share a database share its LISTEN connection. */
async function busOf(buses: Map<string, HintBus>, url: string, log: Log, shutdown: ShutdownList): Promise<HintBus> {
  const known = buses.get(url);
  if (known !== undefined) return known;
  const bus = new HintBus({ url, log });
  await bus.start();
  buses.set(url, bus);
  shutdown.add("hints", () => bus.close(), 2_000);
  return bus;
}

interface OpenOptions {
  env: Env;
  log: Log;
  registry: EndpointRegistry;
  hints: HintBus;
}

function open<L, S>(definition: SubgraphDefinition<L, S>, { env, log, registry, hints }: OpenOptions): Promise<RunningSubgraph> {
  const secrets = createSecretBox(requireKey(env));
  return openSubgraph(definition, { env, log, hints, call: registry, secrets, databaseUrl: subgraphDatabaseUrl(env, definition.name) });
}

async function startRouterAlone(env: Env, { log }: StartOptions): Promise<RunningServer> {
  const shutdown = new ShutdownList();
  try {
    const registry = new EndpointRegistry();
    const endpoints = await connectAll(Object.keys(subgraphs), env, registry, shutdown);
    await migrateAll(env, [accessSubgraphName]);
    const router = await openRouter(endpoints, { env, log, registry, shutdown });
    return { graphUrl: router.url, stop: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

async function startSubgraph(name: string, env: Env, { log }: StartOptions): Promise<RunningServer> {
  const shutdown = new ShutdownList();
  try {
    await migrateAll(env, [name]);
    const registry = new EndpointRegistry();
    const hints = await busOf(new Map(), subgraphDatabaseUrl(env, name), log, shutdown);
    const subgraph = await open(await subgraphs[name]!(), { env, log, registry, hints });
    shutdown.add(`subgraph ${name}`, () => subgraph.close(), 5_000);
    const server = await serveEndpoints({ endpoints: [subgraph], listen: { host: "127.0.0.1", port: env.port }, log });
    shutdown.add("the server", () => server.stop(2_000), 4_000);
    const others = Object.keys(env.subgraphUrls).filter((other) => other !== name);
    connectInBackground(others, env, { registry, shutdown, log });
    return { graphUrl: server.urlOf(name), stop: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

/** Subgraphs call each other, so none may wait for another before it serves. */
function connectInBackground(names: readonly string[], env: Env, { registry, shutdown, log }: Omit<RouterParts, "env">): void {
  const stopping = new AbortController();
  shutdown.add("connecting", () => Promise.resolve(stopping.abort()), 1_000);
  const connect = async (name: string): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const endpoint = await connectPatiently(name, env, stopping.signal);
        if (stopping.signal.aborted) return await endpoint.close();
        shutdown.add(`connection to ${name}`, () => endpoint.close(), 2_000);
        return registry.register(endpoint);
      } catch (cause) {
        if (!stopping.signal.aborted) log.error({ err: cause, subgraph: name }, "a subgraph was not reached, trying on");
      }
    }
  };
  for (const name of names) void connect(name);
}

async function connectAll(
  names: readonly string[],
  env: Env,
  registry: EndpointRegistry,
  shutdown: ShutdownList,
): Promise<SubgraphEndpoint[]> {
  const missing = names.filter((name) => env.subgraphUrls[name] === undefined);
  if (missing.length > 0) throw cliErrors.SUBGRAPH_URL_MISSING({ variables: missing.map(subgraphUrlVariable) });
  return Promise.all(
    names.map(async (name) => {
      const endpoint = await connectPatiently(name, env);
      registry.register(endpoint);
      shutdown.add(`connection to ${name}`, () => endpoint.close(), 2_000);
      return endpoint;
    }),
  );
}

/** Tries until the deadline: processes that start together come up in any order. */
async function connectPatiently(name: string, env: Env, stopping?: AbortSignal): Promise<SubgraphEndpoint> {
  const url = env.subgraphUrls[name]!;
  const deadline = performance.now() + connectDeadlineMs;
  for (;;) {
    try {
      return await connectEndpoint({ name, url }, AbortSignal.timeout(5_000));
    } catch (cause) {
      if (performance.now() > deadline || stopping?.aborted)
        throw cliErrors.SUBGRAPH_NOT_ANSWERING({ name, url, seconds: connectDeadlineMs / 1_000 }, { cause });
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

async function startWorker(env: Env, worker: WorkerOptions, { log }: StartOptions): Promise<RunningPart> {
  const shutdown = new ShutdownList();
  try {
    const registry = new EndpointRegistry();
    await connectAll(calledByWorkers, env, registry, shutdown);
    const hints = await busOf(new Map(), subgraphDatabaseUrl(env, "runtime"), log, shutdown);
    const { startRuntimeWorker } = await import("../subgraphs/runtime/worker-process.ts");
    const running = startRuntimeWorker({ env, log, hints, call: registry, databaseUrl: subgraphDatabaseUrl(env, "runtime"), ...worker });
    shutdown.add("the worker", () => running.stop(), 26_000);
    return { stop: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

const subgraphUrlVariable = (name: string) => `AGENT_PLATFORM_${name.toUpperCase()}_SUBGRAPH_URL`;

function requireKey({ encryptionKey }: Env): string {
  if (encryptionKey === undefined)
    throw new Error("AGENT_PLATFORM_ENCRYPTION_KEY is not set. Example: 64 hex digits from `openssl rand -hex 32`");
  return encryptionKey;
}
