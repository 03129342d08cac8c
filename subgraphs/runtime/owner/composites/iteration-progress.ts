/**
 * How far an iteration has come, as its row says now and then: a load then looks for what has ended since, and not for all that has ended. It counts what its
 * flush stores, or an earlier one stored, so it is never ahead of the rows.
 */
import { isStopped, type Drive } from "../../engine/frame.ts";
import type { ProgressColumn } from "../../queue/rows.ts";
import type { HeldNode } from "../held/held-node.ts";

/** So many items end between two that are stored. */
const endsBetween = 256;
/** With more that are open among those that have ended it is not stored: a new run has them that goes on with what others of it left. */
const mostOpen = 256;

/** Whether it is looked at again how far it has come. From a failure on it is not: then it matters whether an item has ended before it. */
export function isProgressDue({ state, progressEnds }: HeldNode): boolean {
  const { drive, node } = state;
  if (drive === undefined || node.composite?.kind !== "iteration" || drive.ended - progressEnds < endsBetween) return false;
  return drive.failure === undefined && !isStopped(state);
}

/** What there is to store; undefined: too many are open. */
export function progressOf({ results }: Drive): ProgressColumn | undefined {
  const open: number[] = [];
  for (let ordinal = 0; ordinal < results.length; ordinal++) if (results[ordinal] === undefined) open.push(ordinal);
  return open.length > mostOpen ? undefined : { next: results.length, open };
}

/** Ordinals of the items that it says have ended. */
export function endedBefore({ next, open }: ProgressColumn): number[] {
  const notYet = new Set(open);
  return Array.from({ length: next }, (_, ordinal) => ordinal).filter((ordinal) => !notYet.has(ordinal));
}
