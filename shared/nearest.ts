/**
 * The known word that somebody may have meant: the nearest by characters that are added, left out, replaced, or swapped with the next.
 *
 * @param most  how many such slips at most.
 * @returns undefined when none is so near; the first of those that are equally near.
 */
export function nearest(word: string, known: Iterable<string>, most: number): string | undefined {
  let best: string | undefined;
  let allowed = most;
  for (const candidate of known) {
    const slips = slipsBetween(word, candidate, allowed);
    if (slips > allowed) continue;
    best = candidate;
    allowed = slips - 1;
    if (allowed < 0) break;
  }
  return best;
}

/** More than `most` may be any number beyond it: only as much of the table is worked out as could lead to less. */
function slipsBetween(one: string, other: string, most: number): number {
  if (Math.abs(one.length - other.length) > most) return most + 1;
  let [before, row]: [number[], number[]] = [[], Array.from({ length: Math.min(other.length, most) + 1 }, (_, at) => at)];
  for (let i = 1; i <= one.length; i++) {
    const next: number[] = i <= most ? [i] : [];
    let least = next[0] ?? Infinity;
    for (let j = Math.max(1, i - most); j <= Math.min(other.length, i + most); j++) {
      const isSame = one[i - 1] === other[j - 1];
      const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const replaced = (row[j - 1] ?? Infinity) + (isSame ? 0 : 1);
      const moved = isSwapped ? (before[j - 2] ?? Infinity) + 1 : Infinity;
      next[j] = Math.min(replaced, moved, (row[j] ?? Infinity) + 1, (next[j - 1] ?? Infinity) + 1);
      least = Math.min(least, next[j]!);
    }
    if (least > most) return least;
    [before, row] = [row, next];
  }
  return row[other.length] ?? Infinity;
}
