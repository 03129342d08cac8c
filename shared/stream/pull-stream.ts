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
  /** Whether the last read gave nothing, so that the next one waits for a hint. */
  #isIdle = false;
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

  /** Opens a stream whose first read is done: what that throws is told before there is a stream. */
  static async open<T>(source: PullSource<T>): Promise<PullStream<T>> {
    const stream = new PullStream(source);
    await stream.#fill();
    return stream;
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
      if (this.#isIdle && !this.#hinted) await this.#rest();
      else await this.#fill();
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
      this.#isIdle = items.length === 0;
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  async #rest(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#source.pollMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#isIdle = false;
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
