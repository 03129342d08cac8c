/** How far behind the first place a place counts; the usual value of reciprocal rank fusion (Cormack, Clarke, Büttcher 2009). */
const rankOffset = 60;

/**
 * Fuses orders of the same things by reciprocal rank: each order gives 1 / (60 + place), and what is first in all of them has the score 1.
 *
 * @param orders  ids, best first.
 * @returns the best, best first; of equal ones the greater id, which is the newer memory.
 */
export function fuseRanks(orders: readonly (readonly string[])[], limit: number): { id: string; score: number }[] {
  const scores = new Map<string, number>();
  for (const order of orders) {
    for (const [index, id] of order.entries()) {
      scores.set(id, (scores.get(id) ?? 0) + (rankOffset + 1) / (rankOffset + 1 + index) / orders.length);
    }
  }
  return [...scores]
    .map(([id, score]) => ({ id, score }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? 1 : -1))
    .slice(0, limit);
}
