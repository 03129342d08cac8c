/**
 * What a process remembers for tenants, each thing by a key of theirs. No tenant makes it forget what it knows for another: each has so many places, and where all
 * together are too many, whoever has most gives one up. What was set longest ago goes first.
 */

/** A key of a tenant. */
export interface TenantKey {
  tenantId: string;
  key: string;
}

/** How much is remembered. */
export interface RecordLimits {
  each: number;
  all: number;
}

const usualLimits: RecordLimits = { each: 1_000, all: 20_000 };

export class TenantRecords<Value> {
  readonly #limits: RecordLimits;
  /** By tenant; of each by key, those that were set last behind. */
  readonly #records = new Map<string, Map<string, Value>>();
  #size = 0;

  constructor(limits: RecordLimits = usualLimits) {
    this.#limits = limits;
  }

  get({ tenantId, key }: TenantKey): Value | undefined {
    return this.#records.get(tenantId)?.get(key);
  }

  set(at: TenantKey, value: Value): void {
    this.delete(at);
    const own = this.#records.get(at.tenantId) ?? new Map<string, Value>();
    this.#records.set(at.tenantId, own.set(at.key, value));
    this.#size++;
    if (own.size > this.#limits.each) this.#forget(at.tenantId, own);
    else if (this.#size > this.#limits.all) this.#forget(...this.#largest(at.tenantId, own));
  }

  delete({ tenantId, key }: TenantKey): void {
    const own = this.#records.get(tenantId);
    if (own?.delete(key) !== true) return;
    this.#size--;
    if (own.size === 0) this.#records.delete(tenantId);
  }

  /** Of those who have as many, whoever sets. */
  #largest(tenantId: string, own: Map<string, Value>): [string, Map<string, Value>] {
    let most: [string, Map<string, Value>] = [tenantId, own];
    for (const one of this.#records) if (one[1].size > most[1].size) most = one;
    return most;
  }

  #forget(tenantId: string, own: Map<string, Value>): void {
    const [oldest] = own.keys();
    if (oldest !== undefined) this.delete({ tenantId, key: oldest });
  }
}
