/** How long this process's main loop was busy at a stretch, as turns.ts counts it. */
import { Turns } from "./turns.ts";

/** Of a turn that is longer than that a further try says whether the work or the machine was to blame. */
const suspectMs = 100;

/** As {@link longestTurn}, of work that may be done again: the best of up to three tries. A turn that the work needs is as long in each of them. */
export async function longestTurnAtBest<T>(work: () => Promise<T>): Promise<{ outcome: T; longestMs: number }> {
  let best = await longestTurn(work);
  for (let tries = 1; tries < 3 && best.longestMs >= suspectMs; tries++) {
    const next = await longestTurn(work);
    if (next.longestMs < best.longestMs) best = next;
  }
  return best;
}

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
