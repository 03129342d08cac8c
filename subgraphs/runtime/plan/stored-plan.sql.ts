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

/** What a run executes; undefined where the tenant has no such run. Served by the primary keys. */
export async function planOfRun(tx: Tx, runId: string): Promise<CompiledPlan | undefined> {
  const [run] = await tx.sql<{ planId: string }>(`select plan_id as "planId" from runtime.run where tenant_id = $2 and id = $1`, [
    runId,
    tx.tenantId,
  ]);
  return run && (await plansById(tx, [run.planId])).get(run.planId);
}
