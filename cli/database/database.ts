/** Which database a command works on: the one named in the environment, else the embedded one of the data folder. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Env } from "#shared/config.ts";
import { checkTimeline, prepareArchive } from "#shared/postgres/archive.ts";
import { keepPostgres } from "#shared/postgres/keeper.ts";
import { directVariable, prepareEmbeddedDatabase, preparePlatformDatabase, preparePooled } from "#shared/postgres/prepare.ts";
import { startPostgres, type PostgresOptions, type PostgresServer } from "#shared/postgres/server.ts";
import type { PreparedEnv } from "../composition.ts";
import { ofEngine } from "../compose/subgraphs.ts";
import { cliErrors } from "../errors.ts";
import { acquireInstanceLock, runningInstance } from "../process/instance-lock.ts";
import type { StopSignal } from "../process/stop-signal.ts";

/** A database that is ready for migrations. */
export interface OpenDatabase {
  /** The environment, with the database's URLs in place. */
  env: PreparedEnv;
  /** The server that was started for it; undefined where the environment names a database. */
  embedded: EmbeddedServer | undefined;
  stop(): Promise<void>;
}

/** The embedded server, which may end and be started again. */
export interface EmbeddedServer {
  isRunning(): boolean;
  /** False once its socket is gone: it runs, and nobody gets in. */
  isReachable(): boolean;
  logFile: string;
  /** Its superuser's, as it runs now. */
  adminUrl(): string;
  /** Ends it, as its end is not noticed otherwise. @throws AppError POSTGRES_NOT_STOPPED */
  end(): Promise<void>;
  /** Starts it again where its clients expect it. @throws AppError of `postgresErrors` */
  restart(): Promise<void>;
}

/**
 * Opens the databases of the environment, or starts the embedded one; the caller holds the data folder's lock.
 *
 * @throws AppError of `postgresErrors`
 */
export async function openPlatformDatabase(env: Env): Promise<OpenDatabase> {
  if (env.databaseUrl === undefined) return startKept(env);
  const { databaseDirectUrl: direct } = env;
  const preparing = { engineUrl: env.engineDatabaseUrl, variable: direct === undefined ? undefined : directVariable };
  const prepared = await preparePlatformDatabase(direct ?? env.databaseUrl, preparing);
  const databaseUrl = direct === undefined ? prepared : await preparePooled(env.databaseUrl, prepared);
  if (direct !== undefined)
    return {
      env: await completed({ ...env, databaseDirectUrl: prepared }, databaseUrl),
      embedded: undefined,
      stop: () => Promise.resolve(),
    };
  return { env: await completed(env, databaseUrl), embedded: undefined, stop: () => Promise.resolve() };
}

/**
 * The same for a command beside the platform, such as `migrate` or one more `worker`: where a platform runs on the data folder, its embedded database is
 * used and left running.
 */
export async function joinPlatformDatabase(env: Env): Promise<OpenDatabase> {
  if (env.databaseUrl !== undefined) return openPlatformDatabase(env);
  if (runningInstance(env.dataDir)) return { ...(await startEmbedded(env)), stop: () => Promise.resolve() };
  const lock = acquireInstanceLock(env.dataDir);
  try {
    const database = await startKept(env);
    return { ...database, stop: () => database.stop().finally(() => lock.release()) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** How long a worker waits for the platform that it works beside. */
const platformDeadlineMs = 60_000;
const platformPollMs = 100;

/**
 * For a worker beside the platform: uses the database and the subgraphs of the one that runs on the data folder, and waits for it. Neither the folder nor a
 * PostgreSQL is ever the worker's own: `start` would find them taken.
 *
 * @param workerUrls  where the subgraphs are at a platform's socket.
 * @returns undefined when it was told to stop meanwhile.
 * @throws AppError PLATFORM_NOT_RUNNING
 */
export async function joinRunningPlatform(
  env: Env,
  workerUrls: (socket: string) => Record<string, string>,
  { tell, stop }: { tell: (text: string) => void; stop: StopSignal },
): Promise<OpenDatabase | undefined> {
  if (env.databaseUrl !== undefined) return openPlatformDatabase(env);
  const deadline = performance.now() + platformDeadlineMs;
  const seconds = platformDeadlineMs / 1_000;
  for (let isTold = false; !stop.signal.aborted; isTold = true) {
    const { databaseUrl, workerSocket } = runningInstance(env.dataDir) ?? {};
    if (databaseUrl !== undefined && workerSocket !== undefined) {
      const prepared = { ...(await completed(env, databaseUrl)), subgraphUrls: { ...workerUrls(workerSocket), ...env.subgraphUrls } };
      return { env: prepared, embedded: undefined, stop: () => Promise.resolve() };
    }
    if (performance.now() > deadline) throw cliErrors.PLATFORM_NOT_RUNNING({ dataDir: env.dataDir, seconds });
    if (!isTold) tell(`No platform runs on ${env.dataDir}; the worker waits for it, ${seconds} s at most.`);
    await sleep(platformPollMs);
  }
  return undefined;
}

/** Started for this process, whose end it does not outlive by much. */
async function startKept(env: Env): Promise<OpenDatabase> {
  const database = await startEmbedded(env, startArchiving);
  const keep = () => keepPostgres({ pid: database.pid() }, { tokenFile: join(env.dataDir, "postgres.keeper") });
  let keeper = keep();
  return {
    ...database,
    embedded: {
      ...database.embedded,
      async restart() {
        await database.embedded.restart();
        keeper.release();
        try {
          keeper = keep();
        } catch {
          // The disk is full again already. It outlives a kill -9 then, and the next start finds it.
        }
      },
    },
    stop: () => database.stop().finally(() => keeper.release()),
  };
}

/** The server of a data folder's cluster, as it runs; started, and stopped in the end, where none does. @throws AppError INSTANCE_RUNNING, those of `postgresErrors` */
export async function openEmbeddedCluster(env: Pick<Env, "dataDir" | "walArchiveDir">): Promise<Pick<PostgresServer, "url" | "stop">> {
  const folder = join(env.dataDir, "postgres");
  if (!existsSync(folder)) throw cliErrors.DATABASE_NOT_THERE({ folder });
  if (runningInstance(env.dataDir)) {
    const { url } = await startPostgres({ folder, ...archived(env, folder) });
    return { url, stop: () => Promise.resolve() };
  }
  const lock = acquireInstanceLock(env.dataDir);
  try {
    const server = await startArchiving({ folder, ...archived(env, folder) });
    await requireTimeline(server, env, folder);
    return { url: server.url, stop: () => server.stop().finally(() => lock.release()) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Whoever starts the server archives what it writes: PostgreSQL does not keep a segment for the next one who does. */
function archived({ walArchiveDir }: Pick<Env, "walArchiveDir">, folder: string): Pick<PostgresOptions, "settings"> {
  return walArchiveDir === undefined ? {} : { settings: prepareArchive(resolve(walArchiveDir), folder) };
}

/** A server whose log has no place in its archive is ended again: what it writes could not be brought back. */
async function requireTimeline(server: PostgresServer, { walArchiveDir }: Pick<Env, "walArchiveDir">, folder: string): Promise<void> {
  if (walArchiveDir === undefined || !server.isStartedHere) return;
  try {
    await checkTimeline(resolve(walArchiveDir), { folder, url: server.url("postgres", "postgres") });
  } catch (cause) {
    await server.stop();
    throw cause;
  }
}

/** For the holder of the data folder's lock: a server that was left running, and archives elsewhere or nothing, is started anew. */
async function startArchiving(options: PostgresOptions): Promise<PostgresServer> {
  const server = await startPostgres(options);
  const wanted = options.settings?.["archive_command"];
  if (server.isStartedHere || wanted === undefined || (await archiveCommandOf(server)) === wanted) return server;
  await server.stop();
  return startPostgres(options);
}

async function archiveCommandOf(server: PostgresServer): Promise<string | undefined> {
  const client = new pg.Client({
    connectionString: server.url("postgres", "postgres"),
    connectionTimeoutMillis: 10_000,
    query_timeout: 10_000,
  });
  client.on("error", () => {});
  try {
    await client.connect();
    return (await client.query<{ archive_command: string }>("show archive_command")).rows[0]?.archive_command;
  } catch {
    // It ends just now, by its keeper.
    return undefined;
  } finally {
    await client.end().catch(() => {});
  }
}

async function startEmbedded(env: Env, start = startPostgres): Promise<OpenDatabase & { embedded: EmbeddedServer; pid(): number }> {
  const folder = join(env.dataDir, "postgres");
  const archive = archived(env, folder);
  let server = await start({ folder, ...archive });
  await requireTimeline(server, env, folder);
  try {
    const databaseUrl = await prepareEmbeddedDatabase(server.url);
    const embedded = {
      isRunning: () => server.isRunning(),
      isReachable: () => server.isReachable(),
      end: () => server.stop(),
      logFile: server.logFile,
      adminUrl: () => server.url("postgres", "postgres"),
      restart: async () => {
        server = await startPostgres({ folder, ...archive, socketFolder: server.socketFolder });
      },
    };
    return { env: await completed(env, databaseUrl), embedded, pid: () => server.pid, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** The environment with all databases prepared. */
async function completed(env: Env, databaseUrl: string): Promise<PreparedEnv> {
  const databaseUrls: Record<string, string> = {};
  for (const [subgraph, url] of Object.entries(env.databaseUrls)) {
    const variable = `AGENT_PLATFORM_${subgraph.toUpperCase()}_DATABASE_URL`;
    const preparing = { engineUrl: env.engineDatabaseUrls[subgraph], hasEngine: ofEngine.includes(subgraph), variable };
    databaseUrls[subgraph] = await preparePlatformDatabase(url, preparing);
  }
  return { ...env, databaseUrl, databaseUrls };
}
