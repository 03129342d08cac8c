/** About how much of the heap a value holds: for caches, which must know it before they keep something. */

/** Bytes of an object, a list or a text beside its members, of a member, and of a character: as V8 has them, rounded up. */
const [objectBytes, memberBytes, charBytes] = [64, 24, 2];

/** Counts everything that is reachable from `value`, each object once. Functions hide what they hold; what `shared` has is somebody else's. */
export function heapSizeOf(value: unknown, shared: readonly object[] = []): number {
  const seen = new Set<unknown>(shared);
  const waiting = [value];
  let bytes = 0;
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === "string") bytes += objectBytes / 2 + next.length * charBytes;
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    const members = next instanceof Map ? [...next].flat() : next instanceof Set ? [...next] : Object.values(next);
    bytes += objectBytes + members.length * memberBytes;
    for (const member of members) waiting.push(member);
  }
  return bytes;
}
