/**
 * What a tenant may have, asked before it gets more. Who finds room by what the process knows (a count of the last second, and what it has let pass since) waits for no
 * count but a tenant's first. Who finds none is refused by a count that began after it came: all that come while one is on its way share the next, and a count that took
 * long is not soon followed by another, so what is refused, however often it asks, costs the database little. Of n processes each lets at most so many pass at once as
 * there was room for at its count, so a limit is passed by n - 1 times that at most, and for a second. Where nobody has a limit nothing is counted.
 */
import { LruCache } from "#shared/lru-cache.ts";
import type { Log } from "#shared/log.ts";
import { monotonicMs } from "../owner/clock.ts";
import { hasQuotas, quotaSet, quotaStored, quotaUse, type CountedRuns, type QuotaLimits, type QuotaUse } from "../queue/quota.sql.ts";
import type { Queryable } from "../queue/statement.ts";
import { Admissions, type Admission } from "./admissions.ts";
import { checkRoom, mostQueued, roomOf, type KnownUse } from "./quota-check.ts";

export interface TenantQuotasOptions {
  db: Queryable;
  log: Log;
  /** Of a tenant that has no row. */
  defaults: QuotaLimits;
}

/** The quota of a tenant, and what it has of it. */
export interface TenantStanding {
  limits: QuotaLimits;
  use: QuotaUse;
}

/** How a run is let pass that another run asked for, which waits and is refused differently. */
export interface PartOptions {
  /** Another run asked for it. */
  isPart?: boolean;
  /** Finds out the `movesNobody` of a check, perhaps in the database: called only where it decides. @throws what the look throws */
  movesNobody?: (() => Promise<boolean>) | undefined;
}

interface Known {
  limits: QuotaLimits;
  limitsAtMs: number;
  use: QuotaUse;
  /** When the last count began, and how long it took. */
  countedAtMs: number;
  tookMs: number;
  admissions: Admissions;
  /** The count that is under way; it never rejects. */
  counting: Promise<void> | undefined;
  /** The one after it. */
  next: Promise<void> | undefined;
}

const useMs = 1_000;
const limitsMs = 10_000;
/** Between the beginnings of two counts of a tenant; for longer the longer a count takes, so that no tenant's counts are more than a tenth of a connection's work. */
const leastGapMs = 50;
const mostGapMs = 1_000;
const gapOfTook = 10;
/** Runs whose making ends while it is counted may be in the count, and are counted besides; then it is counted again, so often at most. */
const mostCounts = 3;
/** Of the runs that a tenant has made last. */
const mostStarting = 1_000;
/** Of a tenant without limits. */
const unlimited: Admission = { end: () => {} };

export class TenantQuotas {
  readonly #options: TenantQuotasOptions;
  readonly #hasDefaults: boolean;
  readonly #known = new LruCache<Known>({ entries: 10_000 });
  readonly #beginning = new Map<string, Promise<Known>>();
  #any: { isThere: boolean; atMs: number } | undefined;
  #anyLook: Promise<void> | undefined;

  constructor(options: TenantQuotasOptions) {
    this.#options = options;
    this.#hasDefaults = Object.values(options.defaults).some((limit) => limit !== null);
  }

  /** Makes a run of a tenant, where it may have one more. @throws AppError QUOTA_EXCEEDED; what `making` throws */
  async admitted<T>(tenantId: string, making: () => Promise<T>): Promise<T> {
    const admission = await this.admit(tenantId);
    try {
      return await making();
    } finally {
      admission.end();
    }
  }

  /**
   * Lets one more run of a tenant pass. `isPart`: another run asked for it, and others wait behind it, so where the tenant's counts take long it is refused by the last one.
   * `movesNobody` is called where it decides.
   *
   * @returns what is to be told when the run is made, or will not be.
   * @throws AppError QUOTA_EXCEEDED
   */
  async admit(tenantId: string, { isPart = false, movesNobody }: PartOptions = {}): Promise<Admission> {
    if (!this.#hasDefaults && !(await this.#isAnyThere())) return unlimited;
    const known = this.#known.get(tenantId) ?? (await this.#begin(tenantId));
    if (monotonicMs() - known.countedAtMs > useMs) void this.#countAnew(tenantId, known);
    for (let counts = 0; counts < mostCounts && roomOf(knownUse(known), { isPart }) <= 0; counts++) {
      const counted = this.#countAnew(tenantId, known);
      if (isPart && known.tookMs * gapOfTook > leastGapMs) break;
      await counted;
      if (known.admissions.ended(monotonicMs()) === 0) break;
    }
    const isAsked =
      movesNobody !== undefined && roomOf(knownUse(known), { isPart }) > 0 && roomOf(knownUse(known), { isPart, movesNobody: true }) <= 0;
    const isNobodyMoved = isAsked && (await movesNobody());
    // No await from here on: of all that ask at once each must see those that were let pass before it.
    checkRoom(knownUse(known), { isPart, movesNobody: isNobodyMoved });
    return known.admissions.open(monotonicMs());
  }

  /** How many more runs a tenant may have, as far as this process knows: any number where it knows of no limit. */
  room(tenantId: string): number {
    // Nothing is counted then, so what was known of the tenant is of before.
    if (!this.#hasDefaults && this.#any?.isThere !== true) return Number.POSITIVE_INFINITY;
    const known = this.#known.get(tenantId);
    return known === undefined ? Number.POSITIVE_INFINITY : roomOf(knownUse(known));
  }

  /** How many more runs that others ask for a tenant may have, by a count that begins now: any number where it has no limit. */
  async roomNow(tenantId: string): Promise<number> {
    if (!this.#hasDefaults && !(await this.#isAnyThere())) return Number.POSITIVE_INFINITY;
    const known = this.#known.get(tenantId) ?? (await this.#begin(tenantId));
    await this.#countAnew(tenantId, known);
    return roomOf(knownUse(known), { isPart: true });
  }

  /** What a tenant may have, and what it has now. */
  async standing(tenantId: string): Promise<TenantStanding> {
    const limits = await this.#limitsOf(tenantId);
    return { limits, use: await quotaUse(this.#options.db, tenantId, mostOf(limits, 1)) };
  }

  /** Sets what a tenant may have; undefined: what everybody may. Other processes know it within 10 s. */
  async set(tenantId: string, limits: QuotaLimits | undefined): Promise<void> {
    await quotaSet(this.#options.db, tenantId, limits);
    this.#known.delete(tenantId);
    this.#any = undefined;
  }

  /** Asked every 10 s, and waited for once. */
  async #isAnyThere(): Promise<boolean> {
    if (this.#any === undefined || monotonicMs() - this.#any.atMs > limitsMs)
      this.#anyLook ??= hasQuotas(this.#options.db)
        .then((isThere) => void (this.#any = { isThere, atMs: monotonicMs() }))
        .finally(() => (this.#anyLook = undefined));
    if (this.#any === undefined) await this.#anyLook;
    else this.#anyLook?.catch((cause: unknown) => this.#failed(cause));
    return this.#any?.isThere === true;
  }

  #begin(tenantId: string): Promise<Known> {
    const begun = this.#beginning.get(tenantId) ?? this.#first(tenantId).finally(() => this.#beginning.delete(tenantId));
    this.#beginning.set(tenantId, begun);
    return begun;
  }

  async #first(tenantId: string): Promise<Known> {
    const beganAtMs = monotonicMs();
    const { limits, use } = await this.standing(tenantId);
    const admissions = new Admissions();
    const times = { limitsAtMs: beganAtMs, countedAtMs: beganAtMs, tookMs: monotonicMs() - beganAtMs };
    const known: Known = { limits, use, ...times, admissions, counting: undefined, next: undefined };
    this.#known.set(tenantId, known);
    return known;
  }

  async #limitsOf(tenantId: string): Promise<QuotaLimits> {
    return (await quotaStored(this.#options.db, tenantId)) ?? this.#options.defaults;
  }

  /** A count that begins after this: whoever asks before it has begun shares it. Never rejects. */
  #countAnew(tenantId: string, known: Known): Promise<void> {
    known.next ??= this.#countNext(tenantId, known);
    return known.next;
  }

  async #countNext(tenantId: string, known: Known): Promise<void> {
    await known.counting;
    const gapMs = Math.min(mostGapMs, Math.max(leastGapMs, known.tookMs * gapOfTook));
    const pauseMs = known.countedAtMs + gapMs - monotonicMs();
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    known.next = undefined;
    known.counting = this.#count(tenantId, known);
    await known.counting;
  }

  /** Of those whose making ends while it counts some are in it, some not: they count until the next. */
  async #count(tenantId: string, known: Known): Promise<void> {
    const beganAtMs = monotonicMs();
    const { admissions } = known;
    const endedBefore = admissions.ended(beganAtMs);
    known.countedAtMs = beganAtMs;
    try {
      if (beganAtMs - known.limitsAtMs > limitsMs) {
        known.limits = await this.#limitsOf(tenantId);
        known.limitsAtMs = beganAtMs;
      }
      const { limits } = known;
      if (Object.values(limits).some((limit) => limit !== null)) known.use = await quotaUse(this.#options.db, tenantId, mostOf(limits, 0));
      admissions.counted(endedBefore);
    } catch (cause) {
      // What is known stays true enough.
      this.#failed(cause);
    } finally {
      known.tookMs = monotonicMs() - beganAtMs;
    }
  }

  #failed(cause: unknown): void {
    this.#options.log.warn({ err: cause }, "what tenants have was not counted");
  }
}

/** So many are counted: one more than is let pass, of runs that wait all that ever is. `unasked`: of what has no limit. */
function mostOf({ queuedRuns, runningRuns, runsPerHour }: QuotaLimits, unasked: 0 | 1): CountedRuns {
  const most = (limit: number | null): number => (limit === null ? unasked : limit + 1);
  const starting = runningRuns === null ? 0 : mostStarting;
  const queued = queuedRuns === null ? unasked : mostQueued(queuedRuns);
  return { queued, running: most(runningRuns), hour: most(runsPerHour), starting };
}

function knownUse({ limits, use, admissions }: Known): KnownUse {
  return { limits, use, passed: admissions.total(monotonicMs()) };
}
