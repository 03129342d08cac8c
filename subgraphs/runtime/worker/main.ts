import { Worker, type WorkerOptions } from "./worker.ts";

/** A worker that runs. */
export interface RunningWorker {
  worker: Worker;
  /** Within 25 s. */
  stop(): Promise<void>;
}

/** Starts a worker on what the process's entry has opened; the entry closes that after `stop`. */
export function startWorker(options: WorkerOptions): RunningWorker {
  const worker = new Worker(options);
  worker.start();
  return { worker, stop: () => worker.stop() };
}
