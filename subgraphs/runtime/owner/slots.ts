/** Room for nodes that wait for the outside. A tenant gets at most three quarters of it, so that no tenant fills a worker alone. */
export class Slots {
  readonly total: number;
  readonly #share: number;
  readonly #byTenant = new Map<string, number>();
  readonly #onReleased: () => void;
  #used = 0;

  constructor(total: number, onReleased: () => void = () => {}) {
    this.total = total;
    this.#onReleased = onReleased;
    this.#share = tenantShare(total);
  }

  get free(): number {
    return Math.max(0, this.total - this.#used);
  }

  /** Takes one for a tenant; false when there is none, or the tenant has its share. */
  take(tenantId: string): boolean {
    if (this.#used >= this.total || this.#of(tenantId) >= this.#share) return false;
    this.takeAnyway(tenantId);
    return true;
  }

  /** Takes one beyond the limit, for what must not wait: a run that executes alone. */
  takeAnyway(tenantId: string): void {
    this.#used++;
    this.#byTenant.set(tenantId, this.#of(tenantId) + 1);
  }

  release(tenantId: string): void {
    this.#used--;
    const left = this.#of(tenantId) - 1;
    if (left > 0) this.#byTenant.set(tenantId, left);
    else this.#byTenant.delete(tenantId);
    this.#onReleased();
  }

  /** Tenants that have their share. */
  capped(): string[] {
    return [...this.#byTenant].filter(([, used]) => used >= this.#share).map(([tenantId]) => tenantId);
  }

  #of(tenantId: string): number {
    return this.#byTenant.get(tenantId) ?? 0;
  }
}

/** What one tenant may have of something that `total` fit into. */
export function tenantShare(total: number): number {
  return Math.ceil(total * 0.75);
}
