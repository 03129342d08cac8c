import { realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import type { Env } from "#shared/config.ts";
import { createLog } from "#shared/log.ts";
import { bannerLines } from "../banner.ts";
import type { CliContext } from "../context.ts";
import { openMetrics } from "../metrics.ts";
import { smallHeapNotice } from "../process/heap-flags.ts";
import { acquireInstanceLock } from "../process/instance-lock.ts";
import { requireEncryptionKey } from "../database/encryption-key.ts";
import { removeKey, startingKeys } from "../database/internal-keys.ts";
import { checkPort, refuseUnprotected } from "../process/listen-check.ts";
import { ShutdownList } from "../process/shutdown-list.ts";
import { listenForStop } from "../process/stop-signal.ts";
import { Supervisor } from "../supervisor.ts";

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
  requireEncryptionKey(given);
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
    await checkPort(env);
    // Before anything can end for it. Its parts have the same options of Node.
    const smallHeap = smallHeapNotice();
    if (smallHeap !== undefined) {
      tell(smallHeap);
      log.warn({ notice: smallHeap }, "the heap is small");
    }
    const supervisor = new Supervisor({ context, env: { ...env, internalKeys: startingKeys(env) }, lock, log, shutdown, progress, tell });
    shutdown.add("the internal key", () => Promise.resolve(removeKey(dataDir)), 1_000);
    const others = () => supervisor.metrics();
    const metricsUrl = await openMetrics({ env, log, shutdown, part: "supervisor", others, parts: () => supervisor.parts });
    const platform = await supervisor.start(stop.signal);
    if (platform) {
      const banner = {
        graphUrl: platform.graphUrl,
        dataDir,
        logFile: env.logFile,
        isAuthOn: env.authRequired,
        workers: env.workers,
        ...(metricsUrl !== undefined && { metricsUrl }),
        notes: [...platform.notes, ...placeNotes(env)],
      };
      context.print(isJson ? JSON.stringify({ event: "ready", ...banner }) : bannerLines(banner).join("\n"));
      await Promise.race([stop.wanted, supervisor.broken]);
    }
    context.tell(isJson ? JSON.stringify({ event: "stopping" }) : "\n  stopping …");
  } finally {
    await shutdown.run();
  }
  context.tell(isJson ? JSON.stringify({ event: "stopped" }) : "  stopped.");
}

/** Root's PostgreSQL runs as another user, which may not reach the data folder; then it is a link, and a backup must follow it. */
function placeNotes({ dataDir, databaseUrl }: Env): string[] {
  if (databaseUrl !== undefined) return [];
  const place = realpathSync(join(dataDir, "postgres"));
  return place.startsWith(realpathSync(dataDir)) ? [] : [`PostgreSQL's user cannot enter ${dataDir}: its files are in ${place}`];
}
