/** What another version of a workflow changes for a run that is gone on with on it. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { PlanDocument, PlanNode } from "../engine/plan.ts";

/** A node that is not what it was, and how. */
export interface NodeChange {
  nodeId: string;
  message: string;
}

/**
 * The nodes of a graph whose outputs another version would not give: they are gone, do another thing, or are led to by others. How often and for how long
 * they are tried changes nothing of what they gave.
 */
export function nodeChanges(before: PlanDocument, after: PlanDocument): NodeChange[] {
  const others = new Map(after.nodes.map((node) => [node.id, node]));
  const [edges, otherEdges] = [edgesTo(before), edgesTo(after)];
  return before.nodes.flatMap((node) => {
    const { id: nodeId } = node;
    const message =
      changeOf(node, others.get(nodeId)) ??
      (isDeepStrictEqual(edges.get(nodeId), otherEdges.get(nodeId)) ? undefined : "other edges lead to it.");
    return message === undefined ? [] : [{ nodeId, message }];
  });
}

function changeOf(node: PlanNode, other: PlanNode | undefined): string | undefined {
  if (other === undefined) return "it is gone.";
  if (other.type !== node.type) return `it was ${node.type} and is ${other.type}.`;
  const keys = [...new Set([...Object.keys(node.config), ...Object.keys(other.config)])];
  const changed = keys.filter((key) => !isDeepStrictEqual(node.config[key], other.config[key]));
  if (changed.length > 0) return `its ${changed.map((key) => `config.${key}`).join(", ")} changed.`;
  return isDeepStrictEqual(node.on_error, other.on_error) ? undefined : "its on_error changed.";
}

function edgesTo({ edges }: PlanDocument): Map<string, string[]> {
  const byTarget = Map.groupBy(edges, ({ target }) => target);
  const shown = ({ source, condition }: PlanDocument["edges"][number]) => JSON.stringify([source, condition]);
  return new Map([...byTarget].map(([target, all]) => [target, all.map(shown).toSorted()]));
}

/** Nodes and all that they lead to, in either of the graphs. */
export function withAllBehind(graphs: readonly Pick<PlanDocument, "edges">[], ids: Iterable<string>): Set<string> {
  const all = graphs.flatMap(({ edges }) => edges);
  const bySource = Map.groupBy(all, ({ source }) => source);
  const found = new Set(ids);
  for (const id of found) for (const { target } of bySource.get(id) ?? []) found.add(target);
  return found;
}

/** All that leads to a node. */
export function allBefore({ edges }: Pick<PlanDocument, "edges">, id: string): Set<string> {
  const byTarget = Map.groupBy(edges, ({ target }) => target);
  const found = new Set([id]);
  for (const one of found) for (const { source } of byTarget.get(one) ?? []) found.add(source);
  found.delete(id);
  return found;
}
