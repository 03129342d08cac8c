import type { Tx } from "#shared/db/database.ts";
import type { CompiledPlan, PlanDocument } from "../engine/plan.ts";
import { compiledPlan, compileStored } from "./compiled-plans.ts";

/** Plans by id. Served by the primary key. */
export async function plansById(tx: Tx, ids: readonly string[]): Promise<ReadonlyMap<string, CompiledPlan>> {
  const wanted = new Set(ids);
  const found = new Map<string, CompiledPlan>();
  for (const id of wanted) {
    const known = compiledPlan(id);
    if (known !== undefined) found.set(id, known);
  }
  const missing = [...wanted].filter((id) => !found.has(id));
  if (missing.length === 0) return found;
  const rows = await tx.sql<{ id: string; document: PlanDocument }>(
    "select id, document from runtime.plan where tenant_id = $2 and id = any($1)",
    [missing, tx.tenantId],
  );
  for (const { id, document } of rows) found.set(id, compileStored(id, document));
  return found;
}

/** What runs execute, by their ids; of those that the tenant has. Served by the primary keys. */
export async function plansOfRuns(tx: Tx, runIds: readonly string[]): Promise<ReadonlyMap<string, CompiledPlan>> {
  if (runIds.length === 0) return new Map();
  const runs = await tx.sql<{ id: string; planId: string }>(
    `select id, plan_id as "planId" from runtime.run where tenant_id = $2 and id = any($1)`,
    [[...new Set(runIds)], tx.tenantId],
  );
  const planIds = runs.map(({ planId }) => planId);
  const plans = await plansById(tx, planIds);
  return new Map(runs.flatMap(({ id, planId }) => (plans.has(planId) ? [[id, plans.get(planId)!] as const] : [])));
}

/** What a run executes; undefined where the tenant has no such run. */
export async function planOfRun(tx: Tx, runId: string): Promise<CompiledPlan | undefined> {
  return (await plansOfRuns(tx, [runId])).get(runId);
}
