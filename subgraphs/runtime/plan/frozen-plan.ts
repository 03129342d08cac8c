import { createHash } from "node:crypto";
import { compilePlan, type CompiledPlan, type PlanDocument } from "../engine/plan.ts";
import { planLoad } from "../queue/load.sql.ts";
import type { Queryable } from "../queue/statement.ts";
import { compiledPlan, compileStored } from "./compiled-plans.ts";

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

/** Compiled plans by id, read where this process has not compiled them yet: once, however many runs wait for one. */
export class PlanCache {
  readonly #loading = new Map<string, Promise<CompiledPlan>>();
  readonly #db: Queryable;

  constructor(db: Queryable) {
    this.#db = db;
  }

  async get(id: string): Promise<CompiledPlan> {
    return compiledPlan(id) ?? this.#loading.get(id) ?? this.#load(id);
  }

  async #load(id: string): Promise<CompiledPlan> {
    const loading = planLoad(this.#db, id).then((document) => compileStored(id, document as PlanDocument));
    this.#loading.set(id, loading);
    try {
      return await loading;
    } finally {
      this.#loading.delete(id);
    }
  }
}
