import type { JsonObject } from "#shared/json.ts";
import type { PlanDocument, PlanNode } from "../../../subgraphs/runtime/engine/plan.ts";

/** A node of a test's plan. */
export function node(id: string, type: string, config: JsonObject = {}, more: Partial<PlanNode> = {}): PlanNode {
  return { id, type, config, ...more };
}

/** A plan; edges as "a>b" or "a>b?route". */
export function plan(nodes: PlanNode[], edges: string[] = []): PlanDocument {
  return {
    nodes,
    edges: edges.map((edge) => {
      const [path = "", condition] = edge.split("?");
      const [source = "", target = ""] = path.split(">");
      return { source, target, ...(condition !== undefined && { condition }) };
    }),
  };
}
