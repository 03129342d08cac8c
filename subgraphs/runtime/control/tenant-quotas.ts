/**
 * What a tenant may have, asked before it gets more. A process knows what a tenant has from a count of a second ago and what it has let pass since, so no call
 * waits for a count but a tenant's first. Others let pass within that second too: of n processes each lets at most so many pass as there was room for
 * at its count, so a limit is passed by n - 1 times that at most, and for a second. Where nobody has a limit nothing is counted.
 */
import { LruCache } from "#shared/lru-cache.ts";
import type { Log } from "#shared/log.ts";
import { runtimeErrors } from "../errors.ts";
import { monotonicMs } from "../owner/clock.ts";
import { hasQuotas, quotaSet, quotaStored, quotaUse, type QuotaLimits, type QuotaUse } from "../queue/quota.sql.ts";
import type { Queryable } from "../queue/statement.ts";

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

interface Known {
  limits: QuotaLimits;
  limitsAtMs: number;
  use: QuotaUse;
  useAtMs: number;
  /** Let pass since. */
  passed: number;
  /** A count is under way. */
  counting: Promise<void> | undefined;
}

const useMs = 1_000;
const limitsMs = 10_000;
const againMs = 1_000;
const storageAgainMs = 60_000;
const hourMs = 3_600_000;
const mib = 1 << 20;

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

  /** Lets one more run of a tenant pass. @throws AppError QUOTA_EXCEEDED */
  async admit(tenantId: string): Promise<void> {
    if (!this.#hasDefaults && !(await this.#isAnyThere())) return;
    const known = this.#known.get(tenantId) ?? (await this.#begin(tenantId));
    const nowMs = monotonicMs();
    if (known.counting === undefined && nowMs - known.useAtMs > useMs)
      known.counting = this.#count(tenantId, known).finally(() => (known.counting = undefined));
    refuse(known);
    known.passed++;
  }

  /** What a tenant may have, and what it has now. */
  async standing(tenantId: string): Promise<TenantStanding> {
    const limits = await this.#limitsOf(tenantId);
    return { limits, use: await quotaUse(this.#options.db, tenantId, mostOf(limits)) };
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
    const { limits, use } = await this.standing(tenantId);
    const atMs = monotonicMs();
    const known: Known = { limits, limitsAtMs: atMs, use, useAtMs: atMs, passed: 0, counting: undefined };
    this.#known.set(tenantId, known);
    return known;
  }

  async #limitsOf(tenantId: string): Promise<QuotaLimits> {
    return (await quotaStored(this.#options.db, tenantId)) ?? this.#options.defaults;
  }

  /** Those that pass while it counts are in it or not: they count until the next. */
  async #count(tenantId: string, known: Known): Promise<void> {
    try {
      const passedBefore = known.passed;
      const beganAtMs = monotonicMs();
      if (beganAtMs - known.limitsAtMs > limitsMs) {
        known.limits = await this.#limitsOf(tenantId);
        known.limitsAtMs = beganAtMs;
      }
      const { limits } = known;
      known.use = Object.values(limits).every((limit) => limit === null)
        ? known.use
        : await quotaUse(this.#options.db, tenantId, mostOf(limits));
      known.useAtMs = monotonicMs();
      known.passed -= passedBefore;
    } catch (cause) {
      // What is known stays true enough: nobody is refused for a count that failed.
      this.#failed(cause);
    }
  }

  #failed(cause: unknown): void {
    this.#options.log.warn({ err: cause }, "what tenants have was not counted");
  }
}

/** So many are counted: one more than is let pass. */
function mostOf({ queuedRuns, runningRuns, runsPerHour }: QuotaLimits): { queue: number; hour: number } {
  return { queue: (queuedRuns ?? 0) + (runningRuns ?? 0) + 1, hour: (runsPerHour ?? 0) + 1 };
}

function refuse({ limits, use, passed }: Known): void {
  const { queuedRuns, runningRuns, runsPerHour, storageMib } = limits;
  // None at the count: all that were created since leave in an hour.
  const oldestLeavesMs = use.oldestMs === null ? hourMs : use.oldestMs + hourMs - use.nowMs;
  const checks = [
    { quota: "queuedRuns", limit: queuedRuns, used: use.queuedRuns + passed, retryAfterMs: againMs },
    { quota: "runningRuns", limit: runningRuns, used: use.runningRuns, retryAfterMs: againMs },
    {
      quota: "runsPerHour",
      limit: runsPerHour,
      used: use.runsPerHour + passed,
      retryAfterMs: Math.max(againMs, Math.ceil(oldestLeavesMs)),
    },
    { quota: "storageMib", limit: storageMib, used: Math.floor(use.storageBytes / mib), retryAfterMs: storageAgainMs },
  ];
  for (const { quota, limit, used, retryAfterMs } of checks)
    if (limit !== null && used >= limit) throw runtimeErrors.QUOTA_EXCEEDED({ quota, limit, used, retryAfterMs });
}
