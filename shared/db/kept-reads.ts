/**
 * Rows that calls of runs ask for again and again, and that people change now and then. What was read is kept until rows of its tenant change, and for a second at
 * most. Who changes some tells its own process before it has its answer, and the others by a hint, as soon as the change is committed. A hint may be lost, or late:
 * then the second ends it.
 */
import type { HintChannel } from "../hints.ts";
import type { Json } from "../json.ts";
import { LruCache } from "../lru-cache.ts";
import { jsonBytes } from "../template/text.ts";

/** A statement: its rows are those of its name and its values. */
interface Asked {
  name: string;
  values: readonly unknown[];
}

interface Kept {
  rows: readonly object[];
  /** By the clock of {@link KeptReadsOptions}, before they were read. */
  askedAtMs: number;
}

/** What is kept of a tenant until rows of it change: then there is another, and who reads meanwhile keeps nothing. */
type OfTenant = LruCache<Kept>;

/** Whose reads are kept, and for how long. */
export interface KeptReadsOptions {
  /** Whose rows they are: a hint speaks of one schema's. */
  schema: string;
  hints: HintChannel;
  /** Milliseconds that only go forward; those of the process unless given. */
  now?: () => number;
}

/** What a lost hint may cost. */
const longestMs = 1_000;
/** Of JSON, as it is counted roughly; small objects take twenty times as much in memory. Providers and tools are a few KiB. */
const limits = { entries: 1_000, bytes: 1 << 20 };
const limitsOfTenant = { entries: 500, bytes: limits.bytes / 4 };
/** Rows of more are read each time. */
const bytesOfOne = limitsOfTenant.bytes / 4;

export class KeptReads {
  readonly #topic: string;
  readonly #hints: HintChannel;
  readonly #now: () => number;
  readonly #unsubscribe: () => void;
  readonly #tenants = new LruCache<OfTenant>(limits);
  /** Forgets all, a second after the first of it was kept. */
  #forgetting: NodeJS.Timeout | undefined;

  constructor({ schema, hints, now = () => performance.now() }: KeptReadsOptions) {
    this.#topic = `rows of ${schema}`;
    this.#hints = hints;
    this.#now = now;
    this.#unsubscribe = hints.subscribe(this.#topic, "*", (tenantId) => this.#tenants.delete(tenantId));
  }

  /** The rows of a statement, as they are kept; else as `read` gives them, which are kept where nothing has changed meanwhile. */
  async rows<Row extends object>(tenantId: string, { name, values }: Asked, read: () => Promise<Row[]>): Promise<Row[]> {
    const ofTenant = this.#of(tenantId);
    const key = JSON.stringify([name, values]);
    const kept = ofTenant.get(key);
    const askedAtMs = this.#now();
    if (kept !== undefined && askedAtMs - kept.askedAtMs < longestMs) return kept.rows as Row[];
    const rows = await read();
    if (this.#tenants.get(tenantId) !== ofTenant) return rows;
    ofTenant.set(key, { rows, askedAtMs }, key.length + jsonBytes(rows as unknown as Json, bytesOfOne));
    this.#tenants.set(tenantId, ofTenant, ofTenant.bytes);
    this.#forgetting ??= setTimeout(() => this.#forget(), longestMs).unref();
    return rows;
  }

  /** Rows of a tenant have changed, or may have. */
  changed(tenantId: string): void {
    this.#tenants.delete(tenantId);
    this.#hints.publish(this.#topic, tenantId);
  }

  close(): void {
    this.#unsubscribe();
    clearTimeout(this.#forgetting);
  }

  #forget(): void {
    this.#forgetting = undefined;
    this.#tenants.clear();
  }

  #of(tenantId: string): OfTenant {
    const known = this.#tenants.get(tenantId);
    if (known !== undefined) return known;
    const made: OfTenant = new LruCache(limitsOfTenant);
    this.#tenants.set(tenantId, made);
    return made;
  }
}
