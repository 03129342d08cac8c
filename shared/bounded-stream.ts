/**
 * A queue between one who pushes and one who pulls, as an async iterator. It holds at most `limit` values, and its `return()`
 * ends it at once, also while a `next()` is pending; an async generator could do neither.
 */
export class BoundedStream<T> implements AsyncIterableIterator<T> {
  readonly #limit: number;
  readonly #onEnd: () => void;
  #values: T[] = [];
  #taken = 0;
  #waiting: ((result: IteratorResult<T>) => void)[] = [];
  #ended = false;

  /** `onEnd` is called once, when nothing more will be taken in. */
  constructor(options: { limit: number; onEnd?: () => void }) {
    this.#limit = options.limit;
    this.#onEnd = options.onEnd ?? (() => {});
  }

  /** Values that wait to be pulled. */
  get size(): number {
    return this.#values.length - this.#taken;
  }

  /** Takes a value in; false when the queue is full (the value is not taken) or has ended. */
  push(value: T): boolean {
    if (this.#ended) return false;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting({ done: false, value });
    else if (this.size >= this.#limit) return false;
    else this.#values.push(value);
    return true;
  }

  /** Ends the stream after what is queued, and after `last` where one is given, which the limit does not keep out. */
  end(last?: T): void {
    if (this.#ended) return;
    this.#ended = true;
    if (last !== undefined) this.#append(last);
    if (this.size === 0) this.#release();
    this.#onEnd();
  }

  next(): Promise<IteratorResult<T>> {
    if (this.size > 0) return Promise.resolve({ done: false, value: this.#take() });
    if (this.#ended) return Promise.resolve(finished);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<T>> {
    this.#values = [];
    this.#taken = 0;
    this.end();
    return Promise.resolve(finished);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #append(value: T): void {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting({ done: false, value });
    else this.#values.push(value);
  }

  #take(): T {
    const value = this.#values[this.#taken++] as T;
    // Not shift() for each value: that moves the whole queue.
    if (this.#taken > 256 || this.#taken === this.#values.length) {
      this.#values = this.#values.slice(this.#taken);
      this.#taken = 0;
    }
    return value;
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve(finished);
  }
}

const finished = { done: true, value: undefined } as const;
