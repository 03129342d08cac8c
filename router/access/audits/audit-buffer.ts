/** Audits that nobody waits for. They wait in memory, bounded by their bytes; those beyond are counted by tenant, and the count is a row when there is room. */
import { databaseNow } from "#shared/database-time.ts";
import { defaultTenantId } from "#shared/endpoint/request-transport.ts";
import { AuditBatch } from "./audit-batch.ts";

/** Rows of one tenant that had no room. */
export interface DroppedAudits {
  tenantId: string;
  count: number;
  since: Date;
}

export interface AuditBufferOptions {
  /** Of the rows; the memory that they are in is twice as much at most. */
  maxBytes: number;
  /** Of one batch. */
  batchRows: number;
}

/** Tenants that are counted apart; those of others are counted together, as the default tenant's. */
const mostTenants = 1_000;

/** The rows, as JSON, in the batches that they are stored in. */
export class AuditBuffer {
  readonly #setting: AuditBufferOptions;
  #batches: AuditBatch[] = [];
  #size = 0;
  #bytes = 0;
  #dropped = new Map<string, DroppedAudits>();

  constructor(setting: AuditBufferOptions) {
    this.#setting = setting;
  }

  /** Rows that wait. */
  get size(): number {
    return this.#size;
  }

  /** False where there was no room. */
  add(tenantId: string, text: string): boolean {
    const bytes = Buffer.byteLength(text);
    if (this.#bytes + bytes > this.#setting.maxBytes) {
      this.#drop(tenantId);
      return false;
    }
    this.#open().add(text, bytes);
    this.#size++;
    this.#bytes += bytes;
    return true;
  }

  /** The first ones; they stay until they are {@link remove}d, and no others join them. */
  first(): AuditBatch | undefined {
    const [first] = this.#batches;
    first?.close();
    return first;
  }

  remove(batch: AuditBatch): void {
    this.#batches = this.#batches.filter((other) => other !== batch);
    this.#size -= batch.rows;
    this.#bytes -= batch.rowBytes;
  }

  /** What was dropped, of each tenant, since it was asked last. */
  takeDropped(): DroppedAudits[] {
    const dropped = [...this.#dropped.values()];
    this.#dropped = new Map();
    return dropped;
  }

  /** All rows, each as JSON. */
  rows(): string[] {
    return this.#batches.flatMap((batch) => (JSON.parse(batch.close().toString()) as unknown[]).map((row) => JSON.stringify(row)));
  }

  /** The batch that takes the next row. */
  #open(): AuditBatch {
    const last = this.#batches.at(-1);
    if (last !== undefined && !last.isClosed && last.rows < this.#setting.batchRows) return last;
    const next = new AuditBatch();
    this.#batches.push(next);
    return next;
  }

  #drop(tenantId: string): void {
    const of = this.#dropped.has(tenantId) || this.#dropped.size < mostTenants ? tenantId : defaultTenantId;
    const dropped = this.#dropped.get(of) ?? { tenantId: of, count: 0, since: databaseNow() };
    this.#dropped.set(of, { ...dropped, count: dropped.count + 1 });
  }
}
