/** A worker that no supervisor has: its parent watches over it, frees what it held when it dies, and starts it again. */
import type { ChildProcess } from "node:child_process";
import type { Log } from "#shared/log.ts";
import type { DeadWorker, RunningPart } from "../composition.ts";
import { cliErrors } from "../errors.ts";
import type { PartMessage } from "./part-messages.ts";
import type { Ended } from "./part-process.ts";
import type { EndCause } from "./restart-pace.ts";
import { SupervisedPart, storyOf, type PartEnded } from "./supervised-part.ts";
import { suspectsProcess } from "./suspects-process.ts";

/** What a guarded worker is made of. */
export interface GuardedWorkerOptions {
  /** Starts the process that executes, with an IPC channel. */
  fork: () => ChildProcess;
  /** Starts the process for suspects. */
  forkSuspects: () => ChildProcess;
  /** Frees what a process held that has died. */
  freeLeases: (dead: DeadWorker) => Promise<void>;
  /** Says what has happened to a running worker. */
  tell: (text: string) => void;
  /** Aborted when it is to stop while it starts. */
  signal: AbortSignal;
  log: Log;
  logFile?: string | undefined;
}

/** As of the workers of `npm start`: what they execute is no reason to end, a start that fails again and again is. */
const limit = { causes: ["unstarted"] as EndCause[], ends: 6 };
const stopDeadlineMs = 27_000;

/**
 * Starts it; resolves when it serves, or was told to stop.
 *
 * @throws what hinders its first start, which is for the person who waits for it
 */
export async function startGuardedWorker(options: GuardedWorkerOptions): Promise<RunningPart> {
  const { fork, forkSuspects, signal, log, logFile } = options;
  const ready = Promise.withResolvers<void>();
  const broken = Promise.withResolvers<void>();
  broken.promise.catch(() => {});
  let isReady = false;
  const suspects = suspectsProcess({ fork: forkSuspects, log, onEnd: (end) => free(options, end) });
  const hear = ({ kind }: PartMessage): void => {
    if (kind === "suspect") suspects.wanted();
    if (kind === "ready") ready.resolve();
    isReady ||= kind === "ready";
  };
  const onEnd = (end: PartEnded): void => {
    free(options, end);
    if (isReady) return tellEnd(options, end);
    ready.reject(end.failure ?? cliErrors.PART_KEEPS_ENDING({ part: "worker", story: storyOf(end), logFile }));
  };
  const worker = new SupervisedPart({ name: "worker", fork, pace: { limit }, onMessage: hear, onEnd, onGiveUp: broken.reject, logFile });
  const stop = async () => void (await Promise.all([worker.stop(stopDeadlineMs), suspects.stop()]));
  worker.start();
  const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  try {
    await Promise.race([ready.promise, aborted]);
  } catch (cause) {
    await stop();
    throw cause;
  }
  const metrics = () => Promise.all([worker.metrics(), suspects.metrics()]);
  return { stop, metrics, finished: broken.promise };
}

/** Nobody waits for the leases of one that has died. Where they are not freed they run out. */
function free({ freeLeases, log }: GuardedWorkerOptions, { code, claimMark, stuck }: Ended): void {
  if (code === 0 || claimMark === undefined) return;
  freeLeases({ claimMark, blamedRunId: stuck?.runId }).catch((cause: unknown) =>
    log.error({ err: cause }, "the leases of a dead worker were not freed; they run out"),
  );
}

function tellEnd({ tell, log }: GuardedWorkerOptions, { pid, code, signal, cause, restartInMs, stuck }: PartEnded): void {
  if (restartInMs === undefined) return;
  log.warn({ pid, code, signal, cause, stuck }, "the worker's process ended; another is started");
  tell(
    `worker ${pid} ended (${cause === "stuck" ? "its main loop stood still" : (signal ?? `code ${code}`)}); another is started in ${restartInMs / 1_000} s`,
  );
}
