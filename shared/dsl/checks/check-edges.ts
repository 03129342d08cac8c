import { isJsonObject, type Json } from "#shared/json.ts";
import type { CheckedNode } from "./check-node.ts";
import type { GraphEdge } from "../cycles.ts";
import type { Graph } from "../graph.ts";
import { show, type IssueList } from "../issue.ts";
import { suggester, type Suggest } from "../suggest.ts";

/** An edge whose both ends exist; `source` and `target` are places in the list of checked nodes. */
export interface CheckedEdge extends GraphEdge {
  /** Its place in the document. */
  index: number;
  condition: string | null;
}

/** Checks each edge by itself: its ends and its condition. */
export function checkEdges(edges: readonly Json[], nodes: readonly CheckedNode[], issues: IssueList): CheckedEdge[] {
  const places = new Map(nodes.map((node, place) => [node.id, place]).reverse() as [string, number][]);
  const ids = { places, suggest: suggester(nodes.map(({ id }) => id)) };
  const seen = new Map<string, number>();
  return edges.flatMap((edge, index) => {
    const at = ["edges", index];
    if (!isJsonObject(edge)) {
      issues.error("EDGE_INVALID", at, `An edge is an object { source, target }, not ${show(edge)}.`);
      return [];
    }
    const source = checkEnd(edge["source"], "source", index, ids, issues);
    const target = checkEnd(edge["target"], "target", index, ids, issues);
    if (source === null || target === null) return [];
    const condition = conditionOf(edge["condition"] ?? null, nodes[source], index, issues);
    const key = `${source} ${target} ${condition}`;
    const first = seen.get(key);
    if (first !== undefined) issues.warning("EDGE_DUPLICATE", at, `Edge ${index} says the same as edge ${first}; one is enough.`);
    seen.set(key, first ?? index);
    return [{ index, source, target, condition }];
  });
}

/** What a graph is walked for: a run, or, of a body, an item or a round of the node that holds it. */
export interface Walked {
  what: "run" | "item" | "round";
  /** The node that holds the graph. */
  holderId: string | undefined;
}

/** The document's own graph. */
export const walkedByRun: Walked = { what: "run", holderId: undefined };

/** Checks what the edges make of the graph: cycles, nodes without edges, routes that lead nowhere. */
export function checkGraph(
  graph: Graph,
  nodes: readonly CheckedNode[],
  edges: readonly CheckedEdge[],
  issues: IssueList,
  walked: Walked = walkedByRun,
): void {
  const whole = `the ${walked.what}${walked.holderId === undefined ? "" : ` of ${walked.holderId}`}`;
  for (const cycle of graph.cycles) {
    const ids = cycle.map((edge) => nodes[edges[edge]?.source ?? -1]?.id ?? "");
    const named = [...ids.slice(0, 20), ...(ids.length > 20 ? ["…"] : []), ids[0] ?? ""].join(" → ");
    const closing = edges[cycle.at(-1) ?? -1]?.index ?? 0;
    issues.error(
      "CYCLE",
      ["edges", closing],
      `Nodes wait for each other in a circle: ${named}. Remove one of its edges, such as this one.`,
    );
  }
  nodes.forEach((node, place) => {
    const outgoing = graph.outgoing[place] ?? [];
    if (nodes.length > 1 && outgoing.length + (graph.incoming[place]?.length ?? 0) === 0) {
      const effect = "it runs at the start, beside the others, and nothing waits for it";
      issues.warning("NODE_UNCONNECTED", ["nodes", node.index], `Node ${node.id} has no edges: ${effect}.`);
    }
    const taken = new Set(outgoing.map((edge) => edges[edge]?.condition));
    if (outgoing.length > 0) checkRoutes(node, taken, whole, issues);
    if (node.onError === "branch" && !taken.has(error)) {
      const effect = `where it fails, ${whole} ends there as COMPLETED`;
      const message = `No edge leaves node ${node.id} on "error", which its on_error speaks of: ${effect}. Add one, or remove on_error.`;
      issues.warning("ROUTE_MISSING", ["nodes", node.index, "on_error"], message);
    }
  });
}

interface KnownIds {
  places: ReadonlyMap<string, number>;
  suggest: Suggest;
}

function checkEnd(
  id: Json | undefined,
  end: "source" | "target",
  index: number,
  { places, suggest }: KnownIds,
  issues: IssueList,
): number | null {
  if (typeof id !== "string") {
    const found = id === undefined ? `has no ${end}` : `has the ${end} ${show(id)}`;
    issues.error(
      "EDGE_INVALID",
      ["edges", index, end],
      `Edge ${index} ${found}; an edge is { source, target, condition }, with ids of nodes.`,
    );
    return null;
  }
  const place = places.get(id);
  if (place !== undefined) return place;
  const meant = suggest(id);
  const hint = meant === undefined ? "" : `; did you mean ${meant}`;
  issues.error("EDGE_DANGLING", ["edges", index, end], `The ${end} of edge ${index} is ${show(id)}; there is no such node${hint}.`);
  return null;
}

/** The condition that an edge of a failure has. */
const error = "error";

function conditionOf(condition: Json, source: CheckedNode | undefined, index: number, issues: IssueList): string | null {
  if (condition !== error || source === undefined) return checkCondition(condition, source, index, issues);
  if (source.onError !== "branch") {
    const next = `Give node ${source.id} "on_error": "branch", or remove the edge`;
    const message = `Edge ${index} leaves node ${source.id} on "error", which is taken where a failure of it is handled so. ${next}.`;
    issues.error("ERROR_EDGE_UNHANDLED", ["edges", index, "condition"], message);
  }
  return condition;
}

function checkCondition(condition: Json, source: CheckedNode | undefined, index: number, issues: IssueList): string | null {
  const at = ["edges", index, "condition"];
  if (source?.spec == null) return typeof condition === "string" ? condition : null;
  const { id, type, routes: known } = source;
  const routes = known.map((route) => `"${route}"`).join(" or ");
  if (known.length === 0) {
    if (condition !== null)
      issues.warning("CONDITION_UNUSED", at, `Node ${id} (${type}) does not branch: the condition ${show(condition)} is ignored.`);
    return null;
  }
  if (condition === null) {
    issues.error(
      "CONDITION_MISSING",
      ["edges", index],
      `Edge ${index} leaves node ${id} (${type}) and needs a condition, ${routes}; without it, it is never taken.`,
    );
  } else if (typeof condition !== "string" || !known.includes(condition)) {
    const meant = typeof condition === "string" ? suggester(known)(condition) : undefined;
    const hint = meant === undefined ? "" : ` Did you mean "${meant}"?`;
    issues.error(
      "CONDITION_INVALID",
      at,
      `The condition of edge ${index} out of node ${id} (${type}) is ${routes}, not ${show(condition)}.${hint}`,
    );
  }
  return typeof condition === "string" ? condition : null;
}

function checkRoutes(node: CheckedNode, taken: ReadonlySet<string | null | undefined>, whole: string, issues: IssueList): void {
  for (const route of node.routes) {
    if (taken.has(route)) continue;
    issues.warning("ROUTE_MISSING", ["nodes", node.index], `No edge leaves node ${node.id} on "${route}": there ${whole} ends.`);
  }
}
