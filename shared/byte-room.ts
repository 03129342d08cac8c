/**
 * Room in memory for what comes from outside and is not done with: bytes of all, and of these half for one tenant. Bytes that have come are counted at once, and
 * whoever read them waits before it reads on, so that the socket fills up and not the process. Fair, and never stuck: a tenant that holds little always goes
 * on; where a tenant has its share its oldest does, and where all is taken the oldest of all, which then gives its room back.
 */

import { getHeapStatistics } from "node:v8";

/** What one reader holds. */
export interface HeldRoom {
  readonly bytes: number;
  /** Counts bytes that have come. @returns undefined: go on; else it resolves when there is room for more, or when this was released. */
  take(bytes: number): Promise<void> | undefined;
  /** Gives all of it back. What comes then is not counted, and nobody waits. */
  release(): void;
}

/** Of all that is room; a tenant that holds less goes on whatever the others hold. */
const littlePart = 16;

/** See above. */
export class ByteRoom {
  readonly totalBytes: number;
  /** What one tenant may hold before it waits. */
  readonly tenantBytes: number;
  readonly #littleBytes: number;
  readonly #tenants = new Map<string, number>();
  /** Those with bytes; the first for longest. */
  readonly #holders = new Set<Holder>();
  readonly #waiting = new Set<{ mayGoOn: () => boolean; told: () => void }>();
  #total = 0;

  constructor(totalBytes: number) {
    this.totalBytes = totalBytes;
    this.tenantBytes = Math.ceil(totalBytes / 2);
    this.#littleBytes = Math.ceil(totalBytes / littlePart);
  }

  /** Bytes that are held now. */
  get held(): number {
    return this.#total;
  }

  /** Readers, and those who want to begin, that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Bytes of one tenant. */
  of(tenantId: string): number {
    return this.#tenants.get(tenantId) ?? 0;
  }

  open(tenantId: string): HeldRoom {
    return new Holder(this, tenantId);
  }

  /** Waits before something is begun that will hold room: undefined: at once. @param signal  ends the wait; what is told then is for whoever fired it. */
  entry(tenantId: string, signal: AbortSignal): Promise<void> | undefined {
    if (this.#hasRoom(tenantId)) return undefined;
    return new Promise((resolve) => {
      const waiter = { mayGoOn: () => this.#hasRoom(tenantId), told: () => told() };
      const told = (): void => {
        this.#waiting.delete(waiter);
        signal.removeEventListener("abort", told);
        resolve();
      };
      this.#waiting.add(waiter);
      if (signal.aborted) told();
      else signal.addEventListener("abort", told, { once: true });
    });
  }

  /** @internal For holders. */
  add(holder: Holder, bytes: number): void {
    this.#total += bytes;
    this.#tenants.set(holder.tenantId, this.of(holder.tenantId) + bytes);
    this.#holders.add(holder);
  }

  /** @internal */
  remove(holder: Holder, bytes: number): void {
    if (!this.#holders.delete(holder)) return;
    this.#total -= bytes;
    const left = this.of(holder.tenantId) - bytes;
    if (left > 0) this.#tenants.set(holder.tenantId, left);
    else this.#tenants.delete(holder.tenantId);
    this.#tell();
  }

  /** @internal */
  mayGoOn(holder: Holder): boolean {
    if (this.#hasRoom(holder.tenantId)) return true;
    const isFull = this.#total > this.totalBytes;
    for (const other of this.#holders) if (isFull || other.tenantId === holder.tenantId) return other === holder;
    return true;
  }

  /** @internal Resolves when it may, or is released. */
  turn(holder: Holder): Promise<void> {
    return new Promise((resolve) => {
      const waiter = { mayGoOn: () => holder.isReleased || this.mayGoOn(holder), told: () => told() };
      const told = (): void => {
        this.#waiting.delete(waiter);
        resolve();
      };
      this.#waiting.add(waiter);
    });
  }

  #hasRoom(tenantId: string): boolean {
    const held = this.of(tenantId);
    return held <= this.#littleBytes || (held <= this.tenantBytes && this.#total <= this.totalBytes);
  }

  /** @internal Those who may go on are told. */
  tell(): void {
    this.#tell();
  }

  // All of them: one that does not want the room any more must not keep it from the next. Who takes too much waits again.
  #tell(): void {
    for (const { mayGoOn, told } of [...this.#waiting]) if (mayGoOn()) told();
  }
}

class Holder implements HeldRoom {
  readonly tenantId: string;
  readonly #room: ByteRoom;
  #bytes = 0;
  isReleased = false;

  constructor(room: ByteRoom, tenantId: string) {
    this.#room = room;
    this.tenantId = tenantId;
  }

  get bytes(): number {
    return this.#bytes;
  }

  take(bytes: number): Promise<void> | undefined {
    if (this.isReleased) return undefined;
    this.#bytes += bytes;
    this.#room.add(this, bytes);
    return this.#room.mayGoOn(this) ? undefined : this.#room.turn(this);
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.#room.remove(this, this.#bytes);
    this.#room.tell();
  }
}

/** Bodies that this process has read for callers who have not been answered yet: a thirty-second of what its heap may have. */
export const processAnswers = new ByteRoom(Math.floor(getHeapStatistics().heap_size_limit / 32));
