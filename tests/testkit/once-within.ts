/** How long the parts of what is promised took in one attempt, by name; Infinity, or NaN: it did not come in time at all. */
export type Took = Record<string, number>;

const attempts = 5;

/**
 * For what users are promised within a time. Attempts until all of it was there within the bound, five times at most: a machine that stalls
 * may spoil some attempts, what is slow by itself spoils them all. Whatever else an attempt expects must hold in each.
 */
export async function onceWithin(boundMs: number, attempt: () => Promise<Took>): Promise<void> {
  const spoiled: Took[] = [];
  do {
    const took = await attempt();
    if (Object.values(took).every((ms) => ms < boundMs)) return;
    spoiled.push(took);
  } while (spoiled.length < attempts);
  throw new Error(`never within ${boundMs} ms: ${JSON.stringify(spoiled)}`);
}
