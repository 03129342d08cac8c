/** Keeps a number of worker processes alive: one that ends is started again, and what it held is known to whoever frees it. */
import type { ChildProcess } from "node:child_process";
import type { PartHealth } from "#shared/part-health.ts";
import type { KnownProcess } from "./instance-lock.ts";
import type { PartMessage } from "./part-messages.ts";
import type { PaceOptions } from "./restart-pace.ts";
import { SupervisedPart, type PartEnded } from "./supervised-part.ts";

/** How workers are started and watched. */
export interface WorkerProcessesOptions {
  count: number;
  /** Starts one worker process with an IPC channel. */
  fork: () => ChildProcess;
  pace?: PaceOptions;
  /** Waited for before each start. */
  mayStart?: () => Promise<void>;
  /** A worker was started, or has ended. */
  onChange?: () => void;
  onMessage?: (message: PartMessage) => void;
  onEnd?: (end: PartEnded) => void;
  onGiveUp?: (error: Error) => void;
  logFile?: string | undefined;
  /** SIGKILL follows SIGTERM after this long; 30 s, in which a worker gives back what it owns. */
  stopDeadlineMs?: number;
}

/** Worker processes under supervision. */
export interface WorkerProcesses {
  /** How each fares. */
  health(): PartHealth[];
  /** Those that live now. */
  known(): KnownProcess[];
  /** What each has counted. */
  metrics(): Promise<string[]>;
  /** Ends all workers: they finish or give back what they own. May be called again. */
  stop(): Promise<void>;
}

/** Starts the workers. */
export function superviseWorkers({ count, stopDeadlineMs = 30_000, ...options }: WorkerProcessesOptions): WorkerProcesses {
  const workers = Array.from({ length: count }, () => new SupervisedPart({ name: "worker", ...options }));
  for (const worker of workers) worker.start();
  const nameOf = (index: number) => (count === 1 ? "worker" : `worker ${index + 1}`);
  return {
    health: () => workers.map(({ health }, index) => ({ ...health, name: nameOf(index) })),
    metrics: () => Promise.all(workers.map((worker, index) => worker.metrics(nameOf(index)))),
    known: () => workers.flatMap((worker) => worker.known),
    stop: async () => void (await Promise.all(workers.map((worker) => worker.stop(stopDeadlineMs)))),
  };
}
