/** A bound on how much happens at once, and on how much waits for its turn. First come, first served. */
export class TurnQueue {
  readonly #size: number;
  readonly #queue: number;
  #used = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param size how much may happen at once. @param queue how much may wait. */
  constructor(size: number, queue: number) {
    this.#size = size;
    this.#queue = queue;
  }

  /** Runs `work` when a slot is free. "full": too many wait already; "aborted": the signal fired before its turn. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | "full" | "aborted"> {
    if (this.#used >= this.#size) {
      if (this.#waiting.length >= this.#queue) return "full";
      if (!(await this.#turn(signal))) return "aborted";
    } else {
      this.#used++;
    }
    try {
      return signal.aborted ? "aborted" : await work();
    } finally {
      this.#release();
    }
  }

  /** Resolves with true when a slot has been handed over, with false when the signal fired first. */
  #turn(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const take = () => {
        signal.removeEventListener("abort", leave);
        resolve(true);
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        resolve(false);
      };
      if (signal.aborted) return resolve(false);
      this.#waiting.push(take);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #release(): void {
    const next = this.#waiting.shift();
    // Handed over without being freed in between, so that nobody overtakes.
    if (next) next();
    else this.#used--;
  }
}
