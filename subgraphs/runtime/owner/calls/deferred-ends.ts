/** Ends of a run's calls that wait: a decision is being stored, or there is more to store than a run may have. */
export class DeferredEnds {
  readonly #ends: (() => void)[] = [];

  add(end: () => void): void {
    this.#ends.push(end);
  }

  /** Takes them in their order, for as long as they can be taken. */
  take(mayTake: () => boolean): void {
    while (mayTake()) {
      const end = this.#ends.shift();
      if (end === undefined) return;
      end();
    }
  }

  /** Takes all of them, however much that is. */
  takeAll(): void {
    for (const end of this.#ends.splice(0)) end();
  }
}
