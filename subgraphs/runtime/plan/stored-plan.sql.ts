import type { Tx } from "#shared/db/database.ts";
import { compilePlan, type CompiledPlan, type PlanDocument } from "../engine/plan.ts";

const cachedPlans = 200;

/** Plans that this process has compiled; a plan never changes, so none is stale. */
const plans = new Map<string, CompiledPlan>();

/** Plans by id. The tenant is part of a plan's id, so one that is known here is known to whoever read its id. Served by the primary key. */
export async function plansById(tx: Tx, ids: readonly string[]): Promise<ReadonlyMap<string, CompiledPlan>> {
  const wanted = new Set(ids);
  const found = new Map([...wanted].flatMap((id) => (plans.has(id) ? [[id, plans.get(id)!] as const] : [])));
  const missing = [...wanted].filter((id) => !found.has(id));
  if (missing.length === 0) return found;
  const rows = await tx.sql<{ id: string; document: PlanDocument }>(
    "select id, document from runtime.plan where tenant_id = $2 and id = any($1)",
    [missing, tx.tenantId],
  );
  for (const { id, document } of rows) {
    const plan = compilePlan(document);
    found.set(id, plan);
    plans.set(id, plan);
    if (plans.size > cachedPlans) plans.delete(plans.keys().next().value ?? "");
  }
  return found;
}

/** What a run executes; undefined where the tenant has no such run. Served by the primary keys. */
export async function planOfRun(tx: Tx, runId: string): Promise<CompiledPlan | undefined> {
  const [run] = await tx.sql<{ planId: string }>(`select plan_id as "planId" from runtime.run where tenant_id = $2 and id = $1`, [
    runId,
    tx.tenantId,
  ]);
  return run && (await plansById(tx, [run.planId])).get(run.planId);
}
