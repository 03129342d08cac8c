/**
 * The time of one attempt, or of one request. It runs from the call on, and stands still while that waits for a turn or for room of the platform's own (a
 * program's, a thread's, that of answers): how long that takes is others' matter, and must not be its time-out. Nor is it while the process stands still: it
 * was stopped, or its machine was, and has not read yet what came meanwhile, as timers are looked at before sockets are.
 */
/** A timer that comes as late as this tells that the process stood still. */
const stoodStillMs = 1_000;
/** Backstop: what waits longer than any queue lets it has lost its turn. */
const longestWaitMs = 30 * 60_000;

/** See above. */
export class PausingClock {
  readonly #onOver: () => void;
  readonly #timeoutMs: number;
  #leftMs: number;
  #ranFromMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #waits = 0;
  #isRunning = false;
  #isOver = false;
  /** What was given back for time in which the process stood still: as much as the whole at most, or who stands still again and again would wait for ever. */
  #givenMs = 0;

  /** Begins. `onOver` is called once, when it has taken that long itself. */
  constructor(timeoutMs: number, onOver: () => void) {
    this.#leftMs = this.#timeoutMs = timeoutMs;
    this.#onOver = onOver;
    this.#run();
  }

  /** Stands still until what it returns is called; that may be called again, which does nothing. */
  wait(): () => void {
    if (this.#waits === 0) this.#stand();
    this.#waits += 1;
    let isWaiting = true;
    return () => {
      if (!isWaiting) return;
      isWaiting = false;
      this.#waits -= 1;
      if (this.#waits === 0) this.#run();
    };
  }

  /** Stands still until the promise is settled. */
  async during(waiting: Promise<void>): Promise<void> {
    const goesOn = this.wait();
    await waiting.finally(goesOn);
  }

  /** Nobody is told any more. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #run(): void {
    if (this.#isOver || this.#isRunning) return;
    clearTimeout(this.#timer);
    this.#isRunning = true;
    this.#ranFromMs = performance.now();
    this.#timer = setTimeout(() => this.#due(), this.#leftMs).unref();
  }

  #due(): void {
    const lateMs = performance.now() - this.#ranFromMs - this.#leftMs;
    const givenMs = Math.min(lateMs, this.#timeoutMs - this.#givenMs);
    if (lateMs < stoodStillMs || givenMs <= 0) {
      this.end();
      return this.#onOver();
    }
    // It stood still for at least as long.
    this.#isRunning = false;
    this.#givenMs += givenMs;
    this.#leftMs = givenMs;
    this.#run();
  }

  #stand(): void {
    if (this.#isOver || !this.#isRunning) return;
    clearTimeout(this.#timer);
    this.#isRunning = false;
    this.#leftMs = Math.max(0, this.#leftMs - (performance.now() - this.#ranFromMs));
    this.#timer = setTimeout(() => this.#run(), longestWaitMs).unref();
  }
}
