/**
 * Keeps a number of worker processes alive: one that ends is started again, later and later while it keeps ending soon. They end with the platform, also
 * when it is killed: a worker stops when its IPC channel closes.
 */
import type { ChildProcess } from "node:child_process";
import { processIdentity } from "#shared/process-identity.ts";
import type { KnownProcess } from "./instance-lock.ts";

/** How workers are started and watched. */
export interface WorkerProcessesOptions {
  count: number;
  /** Starts one worker process with an IPC channel. */
  fork: () => ChildProcess;
  /** The workers that live now, whenever that changes. */
  onChange?: (alive: KnownProcess[]) => void;
  onExit?: (exit: { pid: number | undefined; code: number | null; signal: NodeJS.Signals | null; restartInMs: number }) => void;
  backoffMs?: { least: number; most: number };
  /** A worker that lived as long as this starts its backoff anew; 30 s. */
  steadyMs?: number;
  /** SIGKILL follows SIGTERM after this long; 30 s, in which a worker gives back what it owns. */
  stopDeadlineMs?: number;
}

/** Worker processes under supervision. */
export interface WorkerProcesses {
  /** Ends all workers: they finish or give back what they own. May be called again. */
  stop(): Promise<void>;
}

/** Starts the workers. */
export function superviseWorkers(options: WorkerProcessesOptions): WorkerProcesses {
  const { least, most } = options.backoffMs ?? { least: 200, most: 10_000 };
  const alive = new Map<ChildProcess, Promise<void>>();
  const restarts = new Set<NodeJS.Timeout>();
  let isStopping = false;

  const start = (waitMs: number): void => {
    const child = options.fork();
    const startedAt = Date.now();
    const ended = new Promise<void>((resolve) => {
      child.once("error", () => resolve());
      child.once("exit", () => resolve());
    });
    alive.set(child, ended);
    report();
    void ended.then(() => {
      alive.delete(child);
      report();
      if (!isStopping) restartLater(child, Date.now() - startedAt > (options.steadyMs ?? 30_000) ? least : waitMs);
    });
  };
  const restartLater = (child: ChildProcess, waitMs: number): void => {
    options.onExit?.({ pid: child.pid, code: child.exitCode, signal: child.signalCode, restartInMs: waitMs });
    const timer = setTimeout(() => {
      restarts.delete(timer);
      start(Math.min(waitMs * 2, most));
    }, waitMs);
    restarts.add(timer);
  };
  const report = (): void => options.onChange?.([...alive.keys()].flatMap((child) => known(child)));

  for (let index = 0; index < options.count; index++) start(least);
  return {
    async stop() {
      isStopping = true;
      for (const timer of restarts) clearTimeout(timer);
      const endings = [...alive].map(([child, ended]) => endChild(child, ended, options.stopDeadlineMs ?? 30_000));
      await Promise.all(endings);
    },
  };
}

/** Tells a process to end, and ends it when it has not after `deadlineMs`. */
export async function endChild(child: ChildProcess, ended: Promise<void>, deadlineMs: number): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), deadlineMs);
  await ended;
  clearTimeout(timer);
}

function known(child: ChildProcess): KnownProcess[] {
  const identity = child.pid === undefined ? undefined : processIdentity(child.pid);
  return identity ? [{ pid: identity.pid, startedAt: identity.startedAt }] : [];
}
