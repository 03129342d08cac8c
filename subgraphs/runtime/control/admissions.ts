/** Runs of a tenant that were let pass and that no count has yet: those that are being made, and those of which that has ended since the last count began. */

/** A run that was let pass. */
export interface Admission {
  /** The run is made, or will not be: the next count tells. */
  end(): void;
}

/** Making a run takes milliseconds. Whoever takes longer, or forgets to end it, has the place no longer than this. */
const longestMs = 10_000;

export class Admissions {
  /** With when they were let pass; the oldest first. */
  readonly #open = new Map<Admission, number>();
  #ended = 0;

  /** One more. */
  open(nowMs: number): Admission {
    const admission = { end: () => this.#end(admission) };
    this.#open.set(admission, nowMs);
    return admission;
  }

  /** How many there are. */
  total(nowMs: number): number {
    return this.ended(nowMs) + this.#open.size;
  }

  /** Those that have ended. A count that begins now has their runs; one that has begun before may have them. */
  ended(nowMs: number): number {
    for (const [admission, openedAtMs] of this.#open) {
      if (nowMs - openedAtMs <= longestMs) break;
      admission.end();
    }
    return this.#ended;
  }

  /** So many are in a count. */
  counted(ended: number): void {
    this.#ended -= ended;
  }

  #end(admission: Admission): void {
    if (this.#open.delete(admission)) this.#ended++;
  }
}
