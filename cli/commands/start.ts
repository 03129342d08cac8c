import type { ChildProcess } from "node:child_process";
import { realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import type { Env } from "#shared/config.ts";
import { createLog } from "#shared/log.ts";
import { bannerLines } from "../banner.ts";
import type { RunningPlatform, StartOptions } from "../composition.ts";
import type { CliContext } from "../context.ts";
import { openPlatformDatabase } from "../database/database.ts";
import { watchDatabase } from "../database/database-watch.ts";
import { withKey } from "../database/encryption-key.ts";
import { forkSelf } from "../process/fork-self.ts";
import { acquireInstanceLock, type InstanceLock } from "../process/instance-lock.ts";
import { asListenError, checkPort, refuseUnprotected } from "../process/listen-check.ts";
import { ShutdownList } from "../process/shutdown-list.ts";
import { listenForStop, type StopSignal } from "../process/stop-signal.ts";
import { workerEnvironment, type WorkerParent } from "../compose/worker-environment.ts";
import { superviseWorkers } from "../process/worker-processes.ts";
import { workerSocketOf } from "../process/worker-socket.ts";

/** `start`: database, migrations, subgraphs, router and workers, until it is told to stop. */
export function startCommand(context: CliContext): Command {
  return new Command("start")
    .description("start everything: database, subgraphs, router, workers")
    .option("--json", "say what happens as JSON, a line each")
    .addHelpText(
      "after",
      `
Ctrl-C stops all of it. The data stays in the data folder (AGENT_PLATFORM_DATA_DIR).

Examples:
  agent-platform start
  AGENT_PLATFORM_PORT=4001 AGENT_PLATFORM_DATA_DIR=.data2 agent-platform start`,
    )
    .action(async (options: { json?: boolean }) => {
      await start(context, options.json === true);
    });
}

async function start(context: CliContext, isJson: boolean): Promise<void> {
  const given = context.env();
  refuseUnprotected(given);
  const dataDir = resolve(given.dataDir);
  const env = { ...given, dataDir, logFile: resolve(given.logFile ?? join(dataDir, "platform.log")) };
  const stop = listenForStop(context.environment);
  const shutdown = new ShutdownList();
  const progress = (step: string): void => context.tell(isJson ? JSON.stringify({ event: "progress", step }) : `  · ${step} …`);
  const tell = (text: string): void => context.tell(isJson ? JSON.stringify({ event: "notice", text }) : `  · ${text}`);
  const lock = acquireInstanceLock(dataDir);
  shutdown.add("the lock", () => Promise.resolve(lock.release()), 1_000);
  const log = createLog(env, "platform");
  try {
    const platform = await bringUp({ context, env, lock, log, progress, tell, shutdown, stop });
    if (platform) {
      const banner = {
        graphUrl: platform.graphUrl,
        dataDir,
        logFile: env.logFile,
        isAuthOn: env.authRequired,
        workers: env.workers,
        notes: [...platform.notes, ...placeNotes(env)],
      };
      context.print(isJson ? JSON.stringify({ event: "ready", ...banner }) : bannerLines(banner).join("\n"));
      platform.prepareGraphiql?.();
      await Promise.race([stop.wanted, platform.broken]);
    }
    context.tell(isJson ? JSON.stringify({ event: "stopping" }) : "\n  stopping …");
  } finally {
    await shutdown.run();
  }
  context.tell(isJson ? JSON.stringify({ event: "stopped" }) : "  stopped.");
}

interface StartedPlatform extends RunningPlatform {
  /** Rejects when it cannot go on. */
  broken: Promise<never>;
}

interface BringUp extends StartOptions {
  /** Says what has happened to a running platform. */
  tell: (text: string) => void;
  context: CliContext;
  env: Env & { logFile: string };
  lock: InstanceLock;
  shutdown: ShutdownList;
  stop: StopSignal;
}

/**
 * Starts the parts, side by side where they can be: the platform's code is loaded while PostgreSQL starts, and workers load theirs while the graph opens.
 *
 * @returns nothing when it was told to stop meanwhile.
 */
async function bringUp({ context, env, lock, log, progress, tell, shutdown, stop }: BringUp): Promise<StartedPlatform | undefined> {
  const { composition } = context;
  await checkPort(env);
  progress(env.databaseUrl === undefined ? "starting PostgreSQL" : "preparing the database");
  const opening = openPlatformDatabase(env);
  const loading = composition.preload();
  loading.catch(() => {});
  const database = await opening;
  shutdown.add("PostgreSQL", database.stop, 20_000);
  if (stop.signal.aborted) return undefined;

  const workerSocket = workerSocketOf(env.dataDir);
  shutdown.add("the workers' socket", () => Promise.resolve(workerSocket.remove()), 1_000);
  const workers = superviseWorkers({
    count: env.workers,
    fork: () =>
      forkWorker({ environment: context.environment, env: database.env, subgraphUrls: composition.workerUrls(workerSocket.path) }),
    onChange: (children) => lock.note({ children }),
    onExit: (exit) => {
      log.warn(exit, "worker ended; it is started again");
      tell(`worker ${exit.pid} ended (${exit.signal ?? `code ${exit.code}`}); another is started in ${exit.restartInMs / 1_000} s`);
    },
  });
  // They stop before the graph that they call does; where the graph does not open, this is what stops them.
  shutdown.add("the workers", () => workers.stop(), 32_000);
  await loading;
  const platform = await composition
    .startPlatform(withKey(database.env), { log, progress, workerSocket: workerSocket.path })
    .catch((cause: unknown) => {
      throw asListenError(env, cause);
    });
  shutdown.add("the graph", () => platform.stop(), 20_000);
  shutdown.add("the workers", () => workers.stop(), 32_000);
  lock.note({ graphUrl: platform.graphUrl, workerSocket: workerSocket.path });
  if (stop.signal.aborted) return undefined;
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  if (database.embedded) {
    const watch = { server: database.embedded, giveUp: broken.reject, tell };
    shutdown.add("the watch over PostgreSQL", watchDatabase(watch), 65_000);
  }
  return { ...platform, broken: broken.promise };
}

/** Root's PostgreSQL runs as another user, which may not reach the data folder; then it is a link, and a backup must follow it. */
function placeNotes({ dataDir, databaseUrl }: Env): string[] {
  if (databaseUrl !== undefined) return [];
  const place = realpathSync(join(dataDir, "postgres"));
  return place.startsWith(realpathSync(dataDir)) ? [] : [`PostgreSQL's user cannot enter ${dataDir}: its files are in ${place}`];
}

/** Detached: Ctrl-C in a terminal reaches the platform alone, which then stops its workers in order. */
function forkWorker(parent: WorkerParent): ChildProcess {
  return forkSelf(["worker"], { environment: workerEnvironment(parent), detached: true });
}
