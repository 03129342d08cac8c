/** How long this process's main loop was busy at a stretch, as turns.ts counts it. */
import { Turns } from "./turns.ts";

/** Does some work and says what was its outcome, and the longest turn of the loop meanwhile, in ms. */
export async function longestTurn<T>(work: () => Promise<T>): Promise<{ outcome: T; longestMs: number }> {
  const turns = new Turns();
  try {
    // What was begun before is not the work's.
    await turns.longest();
    const outcome = await work();
    return { outcome, longestMs: await turns.longest() };
  } finally {
    turns.close();
  }
}
