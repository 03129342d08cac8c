/**
 * A stream that is read from storage by cursor: a hint says that there may be more, a slow poll is the net beneath lost hints.
 * Whoever pulls slowly holds one page in memory, never the backlog. `return()` ends it at once, also while a `next()` waits.
 */

/** Where the items come from. */
export interface PullSource<T> {
  /** Reads what follows the last read; empty when there is nothing yet. `done`: nothing will ever follow these items. */
  read(): Promise<{ items: readonly T[]; done: boolean }>;
  /** Calls `wake` when there may be more; returns the function that ends it. */
  listen(wake: () => void): () => void;
  /** Reads again after this long without a hint. */
  pollMs: number;
}

/** Pulls a source as an async iterator. What `read` throws ends the stream. */
export class PullStream<T> implements AsyncIterableIterator<T> {
  readonly #source: PullSource<T>;
  readonly #unlisten: () => void;
  #items: readonly T[] = [];
  #taken = 0;
  #done = false;
  #hinted = false;
  #wake: () => void = () => {};
  #last: Promise<unknown> = Promise.resolve();

  constructor(source: PullSource<T>) {
    this.#source = source;
    // Before the first read: what is stored between the two is hinted at.
    this.#unlisten = source.listen(() => {
      this.#hinted = true;
      this.#wake();
    });
  }

  /** Calls are answered one after another. */
  next(): Promise<IteratorResult<T>> {
    const step = this.#last.then(() => this.#step());
    this.#last = step.catch(() => {});
    return step;
  }

  return(): Promise<IteratorResult<T>> {
    this.#end();
    return Promise.resolve(finished);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #step(): Promise<IteratorResult<T>> {
    while (this.#taken === this.#items.length) {
      if (this.#done) {
        this.#end();
        return finished;
      }
      await this.#fill();
    }
    return { done: false, value: this.#items[this.#taken++]! };
  }

  async #fill(): Promise<void> {
    this.#hinted = false;
    try {
      const { items, done } = await this.#source.read();
      if (this.#done) return;
      this.#items = items;
      this.#taken = 0;
      this.#done = done;
    } catch (error) {
      this.#end();
      throw error;
    }
    if (this.#items.length === 0 && !this.#done && !this.#hinted) await this.#rest();
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#source.pollMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #end(): void {
    this.#done = true;
    this.#items = [];
    this.#taken = 0;
    this.#unlisten();
    this.#wake();
  }
}

const finished = { done: true, value: undefined } as const;
