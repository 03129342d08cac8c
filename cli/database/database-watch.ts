import { setTimeout as sleep } from "node:timers/promises";
import type { EmbeddedServer } from "./database.ts";

/** What is done about a database that ends under a running platform. */
export interface DatabaseWatchOptions {
  server: Omit<EmbeddedServer, "adminUrl">;
  /** Told in sentences how it goes. */
  tell: (text: string) => void;
  /** Told why it does not answer, and undefined when it does again. */
  onChange?: (trouble: string | undefined) => void;
  /** Says why it cannot run now, such as a full disk: then it is not started, and not given up either. */
  obstacle?: () => Promise<string | undefined>;
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
export function watchDatabase({ server, tell, giveUp, onChange, obstacle, pollMs = 500 }: DatabaseWatchOptions): () => Promise<void> {
  const stopping = new AbortController();
  const restarts: number[] = [];
  let isDown = false;
  let isWaiting = false;
  /** So many looks one after another found that it runs without its socket. */
  let unreachable = 0;
  /** It was started for nothing: no need to say so at each try. */
  let isRefused = false;
  /** Why its last start failed; undefined where that succeeded. */
  let failure: Error | undefined;
  const hindered = (story: string | undefined): boolean => {
    if (story !== undefined && !isWaiting) tell(`PostgreSQL has ended and waits: ${story}`);
    isWaiting = story !== undefined;
    return isWaiting;
  };
  const downSet = (down: boolean): void => {
    if (down !== isDown) onChange?.(down ? "PostgreSQL has ended; it is started again." : undefined);
    isDown = down;
  };
  const restarted = async (): Promise<void> => {
    restarts.push(performance.now());
    if (restarts.filter((at) => performance.now() - at < restartsWithinMs).length > mostRestarts)
      throw failure ?? new Error(`PostgreSQL ended ${restarts.length} times. Its log says why: ${server.logFile}`);
    if (!isRefused) tell(`PostgreSQL has ended; it is started again. Its log: ${server.logFile}`);
    try {
      await server.restart();
      isRefused = false;
      failure = undefined;
      tell("PostgreSQL runs again");
    } catch (cause) {
      // The disk may have filled up since it was looked at.
      isRefused = isOutOfSpace(cause) || (await obstacle?.()) !== undefined;
      if (isRefused) restarts.pop();
      // Whatever killed it may have killed it once more while it recovered: an end like the others, and counted as one.
      else failure = cause instanceof Error ? cause : new Error("PostgreSQL does not start", { cause });
    }
  };
  /** A server whose socket was taken away makes it at its start only. */
  const unreachableEnd = async (): Promise<void> => {
    tell("PostgreSQL's socket is gone, so nobody reaches it: it is ended");
    await server.end().catch((cause: unknown) => tell(cause instanceof Error ? cause.message : String(cause)));
  };
  const watch = async (): Promise<void> => {
    while (await waited(pollMs, stopping.signal)) {
      unreachable = server.isRunning() && !server.isReachable() ? unreachable + 1 : 0;
      // At an ordinary end the socket goes a moment before the rest.
      if (unreachable >= 2) await unreachableEnd();
      downSet(!server.isRunning());
      if (!isDown || hindered(await obstacle?.())) continue;
      await restarted();
      downSet(!server.isRunning());
    }
  };
  const watching = watch().catch(giveUp);
  return () => {
    stopping.abort();
    return watching;
  };
}

/** The operating system's words, as PostgreSQL passes them on: its locale is C. */
function isOutOfSpace(cause: unknown): boolean {
  return cause instanceof Error && /No space left on device|ENOSPC/.test(cause.message);
}

function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal }).catch(() => false);
}
