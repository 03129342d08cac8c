/**
 * A stream whose events each go through an asynchronous step, in order. Not an async generator: the `return()` of one waits for
 * its pending `next()`, so that an idle stream would never end. This one ends at once, whatever its source does.
 */
export function mergeStream<T>(source: AsyncIterator<T>, options: MergeOptions<T>): AsyncIterableIterator<T> {
  let ended = false;
  const waiting = new Set<() => void>();
  const end = () => {
    if (ended) return;
    ended = true;
    // Not awaited: the return of a generator that idles comes only with its next event.
    source.return?.().catch(() => {});
    options.onEnd();
  };
  const step = async (): Promise<IteratorResult<T>> => {
    try {
      const pulled = await source.next();
      if (ended) return finished;
      if (pulled.done !== true) return { done: false, value: await options.merge(pulled.value) };
    } catch (error) {
      if (ended) return finished;
      const last = options.onError(error);
      end();
      return { done: false, value: last };
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
        step()
          .then(resolve, reject)
          .finally(() => waiting.delete(release));
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

export interface MergeOptions<T> {
  merge: (event: T) => Promise<T>;
  /** Makes the last value of a stream that fails. */
  onError: (error: unknown) => T;
  /** Called once, whoever ends the stream. */
  onEnd: () => void;
}

const finished = { done: true, value: undefined } as const;
