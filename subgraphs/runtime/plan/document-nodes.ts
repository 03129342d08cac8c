/** The nodes of documents that hold others. */
import type { JsonObject } from "#shared/json.ts";
import { bodyOf } from "../engine/composite.ts";
import type { PlanDocument, PlanNode } from "../engine/plan.ts";

/** The document in a node's config; undefined for a node without one. */
export function bodyDocument(node: PlanNode): PlanDocument | undefined {
  return bodyOf(node) as unknown as PlanDocument | undefined;
}

/** The nodes of a document, and those of the bodies in it. */
export function allNodes({ nodes }: PlanDocument): PlanNode[] {
  return nodes.flatMap((node) => {
    const body = bodyDocument(node);
    return body === undefined ? [node] : [node, ...allNodes(body)];
  });
}

/** The document, and those of its sub-workflows, with each node that is no composite of others as `made` says. */
export function mapNodes(document: PlanDocument, made: (node: PlanNode) => PlanNode): PlanDocument {
  const nodeOf = (node: PlanNode): PlanNode => {
    const body = bodyDocument(node);
    return body === undefined ? made(node) : { ...node, config: { ...node.config, body: mapNodes(body, made) as unknown as JsonObject } };
  };
  const workflows = Object.entries(document.workflows ?? {}).map(([id, workflow]) => [id, mapNodes(workflow, made)]);
  return { ...document, nodes: document.nodes.map(nodeOf), ...(workflows.length > 0 && { workflows: Object.fromEntries(workflows) }) };
}

/** A document, and those of the sub-workflows that it holds. */
export function graphsOf(document: PlanDocument): PlanDocument[] {
  return [document, ...Object.values(document.workflows ?? {})];
}
