/**
 * Watches over a process from one of its threads, where a main loop that is blocked cannot keep it from looking: ends it when its loop does not turn though
 * it computes, and when its parent is gone and it does not end by itself. JavaScript: a thread that has to strip types first costs 16 MB more.
 */
import { readFileSync, writeSync } from "node:fs";

const lookMs = 250;
/** A process whose parent is gone gives back what it holds, which takes workers up to 28 s; one that is blocked will not. */
const orphanMs = 35_000;
const blockedOrphanMs = 3_000;

/**
 * @param {import("./process-guard.mjs").GuardSettings} settings
 * @param {import("./process-guard.mjs").Guarded} guarded
 */
export function guardProcess({ parentPid, stuck, notePipe }, { turns, doing }) {
  let seen = turns();
  let turnedAtMs = performance.now();
  let cpuAtTurnMs = mainThreadCpuMs();
  let orphanedAtMs = Number.POSITIVE_INFINITY;
  const look = () => {
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

/**
 * @param {number} pipe
 * @param {object} facts
 */
function note(pipe, facts) {
  try {
    writeSync(pipe, JSON.stringify(facts));
  } catch {
    // Nobody reads it any more.
  }
}

/** The main thread's where the system tells it apart: other threads may compute while the main loop waits for a disk. */
function mainThreadCpuMs() {
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
