/**
 * Room for nodes that wait for the outside. A tenant has at most three quarters of it, whichever way its nodes come, so that no tenant fills a
 * process alone. There is no way beyond that: whatever finds no room is offered to others, given back, or waits.
 */
export class Slots {
  readonly total: number;
  /** What one tenant may have. */
  readonly share: number;
  readonly #byTenant = new Map<string, number>();
  readonly #onReleased: () => void;
  /** Who waits for room, the longest first. */
  readonly #waiting = new Set<{ tenantId: string; told: () => void }>();
  #used = 0;

  constructor(total: number, onReleased: () => void = () => {}) {
    this.total = total;
    this.share = tenantShare(total);
    this.#onReleased = onReleased;
  }

  get free(): number {
    return this.total - this.#used;
  }

  /** Whether a tenant has its share, so that more of its nodes may wait than those who look for room have seen. */
  get isCapped(): boolean {
    return [...this.#byTenant.values()].some((used) => used >= this.share);
  }

  hasRoom(tenantId: string): boolean {
    return this.#used < this.total && this.#of(tenantId) < this.share;
  }

  /** Takes one for a tenant; false when there is none, or the tenant has its share. */
  take(tenantId: string): boolean {
    if (!this.hasRoom(tenantId)) return false;
    this.#used++;
    this.#byTenant.set(tenantId, this.#of(tenantId) + 1);
    return true;
  }

  /** Resolves when one is taken for the tenant. */
  async taken(tenantId: string): Promise<void> {
    while (!this.take(tenantId)) await new Promise<void>((told) => this.onceRoom(tenantId, told));
  }

  /** Tells, once, when there is room for the tenant; somebody else may be faster. */
  onceRoom(tenantId: string, told: () => void): void {
    this.#waiting.add({ tenantId, told });
  }

  release(tenantId: string): void {
    this.#used--;
    const left = this.#of(tenantId) - 1;
    if (left > 0) this.#byTenant.set(tenantId, left);
    else this.#byTenant.delete(tenantId);
    this.#tell();
    this.#onReleased();
  }

  /** How many each tenant has that has some. */
  held(): ReadonlyMap<string, number> {
    return this.#byTenant;
  }

  // All for whom there is room: one that does not want it any more must not keep it from the next. Who comes too late asks again, in the same order.
  #tell(): void {
    for (const waiting of this.#waiting) {
      if (!this.hasRoom(waiting.tenantId)) continue;
      this.#waiting.delete(waiting);
      // Not from within the release: whoever gave the slot back is in the middle of something.
      queueMicrotask(waiting.told);
    }
  }

  #of(tenantId: string): number {
    return this.#byTenant.get(tenantId) ?? 0;
  }
}

/** What one tenant may have of something that `total` fit into. */
export function tenantShare(total: number): number {
  return Math.ceil(total * 0.75);
}
