import type { Env } from "#shared/config.ts";
import { engineParts, processWorkerKey, type EngineHost } from "./engine-parts.ts";
import { startWorker } from "./worker/main.ts";

/** A worker, and which nodes it takes. */
export interface WorkerProcessOptions extends EngineHost {
  env: EngineHost["env"] & Pick<Env, "workerSlots" | "maxCrashes">;
  /** Node types; all when undefined. */
  only?: readonly string[] | undefined;
  /** Outside calls side by side; the environment's when undefined. */
  concurrency?: number | undefined;
}

/** Starts the worker of this process. `stop` gives back what it owns, within 25 s. */
export function startRuntimeWorker(options: WorkerProcessOptions): { stop(): Promise<void> } {
  const parts = engineParts(options);
  const { stop } = startWorker({
    ...parts,
    databaseUrl: options.databaseUrl,
    workerKey: processWorkerKey(),
    slots: options.concurrency ?? options.env.workerSlots,
    maxCrashes: options.env.maxCrashes,
    ...(options.only && { only: options.only }),
  });
  return {
    async stop() {
      await stop();
      await parts.pool.end();
    },
  };
}
