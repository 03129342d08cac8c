/**
 * The process for suspects: what has outlived two owners is executed there, one row at a time, so that what kills its owner kills no run beside it.
 * It is started when there is such a row, ends by itself when there is none, and is not missed when it dies: the next look starts another.
 */
import type { ChildProcess } from "node:child_process";
import type { Log } from "#shared/log.ts";
import type { KnownProcess } from "./instance-lock.ts";
import { PartProcess, type Ended } from "./part-process.ts";

/** How the process for suspects is started and watched. */
export interface SuspectsOptions {
  fork: () => ChildProcess;
  log: Log;
  /** SIGKILL follows SIGTERM after this long; 27 s. */
  stopDeadlineMs?: number;
  /** It was started, or has ended. */
  onChange?: () => void;
  onEnd?: (end: Ended) => void;
}

/** Starts the process for suspects when it is wanted. */
export interface SuspectsProcess {
  /** There is a suspect. Does nothing while the process lives. */
  wanted(): void;
  /** It, while it lives. */
  known(): KnownProcess[];
  /** What it has counted, while it lives. */
  metrics(): Promise<string>;
  /** Ends it: it finishes or gives back what it owns. No other is started. */
  stop(): Promise<void>;
}

/** Starts none before it is wanted. */
export function suspectsProcess({ fork, log, stopDeadlineMs = 27_000, onChange, onEnd }: SuspectsOptions): SuspectsProcess {
  let alive: PartProcess | undefined;
  let isStopping = false;
  return {
    wanted() {
      if (alive !== undefined || isStopping) return;
      alive = new PartProcess(fork(), () => {});
      log.warn({ pid: alive.child.pid }, "a run or node has outlived two owners; a process of its own executes it");
      onChange?.();
      void alive.ended.then((end) => {
        const { pid, code, signal, wasStuck } = end;
        log.info({ pid, code, signal, wasStuck }, "the process for suspects ended");
        alive = undefined;
        onChange?.();
        onEnd?.(end);
      });
    },
    known: () => alive?.known("suspects") ?? [],
    metrics: async () => (await alive?.metrics("suspects")) ?? "",
    async stop() {
      isStopping = true;
      await alive?.end(stopDeadlineMs);
    },
  };
}
