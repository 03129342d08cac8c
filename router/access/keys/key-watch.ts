import { databaseNowMs } from "#shared/database-time.ts";

/** Why something that was opened with a key ends: the key is accepted no more, or nobody can say any more whether it is. */
export type WatchedEnd = "REFUSED" | "UNKNOWN";

interface Watched {
  expiresAt: Date | null;
  ends: Set<(why: WatchedEnd) => void>;
}

/** What is open with keys, sockets and streams, and ends with them. */
export class KeyWatch {
  readonly #watched = new Map<string, Watched>();
  /** Until when a key that ends itself ends nothing yet, by `performance.now()`. */
  readonly #heldUntilMs = new Map<string, number>();

  add(keyId: string, expiresAt: Date | null, end: (why: WatchedEnd) => void): () => void {
    const watched = this.#watched.get(keyId) ?? { expiresAt, ends: new Set() };
    watched.ends.add(end);
    this.#watched.set(keyId, watched);
    return () => {
      watched.ends.delete(end);
      if (watched.ends.size === 0 && this.#watched.get(keyId) === watched) this.#watched.delete(keyId);
    };
  }

  /** A key has another time until which it is accepted, which may have passed. */
  changed(keyId: string, expiresAt: Date | null): void {
    const watched = this.#watched.get(keyId);
    if (watched !== undefined) watched.expiresAt = expiresAt;
  }

  /** A key is about to be ended by whoever has it: what is open with it stays open for so long, so that the answer, which may have its successor, gets through. */
  hold(keyId: string, forMs: number): void {
    this.#heldUntilMs.set(keyId, performance.now() + forMs);
  }

  isHeld(keyId: string): boolean {
    return this.#heldUntilMs.has(keyId);
  }

  /** Ends what was opened with keys that have expired. */
  endExpired(): void {
    const now = databaseNowMs();
    for (const [keyId, untilMs] of this.#heldUntilMs) if (untilMs <= performance.now()) this.#heldUntilMs.delete(keyId);
    for (const [keyId, { expiresAt }] of this.#watched) {
      if (expiresAt !== null && expiresAt.getTime() <= now && !this.isHeld(keyId)) this.#end(keyId, "REFUSED");
    }
  }

  endAll(why: WatchedEnd): void {
    for (const keyId of this.#watched.keys()) this.#end(keyId, why);
  }

  #end(keyId: string, why: WatchedEnd): void {
    const { ends } = this.#watched.get(keyId)!;
    this.#watched.delete(keyId);
    for (const end of ends) end(why);
  }
}
