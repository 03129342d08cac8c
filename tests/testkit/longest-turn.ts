/**
 * How long this process's main loop was busy at a stretch: in processor time of its thread, so that a machine that is busy with other things
 * does not count, and without the collections of garbage in it: the heap of a process of tests is mostly the tests'.
 * In that time nobody is answered.
 */
import { PerformanceObserver, type PerformanceEntry } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";

interface Turn {
  fromMs: number;
  toMs: number;
  cpuMs: number;
}

/** Does some work and says what was its outcome, and the longest turn of the loop meanwhile, in ms. */
export async function longestTurn<T>(work: () => Promise<T>): Promise<{ outcome: T; longestMs: number }> {
  const collections: PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => collections.push(...list.getEntries()));
  observer.observe({ entryTypes: ["gc"] });
  // What was begun before is not the work's.
  await pause(20);
  const turns: Turn[] = [];
  let isDone = false;
  let beforeMs = performance.now();
  let before = process.threadCpuUsage();
  const watching = (async () => {
    while (!isDone) {
      // A timer, not an immediate: it leaves the loop idle, and is late by whatever else runs.
      await pause(1);
      const { user, system } = process.threadCpuUsage(before);
      const toMs = performance.now();
      turns.push({ fromMs: beforeMs, toMs, cpuMs: (user + system) / 1_000 });
      beforeMs = toMs;
      before = process.threadCpuUsage();
    }
  })();
  try {
    const outcome = await work();
    isDone = true;
    // It has still to see the turn that ended the work.
    await watching;
    // The observer is told in a later turn.
    await pause(20);
    return { outcome, longestMs: Math.max(...turns.map((turn) => turn.cpuMs - collectedMs(turn, collections))) };
  } finally {
    isDone = true;
    observer.disconnect();
  }
}

/** How much of a turn was a collection of garbage. */
function collectedMs({ fromMs, toMs }: Turn, collections: readonly PerformanceEntry[]): number {
  const within = collections.map(({ startTime, duration }) => Math.min(toMs, startTime + duration) - Math.max(fromMs, startTime));
  return within.reduce((sum, ms) => sum + Math.max(0, ms), 0);
}
