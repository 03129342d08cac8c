import { runtimeErrors } from "../errors.ts";
import type { TenantStanding } from "../control/tenant-quotas.ts";
import type { QuotaLimits } from "../queue/quota.sql.ts";
import type { TenantQuotaInput } from "./quota.inputs.ts";
import type { RuntimeContext } from "./runtime.context.ts";

/** As the graph shows it. */
export interface ShownQuota extends QuotaLimits {
  queuedRunsNow: number;
  runningRunsNow: number;
  runsOfLastHour: number;
  storageBytes: number;
}

const mostRuns = 1_000_000;
const mostMib = 1_000_000_000;

/** What the tenant may have, and what it has now. */
export async function tenantQuota({ db, services }: RuntimeContext): Promise<ShownQuota> {
  return shown(await services.quotas.standing(db.tenantId));
}

/** Sets what the tenant may have. @throws AppError NUMBER_OUT_OF_RANGE */
export async function setTenantQuota(context: RuntimeContext, given: TenantQuotaInput | null | undefined): Promise<ShownQuota> {
  const { db, services } = context;
  const limits = given == null ? undefined : limitsOf(given);
  await services.quotas.set(db.tenantId, limits);
  return tenantQuota(context);
}

function limitsOf({ queuedRuns, runningRuns, runsPerHour, storageMib }: TenantQuotaInput): QuotaLimits {
  return {
    queuedRuns: checkLimit("quota.queuedRuns", queuedRuns, mostRuns),
    runningRuns: checkLimit("quota.runningRuns", runningRuns, mostRuns),
    runsPerHour: checkLimit("quota.runsPerHour", runsPerHour, mostRuns),
    storageMib: checkLimit("quota.storageMib", storageMib, mostMib),
  };
}

function checkLimit(field: string, value: number | null | undefined, max: number): number | null {
  if (value == null) return null;
  if (value < 0 || value > max) throw runtimeErrors.NUMBER_OUT_OF_RANGE({ field, value, min: 0, max });
  return value;
}

function shown({ limits, use }: TenantStanding): ShownQuota {
  const { queuedRuns, runningRuns, runsPerHour, storageBytes } = use;
  // Counted further than is shown, for runs that other runs ask for.
  const queuedRunsNow = Math.min(queuedRuns, (limits.queuedRuns ?? queuedRuns) + 1);
  return { ...limits, queuedRunsNow, runningRunsNow: runningRuns, runsOfLastHour: runsPerHour, storageBytes };
}
