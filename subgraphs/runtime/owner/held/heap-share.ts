import { getHeapStatistics } from "node:v8";

/** A quarter: what is stored lies in memory as rows and as a statement too for a while, and what lies in JSON is larger than is counted at worst. */
const share = 1 / 4;

/** A sixteenth: an answer lies in memory as it came, as a text, as values, as a row and as a statement. */
const answersShare = 1 / 16;

/** What the runs of this process may hold together: a part of the most that its heap may have. */
export function heldBytesOfHeap(): number {
  return Math.floor(getHeapStatistics().heap_size_limit * share);
}

/** What the calls of this process may have in flight together, in bytes as they come: a part of the same. */
export function answerBytesOfHeap(): number {
  return Math.floor(getHeapStatistics().heap_size_limit * answersShare);
}
