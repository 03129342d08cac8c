/**
 * How large a value is when it is written out: a list that holds another twice counts it twice. `{% assign a = a | push: a %}` thirty times is
 * thirty small lists in memory, and a thousand million as text.
 */
const known = new WeakMap<object, number>();

/**
 * Characters and items of a value, as a tree.
 *
 * @param parts  what the value was made of, where that is known: then nothing is walked that was walked before.
 */
export function treeSize(value: unknown, parts?: readonly unknown[]): number {
  if (typeof value === "string") return value.length + 1;
  if (typeof value !== "object" || value === null) return 1;
  const before = known.get(value);
  if (before !== undefined) return before;
  let size = 1;
  for (const part of parts ?? childrenOf(value)) size += treeSize(part);
  known.set(value, size);
  return size;
}

function childrenOf(value: object): readonly unknown[] {
  return Array.isArray(value) ? value : Object.values(value);
}
