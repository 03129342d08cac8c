/** Audits that nobody waits for. They wait in memory, bounded by their bytes; those beyond are counted by tenant, and the count is a row when there is room. */
import { defaultTenantId } from "#shared/endpoint/request-transport.ts";

/** Rows of one tenant that had no room. */
export interface DroppedAudits {
  tenantId: string;
  count: number;
  since: Date;
}

/** Tenants that are counted apart; those of others are counted together, as the default tenant's. */
const mostTenants = 1_000;

/** The rows, as JSON. */
export class AuditBuffer {
  readonly #maxBytes: number;
  #rows: { text: string; bytes: number }[] = [];
  #bytes = 0;
  #dropped = new Map<string, DroppedAudits>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Rows that wait. */
  get size(): number {
    return this.#rows.length;
  }

  /** False where there was no room. */
  add(tenantId: string, text: string): boolean {
    const bytes = Buffer.byteLength(text);
    if (this.#bytes + bytes > this.#maxBytes) {
      this.#drop(tenantId);
      return false;
    }
    this.#rows.push({ text, bytes });
    this.#bytes += bytes;
    return true;
  }

  /** The first ones; they stay until they are {@link remove}d. */
  first(count: number): string[] {
    return this.#rows.slice(0, count).map(({ text }) => text);
  }

  remove(count: number): void {
    for (const { bytes } of this.#rows.splice(0, count)) this.#bytes -= bytes;
  }

  /** What was dropped, of each tenant, since it was asked last. */
  takeDropped(): DroppedAudits[] {
    const dropped = [...this.#dropped.values()];
    this.#dropped = new Map();
    return dropped;
  }

  #drop(tenantId: string): void {
    const of = this.#dropped.has(tenantId) || this.#dropped.size < mostTenants ? tenantId : defaultTenantId;
    const dropped = this.#dropped.get(of) ?? { tenantId: of, count: 0, since: new Date() };
    this.#dropped.set(of, { ...dropped, count: dropped.count + 1 });
  }
}
