import { getHeapStatistics } from "node:v8";

/** A quarter: what is stored lies in memory as rows and as a statement too for a while, and what lies in JSON is larger than is counted at worst. */
const share = 1 / 4;

/** What the runs of this process may hold together: a part of the most that its heap may have. */
export function heldBytesOfHeap(): number {
  return Math.floor(getHeapStatistics().heap_size_limit * share);
}
