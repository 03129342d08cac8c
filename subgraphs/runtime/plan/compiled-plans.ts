import { LruCache } from "#shared/lru-cache.ts";
import { compilePlan, type CompiledPlan, type PlanDocument } from "../engine/plan.ts";

/**
 * Plans that this process has compiled, for owners of runs and for the graph alike. A plan never changes, so none is stale; the tenant is part of a
 * plan's id, so one that is known here is known to whoever has read its id.
 */
const plans = new LruCache<CompiledPlan>({ entries: 500, bytes: 64 << 20 });

/** A plan that was compiled before, if it is still here. */
export function compiledPlan(id: string): CompiledPlan | undefined {
  return plans.get(id);
}

/** Compiles a stored plan. Its document was validated when it was frozen. */
export function compileStored(id: string, document: PlanDocument): CompiledPlan {
  const plan = compilePlan(document);
  plans.set(id, plan, JSON.stringify(document).length);
  return plan;
}
