/**
 * What the runs of a process hold in its memory: their inputs, states, outputs and what they have not stored yet, in bytes as they are stored. Bounded in all,
 * and half of it for one tenant. Who holds little always goes on; of those that hold much the oldest of each tenant does, so that nobody waits for each
 * other for ever; and while it is too much, those that came last are given back.
 */

/** Who holds bytes: an owned run, a run that is being loaded, an offered node's scope. Known by identity. */
export interface Holder {
  readonly tenantId: string;
  /** Its bytes come free soon, by themselves: it is being given back, or is no run. */
  readonly isLeaving?: boolean;
}

/** A value as JSON takes about so many times its text in memory. */
export const jsonFactor = 4;
/** Shares of the whole: what a tenant may hold, and what is too little to matter. */
const tenantPart = 2;
const smallPart = 256;

export class HeldBytes {
  readonly limitBytes: number;
  /** What one tenant may hold. */
  readonly tenantBytes: number;
  /** Who holds less is never kept waiting, and never given back. */
  readonly smallBytes: number;
  /** The first came first. */
  readonly #holders = new Map<Holder, number>();
  readonly #tenants = new Map<string, number>();
  /** Who waits until it may grow. */
  readonly #waiting = new Map<Holder, () => void>();
  #total = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
    this.tenantBytes = Math.ceil(limitBytes / tenantPart);
    this.smallBytes = Math.ceil(limitBytes / smallPart);
  }

  get total(): number {
    return this.#total;
  }

  of(tenantId: string): number {
    return this.#tenants.get(tenantId) ?? 0;
  }

  /** Says how much the holder has now. */
  set(holder: Holder, bytes: number): void {
    const before = this.#holders.get(holder) ?? 0;
    this.#holders.set(holder, bytes);
    this.#add(holder, bytes - before);
    if (bytes < before) this.#tell();
  }

  /** It holds nothing any more. */
  remove(holder: Holder): void {
    const bytes = this.#holders.get(holder);
    this.#waiting.delete(holder);
    if (bytes === undefined) return;
    this.#holders.delete(holder);
    this.#add(holder, -bytes);
    this.#tell();
  }

  /** Whether a holder may have more than it has. */
  mayGrow(holder: Holder): boolean {
    if (this.#fits(holder.tenantId, 0) || !this.#isHeavy(holder)) return true;
    return this.#staying(holder.tenantId)[0] === holder;
  }

  /** Tells, once, when it may; somebody else may be faster. */
  onceRoom(holder: Holder, told: () => void): void {
    this.#waiting.set(holder, told);
  }

  /** Whether a tenant may have so many bytes more. What fits nowhere has room where nothing else is that is large. */
  hasRoom(tenantId: string, bytes: number): boolean {
    if (bytes < this.smallBytes || this.#fits(tenantId, bytes)) return true;
    if (this.#heavy(tenantId).length > 0) return false;
    // Another tenant's share must not depend on what the others hold.
    return this.#heavy().length === 0 || this.#total + bytes <= this.limitBytes + this.tenantBytes;
  }

  /** Tenants that are to take nothing new on: they have their share, or all is taken and they have a part of it. */
  full(): string[] {
    const most = this.#total >= this.limitBytes ? this.smallBytes : this.tenantBytes;
    return [...this.#tenants].flatMap(([tenantId, bytes]) => (bytes >= most ? [tenantId] : []));
  }

  /** Who is to be given back, while what is held is too much: the last that came of those that hold much. The first of them stays. */
  excess(): Holder | undefined {
    if (this.#total <= this.limitBytes && ![...this.#tenants.values()].some((bytes) => bytes > this.tenantBytes)) return undefined;
    const { largest, bytes, total } = this.#left();
    if (total > this.limitBytes || bytes > this.tenantBytes) {
      const own = this.#staying(largest);
      if (own.length > 1) return own.at(-1);
    }
    const all = total > this.limitBytes ? this.#staying() : [];
    return all.length > 1 ? all.at(-1) : undefined;
  }

  /** Who is to be given back whatever the count says, for memory is short: the last of those of the tenant that holds most, or the only one. */
  last(): Holder | undefined {
    return this.#staying(this.#left().largest).at(-1);
  }

  /** What is held without what is leaving, and the tenant that has most of it. */
  #left(): { total: number; largest: string; bytes: number } {
    const bytesOf = new Map<string, number>();
    let total = 0;
    for (const [{ tenantId, isLeaving }, bytes] of this.#holders) {
      if (isLeaving === true) continue;
      total += bytes;
      bytesOf.set(tenantId, (bytesOf.get(tenantId) ?? 0) + bytes);
    }
    const [largest, bytes] = [...bytesOf].reduce((most, next) => (next[1] > most[1] ? next : most), ["", 0]);
    return { total, largest, bytes };
  }

  /** Who holds much, of a tenant or of all; the oldest first. */
  #heavy(tenantId?: string): Holder[] {
    const isWanted = (holder: Holder): boolean => (tenantId ?? holder.tenantId) === holder.tenantId;
    return [...this.#holders].flatMap(([holder, bytes]) => (bytes >= this.smallBytes && isWanted(holder) ? [holder] : []));
  }

  /** The same without who is leaving. */
  #staying(tenantId?: string): Holder[] {
    return this.#heavy(tenantId).filter(({ isLeaving }) => isLeaving !== true);
  }

  #isHeavy(holder: Holder): boolean {
    return (this.#holders.get(holder) ?? 0) >= this.smallBytes;
  }

  #fits(tenantId: string, bytes: number): boolean {
    return this.#total + bytes <= this.limitBytes && this.of(tenantId) + bytes <= this.tenantBytes;
  }

  #add({ tenantId }: Holder, bytes: number): void {
    this.#total += bytes;
    const left = this.of(tenantId) + bytes;
    if (left > 0) this.#tenants.set(tenantId, left);
    else this.#tenants.delete(tenantId);
  }

  // Not from within the change: whoever made it is in the middle of something.
  #tell(): void {
    for (const [holder, told] of this.#waiting) {
      if (!this.mayGrow(holder)) continue;
      this.#waiting.delete(holder);
      queueMicrotask(told);
    }
  }
}
