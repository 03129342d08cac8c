import { setTimeout as sleep } from "node:timers/promises";
import type { EmbeddedServer } from "./database.ts";

/** What is done about a database that ends under a running platform. */
export interface DatabaseWatchOptions {
  server: EmbeddedServer;
  /** Told in sentences how it goes. */
  tell: (text: string) => void;
  /** Told when it does not come back, or not for long: the platform cannot go on. */
  giveUp: (cause: unknown) => void;
  pollMs?: number;
}

/** Ends this often within {@link restartsWithinMs} are not bad luck. */
const mostRestarts = 3;
const restartsWithinMs = 60_000;

/**
 * Starts the embedded PostgreSQL again when it has ended on its own (the system's memory ran out, somebody killed it). What was committed is there, and all
 * that use it connect again by themselves.
 *
 * @returns the function that ends the watch; it waits for a restart that is under way.
 */
export function watchDatabase({ server, tell, giveUp, pollMs = 500 }: DatabaseWatchOptions): () => Promise<void> {
  const stopping = new AbortController();
  const restarts: number[] = [];
  const watch = async (): Promise<void> => {
    while (await waited(pollMs, stopping.signal)) {
      if (server.isRunning()) continue;
      restarts.push(Date.now());
      if (restarts.filter((at) => Date.now() - at < restartsWithinMs).length > mostRestarts)
        throw new Error(`PostgreSQL ended ${restarts.length} times. Its log says why: ${server.logFile}`);
      tell(`PostgreSQL has ended; it is started again. Its log: ${server.logFile}`);
      await server.restart();
      tell("PostgreSQL runs again");
    }
  };
  const watching = watch().catch(giveUp);
  return () => {
    stopping.abort();
    return watching;
  };
}

function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal }).catch(() => false);
}
