import { setImmediate as nextTurn } from "node:timers/promises";

let last = Promise.resolve();

/**
 * Resolves in a turn of the main loop that no other caller has: who has much to do asks for one before each part of it. Many who waited for the next turn would
 * share it, and each other caller would wait for all of them.
 */
export function ownTurn(): Promise<void> {
  last = last.then(() => nextTurn());
  return last;
}
