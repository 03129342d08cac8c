import { resolve } from "node:path";
import type { Env } from "#shared/config.ts";
import { createLog } from "#shared/log.ts";
import type { PreparedEnv, RunningPart, StartOptions } from "./composition.ts";
import type { CliContext } from "./context.ts";
import { openMetrics } from "./metrics.ts";
import { partKeys, requireKeys } from "./database/internal-keys.ts";
import { joinPlatformDatabase, type OpenDatabase } from "./database/database.ts";
import { ShutdownList } from "./process/shutdown-list.ts";
import { isOfStop, listenForStop, type StopSignal } from "./process/stop-signal.ts";

/** How a part of the platform is run as a process of its own. */
export interface ServeOptions<P extends RunningPart> {
  /** The log's name. */
  name: string;
  /** What its process calls itself in the metrics; `name` unless given. */
  part?: string;
  /** How it comes to its database; by {@link joinPlatformDatabase} unless it says otherwise. */
  open?: (env: Env, options: OpenOptions) => Promise<OpenDatabase | undefined>;
  start: (env: PreparedEnv, options: ServedOptions) => Promise<P>;
  /** Told once it runs. */
  onReady?: (part: P) => void;
}

/** What a part is started with that may be told to stop meanwhile. */
export interface ServedOptions extends StartOptions {
  stop: StopSignal;
}

/** What the opening of a database needs of the process. */
export interface OpenOptions {
  tell: (text: string) => void;
  stop: StopSignal;
}

/** Runs one part until it is told to stop. */
export async function serveUntilStopped<P extends RunningPart>(context: CliContext, options: ServeOptions<P>): Promise<void> {
  const given = context.env();
  const stop = listenForStop(context.environment);
  const shutdown = new ShutdownList();
  const log = createLog(given, options.name);
  try {
    const open = options.open ?? joinPlatformDatabase;
    const env = { ...given, dataDir: resolve(given.dataDir) };
    requireKeys(env);
    const database = await open(env, { tell: context.tell, stop });
    if (database === undefined) return;
    // Once the platform is there that it works beside: it makes the key that lies in the data folder.
    const keys = partKeys(env);
    shutdown.add("PostgreSQL", database.stop, 20_000);
    if (stop.signal.aborted) return;
    const served: { part?: P } = {};
    const others = async () => (await served.part?.metrics?.()) ?? [];
    await openMetrics({ env, log, shutdown, part: options.part ?? options.name, others });
    const part = await options.start(
      { ...database.env, internalKeys: [...keys.texts] },
      { log, keys, progress: (step) => log.info({ step }, "starting"), stop },
    );
    served.part = part;
    shutdown.add(options.name, () => part.stop(), 28_000);
    options.onReady?.(part);
    await Promise.race([stop.wanted, ...(part.finished === undefined ? [] : [part.finished])]);
  } catch (error) {
    if (!isOfStop(error, stop)) throw error;
  } finally {
    await shutdown.run();
  }
}
