/**
 * How long this process's main loop was busy at a stretch: in processor time of its thread, so that a machine that is busy with other things
 * does not count. In that time nobody is answered.
 */
import { setTimeout as pause } from "node:timers/promises";

/** Does some work and says what was its outcome, and the longest turn of the loop meanwhile, in ms. */
export async function longestTurn<T>(work: () => Promise<T>): Promise<{ outcome: T; longestMs: number }> {
  // What was begun before is not the work's.
  await pause(20);
  let longestMs = 0;
  let isDone = false;
  let before = process.threadCpuUsage();
  const watching = (async () => {
    while (!isDone) {
      // A timer, not an immediate: it leaves the loop idle, and is late by whatever else runs.
      await pause(1);
      const { user, system } = process.threadCpuUsage(before);
      longestMs = Math.max(longestMs, (user + system) / 1_000);
      before = process.threadCpuUsage();
    }
  })();
  try {
    const outcome = await work();
    isDone = true;
    // It has still to see the turn that ended the work.
    await watching;
    return { outcome, longestMs };
  } finally {
    isDone = true;
  }
}
