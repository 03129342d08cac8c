/** Waits for all of them, whatever comes of any; what failed is thrown as by {@link throwAll}. */
export async function allDone(works: Iterable<Promise<unknown>>): Promise<void> {
  const ends = await Promise.allSettled(works);
  throwAll(ends.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : [])));
}

/** Throws one failure as it is, several as one that says each; none: does nothing. */
export function throwAll(failures: readonly unknown[]): void {
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, failures.map(String).join("; "));
}
