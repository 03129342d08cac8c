/**
 * Watches over a process from one of its threads, where a main loop that is blocked cannot keep it from looking: ends it when its loop does not turn though
 * it computes, and when its parent is gone and it does not end by itself. Erasable TypeScript only: threads run it without a build step.
 */
import { readFileSync, writeSync } from "node:fs";

/** What a guard watches for. */
export interface GuardSettings {
  /** The process that it belongs to, and must not outlive; nobody's when left out. */
  parentPid?: number | undefined;
  /** Ends it when its main loop has not turned for `afterMs` while its main thread computed for `cpuMs`; never when left out. */
  stuck?: { afterMs: number; cpuMs: number } | undefined;
  /** A file descriptor that the parent reads: told there why it ends. */
  notePipe?: number | undefined;
}

/** What the guard sees of the process. */
export interface Guarded {
  /** Another number whenever the main loop has turned; at least every second while it does. */
  turns: () => number;
  /** Facts for the parent: what the main loop was at. */
  doing?: () => object;
}

const lookMs = 250;
/** A process whose parent is gone gives back what it holds, which takes workers up to 28 s; one that is blocked will not. */
const orphanMs = 35_000;
const blockedOrphanMs = 3_000;

/**
 * Begins to watch. A machine that stands still, and a process that is stopped, use no processor time: that is slowness, and ends nothing.
 *
 * @returns the function that ends the watch.
 */
export function guardProcess({ parentPid, stuck, notePipe }: GuardSettings, { turns, doing }: Guarded): () => void {
  let seen = turns();
  let turnedAtMs = performance.now();
  let cpuAtTurnMs = mainThreadCpuMs();
  let orphanedAtMs = Number.POSITIVE_INFINITY;
  const look = (): void => {
    const nowMs = performance.now();
    if (turns() !== seen) {
      seen = turns();
      turnedAtMs = nowMs;
      cpuAtTurnMs = mainThreadCpuMs();
    }
    const silentMs = nowMs - turnedAtMs;
    if (parentPid !== undefined && process.ppid !== parentPid) orphanedAtMs = Math.min(orphanedAtMs, nowMs);
    const isLeft = nowMs - orphanedAtMs > orphanMs || (nowMs > orphanedAtMs && silentMs > blockedOrphanMs);
    const isStuck = stuck !== undefined && silentMs >= stuck.afterMs && mainThreadCpuMs() - cpuAtTurnMs >= stuck.cpuMs;
    if (isStuck && notePipe !== undefined) note(notePipe, doing?.() ?? {});
    if (isLeft || isStuck) process.kill(process.pid, "SIGKILL");
  };
  const timer = setInterval(look, lookMs);
  return () => clearInterval(timer);
}

function note(pipe: number, facts: object): void {
  try {
    writeSync(pipe, JSON.stringify(facts));
  } catch {
    // Nobody reads it any more.
  }
}

/** The main thread's where the system tells it apart: other threads may compute while the main loop waits for a disk. */
function mainThreadCpuMs(): number {
  try {
    const stat = readFileSync(`/proc/self/task/${process.pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // In ticks of 10 ms, on every Linux that Node runs on.
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  }
}
