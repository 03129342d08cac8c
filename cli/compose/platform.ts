/**
 * Puts the platform together: the only file that knows the router and the subgraphs both. Embedded, all subgraphs run in this
 * process and the router executes on their schemas; distributed, each is a process and is reached over HTTP.
 */
import { resolve } from "node:path";
import { EndpointRegistry } from "#shared/endpoint/caller.ts";
import type { Env } from "#shared/config.ts";
import { withinDeadline } from "#shared/deadline.ts";
import { AppError } from "#shared/errors.ts";
import type { SubgraphEndpoint } from "#shared/endpoint/endpoint.ts";
import type { HintBus } from "#shared/hints.ts";
import type { Log } from "#shared/log.ts";
import type { PartHealth } from "#shared/part-health.ts";
import { createSecretBox } from "#shared/secret/secrets.ts";
import type { RunSecurityEvents } from "#shared/security-events.ts";
import { isLoopbackName } from "#shared/serve/host-guard.ts";
import { serveEndpoints } from "#shared/serve/server.ts";
import { openSubgraph, prepareSubgraph, type RunningSubgraph, type SubgraphDefinition } from "#shared/graphql/subgraph.ts";
import { startAuditRemoval } from "../../router/access/audits/audit-removal.ts";
import { AuditSealer } from "../../router/access/audits/audit-sealer.ts";
import { AuditWriter } from "../../router/access/audits/audit-writer.ts";
import { RunEventAudits } from "../../router/access/audits/run-event-audits.ts";
import { KeyRing } from "../../router/access/keys/key-ring.ts";
import { SharedCounts } from "../../router/access/rates/shared-counts.ts";
import { accessSubgraph } from "../../router/access/subgraph.ts";
import { probeServices, sharedProbe } from "../../router/edge/health.ts";
import { startRouter, type RunningRouter } from "../../router/router.ts";
import { openSandbox } from "../../subgraphs/runtime/sandbox/open-sandbox.ts";
import type { PlatformOptions, RunningPlatform, RunningServer, StartOptions } from "../composition.ts";
import { busOf, connectAll, connectInBackground } from "./connections.ts";
import { migrateAll } from "./migrate.ts";
import { ShutdownList } from "../process/shutdown-list.ts";
import { programName } from "../program-name.ts";
import { firstKeyNotes } from "./first-key.ts";
import { accessSubgraphName, calledByWorkers, directDatabaseUrl, engineDatabaseUrl, subgraphDatabaseUrl, subgraphs } from "./subgraphs.ts";

/** Loads all that {@link startPlatform} runs, and builds the schemas. */
export async function loadPlatform(): Promise<void> {
  for (const load of Object.values(subgraphs)) {
    await prepareSubgraph(await load());
    // What waits for PostgreSQL beside this gets its turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The longest that the start waits for connections; they take 0.4 s on two busy cores. */
const warmWithinMs = 2_000;

/** Starts router and all subgraphs in this process. */
export async function startPlatform(
  env: Env,
  { log, keys, progress, workerSocket, trouble, parts, claimMark }: PlatformOptions,
): Promise<RunningPlatform> {
  const shutdown = new ShutdownList();
  // Asked while the rest opens: the sandbox's self-test takes a moment.
  const notes = sandboxNotes(env);
  try {
    progress("migrating the schemas");
    await migrateAll(env);
    progress("opening the subgraphs");
    const registry = new EndpointRegistry();
    const buses = new Map<string, HintBus>();
    const opened = await openAll({ env, log, registry, shutdown, buses, claimMark });
    const called = opened.filter((subgraph) => calledByWorkers.includes(subgraph.name));
    const internal = await serveEndpoints({ endpoints: called, listen: { socketPath: workerSocket }, log, keys });
    shutdown.add("the workers' server", () => internal.stop(2_000), 4_000);
    progress("composing the graph");
    const { router, hasKeys } = await openRouter(opened, { env, log, registry, shutdown, buses, trouble, parts });
    await warmed([...opened, router]);
    return {
      graphUrl: router.url,
      notes: [...(await notes), ...firstKeyNotes(env, hasKeys)],
      prepareGraphiql: router.prepareGraphiql,
      stop: () => shutdown.run(),
    };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

/** Whoever is told that it serves finds it as quick as it will be. Connections that are not open by then open while it serves. */
async function warmed(parts: readonly { warm(): Promise<unknown> }[]): Promise<void> {
  await withinDeadline(warmWithinMs, () => Promise.allSettled(parts.map((part) => part.warm()))).catch(() => {});
}

/** Why code nodes will fail here, if they will, and in which Python they run where it is not the one that was named. */
async function sandboxNotes({ pythonBin, pythonPackages, maxTimeoutSeconds }: Env): Promise<string[]> {
  const sandbox = openSandbox({ pythonBin, pythonPackages, maxTimeoutMs: maxTimeoutSeconds * 1_000 });
  try {
    return await sandbox.notes();
  } finally {
    await sandbox.close();
  }
}

async function openAll({ env, log, registry, shutdown, buses, claimMark }: Parts): Promise<RunningSubgraph[]> {
  const opened: RunningSubgraph[] = [];
  const securityEvents = openSecurityEvents({ env, log, shutdown });
  for (const [name, load] of Object.entries(subgraphs)) {
    const hints = await busOf(buses, directDatabaseUrl(env, name), log, shutdown);
    const subgraph = await open(await load(), { env, log, registry, hints, claimMark, securityEvents });
    shutdown.add(`subgraph ${name}`, () => subgraph.close(), 5_000);
    registry.register(subgraph);
    opened.push(subgraph);
  }
  return opened;
}

/** Of runs that this process executes for callers. */
function openSecurityEvents({ env, log, shutdown }: Pick<Parts, "env" | "log" | "shutdown">): RunEventAudits {
  const events = new RunEventAudits({ databaseUrl: engineDatabaseUrl(env, accessSubgraphName), log });
  shutdown.add("security events", () => events.stop(), 4_000);
  return events;
}

/** The router with its own subgraph, in front of the others. */
async function openRouter(
  endpoints: SubgraphEndpoint[],
  { env, log, registry, shutdown, buses, trouble, parts }: Parts,
): Promise<{ router: RunningRouter; access: RunningSubgraph; hasKeys: boolean }> {
  const hints = await busOf(buses, directDatabaseUrl(env, accessSubgraphName), log, shutdown);
  const all = [...endpoints];
  const keys = await KeyRing.open({
    databaseUrl: engineDatabaseUrl(env, accessSubgraphName),
    secrets: createSecretBox(requireKey(env)),
    hints,
    log,
    isAuthOn: env.authRequired,
  });
  shutdown.add("keys", () => keys.close(), 5_000);
  const definition = accessSubgraph(
    sharedProbe(() => probeServices(all, log)),
    parts,
    keys,
  );
  const access = await open(definition, { env, log, registry, hints });
  shutdown.add("access", () => access.close(), 5_000);
  all.push(access);
  registry.register(access);
  const engineUrl = engineDatabaseUrl(env, accessSubgraphName);
  const sealer = new AuditSealer({ pool: keys.pool, log, key: keys.peppers.auditKey });
  shutdown.add("the chain of audits", () => sealer.stop(), 4_000);
  const audit = new AuditWriter({
    databaseUrl: engineUrl,
    log,
    spillFolder: resolve(env.dataDir, "audits"),
    onStored: () => sealer.soon(),
  });
  shutdown.add("audits", () => audit.stop(), 5_000);
  const keepDays = env.retentionAuditsDays;
  if (keepDays !== undefined) {
    const removal = startAuditRemoval({ databaseUrl: engineUrl, log, keepDays });
    shutdown.add("the removal of audits", () => removal.close(), 5_000);
  }
  const sharedCounts = env.rateLimitShared ? new SharedCounts({ databaseUrl: engineUrl, log }) : undefined;
  if (sharedCounts !== undefined) shutdown.add("shared counts", () => sharedCounts.close(), 5_000);
  const checks = { schema: () => requireMigrated(access), ...(trouble && { platform: () => requireNoTrouble(trouble) }) };
  const router = await startRouter({ env, keys, endpoints: all, audit, sharedCounts, log, checks, ...(parts && { parts }) });
  shutdown.add("the router", () => router.stop(), 8_000);
  return { router, access, hasKeys: keys.hasKeys };
}

interface Parts {
  env: Env;
  log: Log;
  registry: EndpointRegistry;
  shutdown: ShutdownList;
  /** One a database: whoever listens to it in this process shares a connection. */
  buses: Map<string, HintBus>;
  trouble?: (() => string | undefined) | undefined;
  parts?: (() => readonly PartHealth[]) | undefined;
  claimMark?: string | undefined;
}

function requireNoTrouble(trouble: () => string | undefined): Promise<void> {
  const story = trouble();
  if (story === undefined) return Promise.resolve();
  return Promise.reject(new AppError("DOWNSTREAM_UNAVAILABLE", "PLATFORM_IN_TROUBLE", story));
}

async function requireMigrated({ database }: RunningSubgraph): Promise<void> {
  const pending = await database.pendingMigrations();
  if (pending.length > 0)
    throw new AppError(
      "DOWNSTREAM_UNAVAILABLE",
      "SCHEMA_NOT_CURRENT",
      `The schema lacks ${pending.length} migrations. Run: ${programName()} migrate`,
    );
}

interface OpenOptions {
  env: Env;
  log: Log;
  registry: EndpointRegistry;
  hints: HintBus;
  claimMark?: string | undefined;
  securityEvents?: RunSecurityEvents | undefined;
}

function open<L, S>(definition: SubgraphDefinition<L, S>, { env, registry, ...given }: OpenOptions): Promise<RunningSubgraph> {
  const secrets = createSecretBox(requireKey(env));
  const databaseUrl = subgraphDatabaseUrl(env, definition.name);
  const engineUrl = engineDatabaseUrl(env, definition.name);
  return openSubgraph(definition, { ...given, env, call: registry.as(definition.name), secrets, databaseUrl, engineUrl });
}

/** Starts the router in front of subgraphs of other processes. */
export async function startRouterAlone(env: Env, { log, keys }: StartOptions): Promise<RunningServer> {
  const shutdown = new ShutdownList();
  try {
    const registry = new EndpointRegistry();
    const endpoints = await connectAll(Object.keys(subgraphs), env, {
      registry,
      keys,
      shutdown,
      log,
      timeUrl: directDatabaseUrl(env, accessSubgraphName),
    });
    await migrateAll(env, [accessSubgraphName]);
    const { router, access, hasKeys } = await openRouter(endpoints, { env, log, registry, shutdown, buses: new Map() });
    if (env.accessPort !== undefined) await serveAccess(access, env.accessPort, { env, log, keys, shutdown });
    await warmed([router]);
    const notes = firstKeyNotes(env, hasKeys);
    return { graphUrl: router.url, notes, prepareGraphiql: router.prepareGraphiql, stop: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

/** Serves the router's own subgraph to those that ask it for secrets, on a port of its own: the graph's is everybody's. */
async function serveAccess(
  access: RunningSubgraph,
  port: number,
  { env, log, keys, shutdown }: Pick<Parts, "env" | "log" | "shutdown"> & Pick<StartOptions, "keys">,
): Promise<void> {
  const allowedHosts = isLoopbackName(env.host) ? env.allowedHosts : "any";
  const server = await serveEndpoints({ endpoints: [access], listen: { host: env.host, port }, log, keys, allowedHosts });
  shutdown.add("the server of secrets", () => server.stop(2_000), 4_000);
}

/** Starts one subgraph; it answers who has the internal key, and so may listen beyond loopback. */
export async function startSubgraph(name: string, env: Env, { log, keys }: StartOptions): Promise<RunningServer> {
  const shutdown = new ShutdownList();
  try {
    await migrateAll(env, [name]);
    const registry = new EndpointRegistry();
    const hints = await busOf(new Map(), directDatabaseUrl(env, name), log, shutdown);
    const securityEvents = openSecurityEvents({ env, log, shutdown });
    const subgraph = await open(await subgraphs[name]!(), { env, log, registry, hints, securityEvents });
    shutdown.add(`subgraph ${name}`, () => subgraph.close(), 5_000);
    await warmed([subgraph]);
    const { host, port } = env;
    const allowedHosts = isLoopbackName(host) ? env.allowedHosts : "any";
    const server = await serveEndpoints({ endpoints: [subgraph], listen: { host, port }, log, keys, allowedHosts });
    shutdown.add("the server", () => server.stop(2_000), 4_000);
    const others = Object.keys(env.subgraphUrls).filter((other) => other !== name);
    connectInBackground(others, env, { registry, keys, shutdown, log, timeUrl: directDatabaseUrl(env, name) });
    return { graphUrl: server.urlOf(name), stop: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

function requireKey({ encryptionKey }: Env): string {
  if (encryptionKey === undefined)
    throw new Error("AGENT_PLATFORM_ENCRYPTION_KEY is not set. Example: 64 hex digits from `openssl rand -hex 32`");
  return encryptionKey;
}
