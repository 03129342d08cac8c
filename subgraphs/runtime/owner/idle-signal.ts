/** Tells whoever waits for it that nothing is held any more. */
export class IdleSignal {
  readonly #isIdle: () => boolean;
  readonly #waiting = new Set<() => void>();

  constructor(isIdle: () => boolean) {
    this.#isIdle = isIdle;
  }

  /** Something was let go. */
  changed(): void {
    if (this.#waiting.size > 0 && this.#isIdle()) for (const tell of this.#waiting) tell();
  }

  /** Resolves when nothing is held, after `ms` at the latest. */
  async within(ms: number): Promise<void> {
    if (this.#isIdle()) return;
    await new Promise<void>((resolve) => {
      const tell = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(tell);
        resolve();
      };
      const timer = setTimeout(tell, ms);
      this.#waiting.add(tell);
    });
  }
}
