/** How long faults last. */
export const soakSeconds = 25;

/** Of the output of a node of type large: four of them are more than a flush takes. */
export const largeChars = 900_000;

/** Seeded chance (mulberry32), so that a failed soak can be run again. */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
