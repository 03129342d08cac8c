/** What a tenant has of each of its quotas, as one process knows it. */
import { runtimeErrors } from "../errors.ts";
import { mostDepth } from "../queue/statuses.ts";
import type { QuotaLimits, QuotaUse } from "../queue/quota.sql.ts";

/** What is known of a tenant. */
export interface KnownUse {
  limits: QuotaLimits;
  /** By the last count. */
  use: QuotaUse;
  /** Runs that were let pass and may not be in that count. */
  passed: number;
}

/** Of one of its quotas. */
interface QuotaCheck {
  quota: string;
  limit: number | null;
  used: number;
  retryAfterMs: number;
}

const againMs = 1_000;
const storageAgainMs = 60_000;
const hourMs = 3_600_000;
const mib = 1 << 20;

/** Facts about who asks for a run, by which a check goes; unlike PartOptions nothing is to be found out any more. */
export interface Asking {
  /** Another run asks. */
  isPart?: boolean;
  /** It moves nobody on: it would stand in a line itself, or nobody waits for it. */
  movesNobody?: boolean;
}

/** How many more runs it may have: any number where it has no limit. */
export function roomOf(known: KnownUse, asking: Asking = {}): number {
  return Math.min(...checksOf(known, asking).map(({ limit, used }) => (limit === null ? Number.POSITIVE_INFINITY : limit - used)));
}

/** @throws AppError QUOTA_EXCEEDED where it may have no more */
export function checkRoom(known: KnownUse, asking: Asking = {}): void {
  for (const { quota, limit, used, retryAfterMs } of checksOf(known, asking))
    if (limit !== null && used >= limit) throw runtimeErrors.QUOTA_EXCEEDED({ quota, limit, used, retryAfterMs });
}

function checksOf({ limits, use, passed }: KnownUse, asking: Asking): QuotaCheck[] {
  const { queuedRuns, runningRuns, runsPerHour, storageMib } = limits;
  // None at the count: all that were created since leave in an hour.
  const oldestLeavesMs = use.oldestMs === null ? hourMs : use.oldestMs + hourMs - use.nowMs;
  return [
    { quota: "queuedRuns", limit: queuedRuns, used: queuedUsed({ limits, use, passed }, asking), retryAfterMs: againMs },
    { quota: "runningRuns", limit: runningRuns, used: runningUsed(use, passed, runningRuns ?? 0), retryAfterMs: againMs },
    {
      quota: "runsPerHour",
      limit: runsPerHour,
      used: use.runsPerHour + passed,
      retryAfterMs: Math.max(againMs, Math.ceil(oldestLeavesMs)),
    },
    { quota: "storageMib", limit: storageMib, used: Math.floor(use.storageBytes / mib), retryAfterMs: storageAgainMs },
  ];
}

/** What has just come is executed at once, where there are workers: a burst would be all of it. It takes what room there is, and is never more than that. */
function runningUsed({ runningRuns, startingRuns }: QuotaUse, passed: number, limit: number): number {
  return Math.max(runningRuns, Math.min(limit, runningRuns + startingRuns + passed));
}

/**
 * Runs that wait for runs of their own may be all that may wait. What they wait for would wait for them; so where nothing of the tenant moves, one that another run asked
 * for is let pass. Those may wait in turn, for a time or for runs of their own: as long as one of them wakes by itself there are no more than {@link mostQueued}. Where
 * all stand in lines only a run that is still to be made frees them: one that stands in none itself, for one that does waits as they do, for the same or for another that
 * is still to be made.
 */
function queuedUsed({ limits, use, passed }: KnownUse, { isPart = false, movesNobody = false }: Asking): number {
  const used = use.queuedRuns + passed;
  const limit = limits.queuedRuns ?? 0;
  const isLetPass = isPart && use.isStill && passed === 0 && limit > 0 && ((!use.wakes && !movesNobody) || used < mostQueued(limit));
  return isLetPass ? Math.min(used, limit - 1) : used;
}

/** With those that are let pass beyond the limit: as many again, and for a run within runs always one of each depth. */
export function mostQueued(limit: number): number {
  return limit + Math.max(limit, mostDepth);
}
