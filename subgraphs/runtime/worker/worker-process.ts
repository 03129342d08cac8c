import type { Env } from "#shared/config.ts";
import { engineParts, processWorkerKey, type EngineHost } from "./engine-parts.ts";
import { monotonicMs } from "../owner/clock.ts";
import { startWorker } from "./main.ts";
import { rehearseFor } from "./rehearsal.ts";
import type { Worker, WorkerOptions } from "./worker.ts";

/** A worker, and what it takes. */
export interface WorkerProcessOptions extends EngineHost {
  env: EngineHost["env"] & Pick<Env, "workerSlots" | "workerMemoryMib" | "workerDryRun" | "maxCrashes">;
  /** Node types; all when undefined. */
  only?: readonly string[] | undefined;
  /** Outside calls side by side; the environment's when undefined. */
  concurrency?: number | undefined;
  /** Takes only what has outlived two owners, some rows at a time. */
  suspects?: boolean | undefined;
  /** Told, at most once a second, while something is due that has outlived two owners: this worker does not take it. */
  onSuspect?: (() => void) | undefined;
  /** Of the process, which is then this worker's alone. */
  guard?: WorkerOptions["guard"];
}

/** A worker in this process. */
export interface RuntimeWorker {
  /** Resolves when its first run is as quick as the database lets it be; never where that cannot be reached. */
  ready: Promise<void>;
  /** Gives back what it owns, within 25 s. */
  stop(): Promise<void>;
  /** Resolves when a worker for suspects has had nothing to do for 10 s; never for any other. */
  finished: Promise<void>;
}

const idleMs = 10_000;

/** Starts the worker of this process. */
export function startRuntimeWorker(options: WorkerProcessOptions): RuntimeWorker {
  const { databaseUrl, env, only, concurrency, suspects = false, onSuspect, guard } = options;
  const parts = engineParts(options);
  const { worker, stop } = startWorker({
    ...parts,
    databaseUrl,
    workerKey: processWorkerKey(),
    slots: concurrency ?? env.workerSlots,
    maxCrashes: env.maxCrashes,
    heldBytes: env.workerMemoryMib === undefined ? undefined : env.workerMemoryMib << 20,
    dryRun: env.workerDryRun,
    suspects,
    guard,
    ...(only && { only }),
  });
  // A worker for some types, or for suspects, executes no runs of its own, or few; and one beside others would hold them up.
  const rehearses = guard !== undefined && !suspects && only === undefined;
  const rehearsal = rehearses ? rehearseFor(worker, parts) : undefined;
  if (onSuspect !== undefined) worker.signals.on("suspect", onSuspect);
  return {
    ready: Promise.all([worker.ready, rehearsal?.ended]).then(() => {}),
    async stop() {
      rehearsal?.stop();
      await stop();
      await parts.close();
    },
    finished: suspects ? untilIdle(worker) : new Promise<never>(() => {}),
  };
}

function untilIdle({ signals }: Worker): Promise<void> {
  let busyAtMs = monotonicMs();
  signals.on("claimed", () => (busyAtMs = monotonicMs()));
  signals.on("released", () => (busyAtMs = monotonicMs()));
  return new Promise((resolve) => {
    signals.on("idle", () => monotonicMs() - busyAtMs > idleMs && resolve());
  });
}
