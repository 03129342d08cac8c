import { createHash } from "node:crypto";
import { newId } from "#shared/ids.ts";
import { compilePlan, type CompiledPlan, type PlanDocument } from "../engine/plan.ts";
import { planLoad } from "../queue/load.sql.ts";
import { mockedPlan } from "../queue/rows.ts";
import type { Queryable } from "../queue/statement.ts";
import { withChildPlans } from "./child-plans.ts";
import { PlanSize } from "./plan-size.ts";
import { compiledPlan, compileStored } from "./compiled-plans.ts";

/**
 * A plan under the hash of its content: the same for all runs of it, and never another content under the same id. One with mocks has an id of its own: it is of one run, and of
 * those that are made of that, and goes with them.
 */
export interface FrozenPlan {
  id: string;
  tenantId: string;
  /** The document's JSON text, stored as it is. */
  json: string;
  /** No nodes: a run of it is completed when it is created. */
  isEmpty: boolean;
  /** Plans of the runs that its runs make, and of those that these make; none unless given. They are stored with it. */
  children?: readonly FrozenPlan[];
}

/**
 * Freezes a document for a tenant. The tenant is part of the hash, so a plan's id tells nothing about other tenants' plans.
 *
 * @throws PlanError for a document that cannot be walked to its end; AppError PLAN_TOO_LARGE for the plans of the runs that its nodes make, together
 */
export function freezePlan(tenantId: string, given: PlanDocument): FrozenPlan {
  return freezeWith(tenantId, given, { known: new Map(), size: new PlanSize() });
}

/** The runs that nodes make: their plans, by the version that they execute, and what these come to together. */
interface Made {
  known: Map<string, FrozenPlan>;
  size: PlanSize;
}

function freezeWith(tenantId: string, given: PlanDocument, made: Made): FrozenPlan {
  const { known, size } = made;
  const { document, children } = withChildPlans(given, (child, versionId) => {
    const before = versionId === undefined ? undefined : known.get(versionId);
    if (before !== undefined) return before;
    const plan = freezeWith(tenantId, child, made);
    size.add(plan.json);
    if (versionId !== undefined) known.set(versionId, plan);
    return plan;
  });
  compilePlan(document);
  const json = JSON.stringify(document);
  const hash = createHash("sha256").update(tenantId).update("\n").update(json).digest("hex");
  const id = document.mocks === undefined ? hash : `${mockedPlan}${newId()}`;
  return { id, tenantId, json, isEmpty: document.nodes.length === 0, ...(children.length > 0 && { children }) };
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
