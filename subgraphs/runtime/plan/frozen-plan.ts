import { createHash } from "node:crypto";
import { compilePlan, type CompiledPlan, type PlanDocument } from "../engine/plan.ts";
import { planLoad } from "../queue/load.sql.ts";
import type { Queryable } from "../queue/statement.ts";

/** A plan under the hash of its content: the same for all runs of it, and never another content under the same id. */
export interface FrozenPlan {
  id: string;
  tenantId: string;
  /** The document's JSON text, stored as it is. */
  json: string;
  /** No nodes: a run of it is completed when it is created. */
  isEmpty: boolean;
}

/**
 * Freezes a document for a tenant. The tenant is part of the hash, so a plan's id tells nothing about other tenants' plans.
 *
 * @throws PlanError for a document that cannot be walked to its end.
 */
export function freezePlan(tenantId: string, document: PlanDocument): FrozenPlan {
  compilePlan(document);
  const json = JSON.stringify(document);
  const id = createHash("sha256").update(tenantId).update("\n").update(json).digest("hex");
  return { id, tenantId, json, isEmpty: document.nodes.length === 0 };
}

/** Compiled plans by id; plans are immutable, so an entry is never stale. */
export class PlanCache {
  readonly #plans = new Map<string, Promise<CompiledPlan>>();
  readonly #db: Queryable;
  readonly #limit: number;

  constructor(db: Queryable, limit = 500) {
    this.#db = db;
    this.#limit = limit;
  }

  get(id: string): Promise<CompiledPlan> {
    const known = this.#plans.get(id);
    if (known !== undefined) return known;
    // Documents were validated when they were frozen; this is where a stored one becomes typed.
    const plan = planLoad(this.#db, id).then((document) => compilePlan(document as PlanDocument));
    this.#plans.set(id, plan);
    plan.catch(() => this.#plans.delete(id));
    if (this.#plans.size > this.#limit) this.#plans.delete(this.#plans.keys().next().value ?? "");
    return plan;
  }
}
