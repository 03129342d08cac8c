/**
 * A stream whose values each go through a step of their own, in order. Not an async generator: the `return()` of one waits for
 * its pending `next()`, so that an idle stream would never end. This one ends at once, whatever its source does, and it never
 * rejects: a failure is its last value.
 */
export function mapStream<T, R>(source: AsyncIterator<T>, steps: MapSteps<T, R>): AsyncIterableIterator<R> {
  let ended = false;
  const waiting = new Set<() => void>();
  const end = () => {
    if (ended) return;
    ended = true;
    // Not awaited: the return of a generator that idles comes only with its next event.
    source.return?.().catch(() => {});
    steps.ended?.();
  };
  const step = async (release: () => void): Promise<IteratorResult<R>> => {
    try {
      const pulled = await source.next();
      if (ended) return finished;
      if (pulled.done !== true) return { done: false, value: await steps.map(pulled.value) };
    } catch (error) {
      if (ended) return finished;
      const last = steps.failed(error);
      end();
      return { done: false, value: last };
    } finally {
      waiting.delete(release);
    }
    end();
    return finished;
  };
  return {
    next() {
      if (ended) return Promise.resolve(finished);
      return new Promise((resolve, reject) => {
        const release = () => resolve(finished);
        waiting.add(release);
        step(release).then(resolve, reject);
      });
    },
    return() {
      end();
      for (const release of waiting) release();
      return Promise.resolve(finished);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** What happens to the values of a stream, and at its end. */
export interface MapSteps<T, R> {
  map: (value: T) => Promise<R>;
  /** Makes the last value of a stream whose source, or a step, fails. */
  failed: (cause: unknown) => R;
  /** Called once, whoever ends the stream. */
  ended?: () => void;
}

const finished = { done: true, value: undefined } as const;
