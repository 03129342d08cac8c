/**
 * A queue between one who pushes and one who pulls, as an async iterator. It holds at most `limit` values of `maxBytes` together, and
 * its `return()` ends it at once, also while a `next()` is pending; an async generator could do neither. A single value may be larger
 * than `maxBytes`: it is taken where nothing else waits, for whoever asked again would be sent it again.
 */
export class BoundedStream<T> implements AsyncIterableIterator<T> {
  readonly #limit: number;
  readonly #maxBytes: number;
  readonly #onEnd: () => void;
  #values: T[] = [];
  #sizes: number[] = [];
  #bytes = 0;
  #taken = 0;
  #waiting: ((result: IteratorResult<T>) => void)[] = [];
  #ended = false;

  /** `onEnd` is called once, when nothing more will be taken in. */
  constructor(options: { limit: number; maxBytes?: number; onEnd?: () => void }) {
    this.#limit = options.limit;
    this.#maxBytes = options.maxBytes ?? Infinity;
    this.#onEnd = options.onEnd ?? (() => {});
  }

  /** Values that wait to be pulled. */
  get size(): number {
    return this.#values.length - this.#taken;
  }

  /** Bytes of these. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a value of so many bytes in; false when the queue is full (the value is not taken) or has ended. */
  push(value: T, bytes = 0): boolean {
    if (this.#ended) return false;
    const { size } = this;
    const hasRoom = size < this.#limit && (size === 0 || this.#bytes + bytes <= this.#maxBytes);
    if (this.#waiting.length === 0 && !hasRoom) return false;
    this.#append(value, bytes);
    return true;
  }

  /** Ends the stream after what is queued, and after `last` where one is given, which the limit does not keep out. */
  end(last?: T): void {
    if (this.#ended) return;
    this.#ended = true;
    if (last !== undefined) this.#append(last, 0);
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
    this.#sizes = [];
    this.#bytes = 0;
    this.#taken = 0;
    this.end();
    return Promise.resolve(finished);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #append(value: T, bytes: number): void {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return waiting({ done: false, value });
    this.#values.push(value);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  #take(): T {
    this.#bytes -= this.#sizes[this.#taken]!;
    const value = this.#values[this.#taken++] as T;
    // Not shift() for each value: that moves the whole queue.
    if (this.#taken > 256 || this.#taken === this.#values.length) {
      this.#values = this.#values.slice(this.#taken);
      this.#sizes = this.#sizes.slice(this.#taken);
      this.#taken = 0;
    }
    return value;
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve(finished);
  }
}

const finished = { done: true, value: undefined } as const;
