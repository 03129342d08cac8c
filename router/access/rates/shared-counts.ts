/**
 * Counts that the routers of one database keep together. A router takes a tenth of a limit at a time and gives it out by itself: an operation costs no
 * statement of its own, all routers together never give out more than the limit, and what one has taken and not given out is lost to the others until
 * the window ends. While the database does not answer each router counts alone, up to the whole limit: a limit that refused then would make the outage larger.
 */
import type pg from "pg";
import type { RateLimiterAbstract } from "rate-limiter-flexible";
import RateLimiterRes from "rate-limiter-flexible/lib/RateLimiterRes.js";
import RateLimiterStoreAbstract from "rate-limiter-flexible/lib/RateLimiterStoreAbstract.js";
import { withinDeadline } from "#shared/deadline.ts";
import { openPool } from "#shared/db/pool.ts";
import type { Log } from "#shared/log.ts";
import { LruCache } from "#shared/lru-cache.ts";
import { countsAdd, countsClean, type CountRow } from "./rate-count.sql.ts";

export interface SharedCountsOptions {
  databaseUrl: string;
  log: Log;
  /** How long an operation waits for the database before it is counted without; 250 ms. */
  patienceMs?: number;
  /** How long the database is left alone that did not answer; 5 s. */
  pauseMs?: number;
  /** How often counts that are over are deleted; a minute. */
  cleanMs?: number;
}

/** Points of a name in a window of so many seconds. */
export interface CountLimit {
  points: number;
  duration: number;
}

/** The counts of one router, and through the database those of the others. */
export class SharedCounts {
  readonly #pool: pg.Pool;
  readonly #options: Required<SharedCountsOptions>;
  #leftAloneUntilMs = -Infinity;
  #cleanedAtMs = performance.now();

  constructor(options: SharedCountsOptions) {
    this.#options = { patienceMs: 250, pauseMs: 5_000, cleanMs: 60_000, ...options };
    const { databaseUrl: url } = options;
    this.#pool = openPool({ url, scope: "engine", max: 2, statementTimeoutMs: 2_000, applicationName: "agent-platform rates" });
  }

  /** A counter of names such as `tenant/key:id`; `own` counts while the database does not. */
  counter(limit: CountLimit, own: RateLimiterAbstract): LeasedCounter {
    const add = (row: AddedPoints) => this.#add(row);
    return new LeasedCounter(new DatabaseCounts(limit, own, add), Math.ceil(limit.points / 10));
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #add(added: AddedPoints): Promise<CountRow> {
    if (performance.now() < this.#leftAloneUntilMs) throw new Error("the database did not answer lately");
    const { tenantId, subject, points, windowMs } = added;
    const statement = { name: "counts-add", text: countsAdd, values: [tenantId, subject, points, windowMs] };
    try {
      const { rows } = await withinDeadline(this.#options.patienceMs, () => this.#pool.query<CountRow>(statement));
      this.#cleanNowAndThen();
      return rows[0]!;
    } catch (cause) {
      this.#leftAloneUntilMs = performance.now() + this.#options.pauseMs;
      this.#options.log.warn({ err: cause }, "this router counts operations alone: the database does not answer");
      throw cause;
    }
  }

  /** Names that are silent: there are as many rows as keys at most, so that once in a while is enough. */
  #cleanNowAndThen(): void {
    if (performance.now() - this.#cleanedAtMs < this.#options.cleanMs) return;
    this.#cleanedAtMs = performance.now();
    this.#pool
      .query({ name: "counts-clean", text: countsClean })
      .catch((cause: unknown) => this.#options.log.warn({ err: cause }, "counts that are over were not deleted"));
  }
}

interface AddedPoints {
  tenantId: string;
  subject: string;
  points: number;
  windowMs: number;
}

/** rate-limiter-flexible's own for PostgreSQL trusts the clocks of the routers, which differ by more than a window lasts; here the database's counts. */
class DatabaseCounts extends RateLimiterStoreAbstract {
  readonly #add: (added: AddedPoints) => Promise<CountRow>;

  constructor(limit: CountLimit, insuranceLimiter: RateLimiterAbstract, add: (added: AddedPoints) => Promise<CountRow>) {
    super({ ...limit, keyPrefix: "", storeClient: undefined, insuranceLimiter, inMemoryBlockOnConsumed: limit.points });
    this.#add = add;
  }

  _upsert(name: string, points: number, windowMs: number): Promise<CountRow> {
    const [tenantId = "", subject = ""] = name.split("/", 2);
    return this.#add({ tenantId, subject, points, windowMs });
  }

  _getRateLimiterRes(_name: string, changed: number, { points, leftMs }: CountRow): RateLimiterRes {
    return new RateLimiterRes(Math.max(0, this.points - points), Math.max(0, leftMs), points, changed === points);
  }
}

interface Lease {
  left: number;
  endsAtMs: number;
}

/** Names with a lease at once; about 2 MB. */
const mostLeases = 10_000;

/** Gives out what it takes of the shared count, a lease at a time. */
export class LeasedCounter {
  readonly #counts: DatabaseCounts;
  readonly #leasePoints: number;
  readonly #leases = new LruCache<Lease>({ entries: mostLeases });
  readonly #asking = new Map<string, Promise<number | undefined>>();

  constructor(counts: DatabaseCounts, leasePoints: number) {
    this.#counts = counts;
    this.#leasePoints = leasePoints;
  }

  /** Counts one of a name. Gives how long to wait where it was too many. */
  async take(name: string): Promise<number | undefined> {
    for (;;) {
      const lease = this.#leases.get(name);
      if (lease !== undefined && lease.left > 0 && lease.endsAtMs > performance.now()) {
        lease.left--;
        return undefined;
      }
      const refusedMs = await this.#lease(name);
      if (refusedMs !== undefined) return refusedMs;
    }
  }

  /** Whoever comes while it is being asked waits for the same lease. */
  #lease(name: string): Promise<number | undefined> {
    let asking = this.#asking.get(name);
    if (asking === undefined) {
      asking = this.#ask(name).finally(() => this.#asking.delete(name));
      this.#asking.set(name, asking);
    }
    return asking;
  }

  async #ask(name: string): Promise<number | undefined> {
    try {
      const { msBeforeNext } = await this.#counts.consume(name, this.#leasePoints);
      this.#leases.set(name, { left: this.#leasePoints, endsAtMs: performance.now() + msBeforeNext });
      return undefined;
    } catch (refused) {
      if (refused instanceof RateLimiterRes) return refused.msBeforeNext;
      throw refused;
    }
  }
}
