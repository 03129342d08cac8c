import { databaseNowMs } from "#shared/database-time.ts";

/** Why something that was opened with a key ends: the key is accepted no more, or nobody can say any more whether it is. */
export type WatchedEnd = "REFUSED" | "UNKNOWN";

/** Until when a key is accepted, null where nobody knows of an end; and the number of the change that made it so. */
export interface KeyEnd {
  expiresAt: Date | null;
  epoch: string;
}

/** Something that is open with a key. */
export interface OpenWithKey {
  /** Ends it; called once. */
  end: (why: WatchedEnd) => void;
  /** Whether it stays open yet though the key has ended, by the number of the change by which it has; unless given it does not. */
  isHeld?: ((epoch: string) => boolean) | undefined;
  /** It goes on while nobody can say whether the key holds, and is watched yet: it ends when the key is known to be refused. */
  goesOnUnknown?: true | undefined;
}

interface Watched extends KeyEnd {
  open: Set<OpenWithKey>;
}

/** What is open with keys, operations, sockets and streams, and ends with them. */
export class KeyWatch {
  readonly #watched = new Map<string, Watched>();

  add(keyId: string, keyEnd: KeyEnd, open: OpenWithKey): () => void {
    const watched = this.#watched.get(keyId) ?? { ...keyEnd, open: new Set() };
    watched.open.add(open);
    this.#watched.set(keyId, watched);
    return () => this.#remove(keyId, watched, open);
  }

  /** A key has another time until which it is accepted, which may have passed. */
  changed(keyId: string, { expiresAt, epoch }: KeyEnd): void {
    const watched = this.#watched.get(keyId);
    if (watched !== undefined) Object.assign(watched, { expiresAt, epoch });
  }

  /** Ends what was opened with keys that have expired. */
  endExpired(): void {
    const now = databaseNowMs();
    for (const [keyId, { expiresAt }] of this.#watched) if (expiresAt !== null && expiresAt.getTime() <= now) this.#end(keyId, "REFUSED");
  }

  endAll(why: WatchedEnd): void {
    for (const keyId of this.#watched.keys()) this.#end(keyId, why);
  }

  /** An operation by which its own key has ended stays until it was answered; what goes on while nobody can say whether it holds, stays then. */
  #end(keyId: string, why: WatchedEnd): void {
    const watched = this.#watched.get(keyId)!;
    const stays = ({ isHeld, goesOnUnknown }: OpenWithKey) => (why === "UNKNOWN" ? goesOnUnknown : isHeld?.(watched.epoch)) === true;
    const ending = [...watched.open].filter((open) => !stays(open));
    for (const open of ending) this.#remove(keyId, watched, open);
    for (const { end } of ending) end(why);
  }

  #remove(keyId: string, watched: Watched, open: OpenWithKey): void {
    watched.open.delete(open);
    if (watched.open.size === 0 && this.#watched.get(keyId) === watched) this.#watched.delete(keyId);
  }
}
