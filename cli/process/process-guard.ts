import { fileURLToPath } from "node:url";
import { Worker as Thread } from "node:worker_threads";
import type { GuardSettings } from "#shared/process-guard.mjs";
import { guardPipe } from "./part-process.ts";

/** What the guard's thread is told. */
export interface GuardThreadData {
  settings: GuardSettings;
  /** One number, which the main loop counts up. */
  turns: SharedArrayBuffer;
}

const turnMs = 500;

/**
 * Guards this process, a part of the platform, from a thread of its own: it does not outlive the supervisor, nor stand still for long. A worker needs none:
 * its renewal thread is its guard.
 */
export function startGuard(stuck: GuardSettings["stuck"]): void {
  const turns = new SharedArrayBuffer(4);
  const count = new Int32Array(turns);
  setInterval(() => Atomics.add(count, 0, 1), turnMs).unref();
  const workerData: GuardThreadData = { settings: { ...partGuard(), stuck }, turns };
  const file = fileURLToPath(new URL("./guard-thread.mjs", import.meta.url));
  // Its heap is small, and so are its limits: it must cost next to nothing.
  const thread = new Thread(file, {
    workerData,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 },
  });
  thread.unref();
}

/** What the guard of a part watches for, beside its loop. */
export function partGuard(): GuardSettings {
  return { parentPid: process.ppid, notePipe: guardPipe };
}
