/** A condition that comes and goes, and that others wait for. */
export class Gate {
  #opening = Promise.withResolvers<void>();
  #isOpen = false;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Resolves when it is open. */
  async opened(): Promise<void> {
    while (!this.#isOpen) await this.#opening.promise;
  }

  open(): void {
    this.#isOpen = true;
    this.#opening.resolve();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#opening = Promise.withResolvers();
  }
}
