/** The nodes of documents that hold others. */
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

/** A document, and those of the sub-workflows that it holds. */
export function graphsOf(document: PlanDocument): PlanDocument[] {
  return [document, ...Object.values(document.workflows ?? {})];
}
