/** How to wait for what a test can only look at. */
export interface EventuallyOptions {
  /** Fails after this long; 120,000: patience with a slow machine, and no measure of what is waited for. */
  withinMs?: number;
  /** How long after a look the next one is; 50. More for one that costs what is watched dear. */
  everyMs?: number;
  /** Calls `again` when it may be so, before the next look's time; gives the function that ends that. */
  wake?: (again: () => void) => () => void;
}

/**
 * Looks until what it sees holds, and gives it. For the rows of other processes and the like: where there is a signal, await that instead. The
 * test fails with what was seen last.
 */
export async function eventually<T>(
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean,
  { withinMs = 120_000, everyMs = 50, wake }: EventuallyOptions = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const changed = nextChange(everyMs, wake);
    const seen = await look();
    if (holds(seen)) {
      changed.cancel();
      return seen;
    }
    if (performance.now() > deadline) throw new Error(`not so within ${withinMs} ms, but ${JSON.stringify(seen)}`);
    await changed.promise;
  }
}

/** Listens from before the look on, so that nothing is missed between the two; a signal may be lost all the same. */
function nextChange(everyMs: number, wake: EventuallyOptions["wake"]): { promise: Promise<void>; cancel: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, everyMs);
  const end = wake?.(resolve);
  const cancel = () => {
    clearTimeout(timer);
    end?.();
    resolve();
  };
  void promise.then(cancel);
  return { promise, cancel };
}
