/**
 * The process for suspects: what has outlived two owners is executed there, one row at a time, so that what kills its owner kills no run beside it.
 * It is started when there is such a row, ends by itself when there is none, and is not missed when it dies: the next look starts another.
 */
import type { ChildProcess } from "node:child_process";
import type { Log } from "#shared/log.ts";
import { endChild } from "./worker-processes.ts";

/** Starts the process for suspects when it is wanted. */
export interface SuspectsProcess {
  /** There is a suspect. Does nothing while the process lives. */
  wanted(): void;
  /** Ends it: it finishes or gives back what it owns. No other is started. */
  stop(): Promise<void>;
}

/** @param options.stopDeadlineMs  SIGKILL follows SIGTERM after this long; 27 s. */
export function suspectsProcess(options: { fork: () => ChildProcess; log: Log; stopDeadlineMs?: number }): SuspectsProcess {
  let alive: { child: ChildProcess; ended: Promise<void> } | undefined;
  let isStopping = false;
  return {
    wanted() {
      if (alive !== undefined || isStopping) return;
      const child = options.fork();
      options.log.warn({ pid: child.pid }, "a run or node has outlived two owners; a process of its own executes it");
      const ended = new Promise<void>((resolve) => {
        child.once("error", () => resolve());
        child.once("exit", () => resolve());
      });
      alive = { child, ended };
      void ended.then(() => {
        options.log.info({ pid: child.pid, code: child.exitCode, signal: child.signalCode }, "the process for suspects ended");
        alive = undefined;
      });
    },
    async stop() {
      isStopping = true;
      if (alive !== undefined) await endChild(alive.child, alive.ended, options.stopDeadlineMs ?? 27_000);
    },
  };
}
