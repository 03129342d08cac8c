/** Checks that no key of the state is written by two nodes of which nobody knows which writes last: there the faster one would decide. */
import { isJsonObject } from "#shared/json.ts";
import type { CheckedEdge } from "./check-edges.ts";
import type { CheckedNode } from "./check-node.ts";
import type { Graph } from "./graph.ts";
import type { IssueList } from "./issue.ts";

/** Pairs of writers that are looked at: a document of the usual kind has some ten. */
const pairs = 100_000;

/** Warns, once a node and key, where another assigner writes it that is neither before nor behind it, and both may run. */
export function checkWrites(nodes: readonly CheckedNode[], edges: readonly CheckedEdge[], graph: Graph, issues: IssueList): void {
  const writers = writersByKey(nodes);
  // Where there is a cycle, that is the problem to solve first.
  if (graph.cycles.length > 0 || ![...writers.values()].some((places) => places.length > 1)) return;
  const exclude = exclusion(nodes, edges, graph);
  let left = pairs;
  for (const [key, places] of writers) {
    places.forEach((place, index) => {
      const other = places.slice(0, index).find((earlier) => {
        left -= 1;
        return left > 0 && !graph.isUpstream(earlier, place) && !graph.isUpstream(place, earlier) && !exclude(earlier, place);
      });
      const node = nodes[place];
      const first = other === undefined ? undefined : nodes[other];
      if (node === undefined || first === undefined) return;
      issues.warning(
        "STATE_KEY_CONTESTED",
        ["nodes", node.index, "config", "assignments", key],
        `Nodes ${first.id} and ${node.id} both write state.${key}, and no path of edges leads from one to the other: the slower one decides. ` +
          "Put an edge between them, or write two keys.",
      );
    });
  }
}

/** Warns of each key that the items of an iteration write side by side. */
export function checkSharedWrites(nodes: readonly CheckedNode[], issues: IssueList): void {
  for (const [key, places] of writersByKey(nodes)) {
    const node = nodes[places[0] ?? -1];
    if (node === undefined) continue;
    issues.warning(
      "STATE_KEY_CONTESTED",
      ["nodes", node.index, "config", "assignments", key],
      `Node ${node.id} writes state.${key} for several items side by side: the slowest item decides. Let the items give it in config.output, or set parallel to 1.`,
    );
  }
}

function writersByKey(nodes: readonly CheckedNode[]): Map<string, number[]> {
  const writers = new Map<string, number[]>();
  nodes.forEach(({ type, config }, place) => {
    const assignments = type === "assigner" ? config["assignments"] : undefined;
    for (const key of isJsonObject(assignments) ? Object.keys(assignments) : []) {
      const places = writers.get(key);
      if (places === undefined) writers.set(key, [place]);
      else places.push(place);
    }
  });
  return writers;
}

/** Routes that a node needs, a bit for each branching node: it runs only where that one took "true", or only where it took "false". */
interface Needs {
  true: Uint32Array;
  false: Uint32Array;
}

/** Whether two nodes never run both: they need different routes of the same node. */
function exclusion(nodes: readonly CheckedNode[], edges: readonly CheckedEdge[], graph: Graph): (one: number, other: number) => boolean {
  const branching = new Map(
    nodes.flatMap(({ spec }, place) => ((spec?.routes.length ?? 0) > 0 ? [place] : [])).map((place, bit) => [place, bit]),
  );
  const words = (branching.size + 31) >> 5;
  const needs: (Needs | undefined)[] = [];
  for (const place of graph.order) {
    const ways = (graph.incoming[place] ?? []).flatMap((edge) => needsOfEdge(edges[edge], needs, branching));
    needs[place] = intersection(ways, words);
  }
  return (one, other) => {
    const a = needs[one];
    const b = needs[other];
    return a !== undefined && b !== undefined && (meet(a.true, b.false) || meet(a.false, b.true));
  };
}

/** What holds where an edge is taken: what its source needs, and the route that it took. */
function needsOfEdge(
  edge: CheckedEdge | undefined,
  known: readonly (Needs | undefined)[],
  branching: ReadonlyMap<number, number>,
): Needs[] {
  const needs = edge === undefined ? undefined : known[edge.source];
  if (edge === undefined || needs === undefined) return [];
  const bit = branching.get(edge.source);
  if (bit === undefined || (edge.condition !== "true" && edge.condition !== "false")) return [needs];
  const taken = { true: needs.true.slice(), false: needs.false.slice() };
  const route = taken[edge.condition];
  route[bit >> 5] = (route[bit >> 5] ?? 0) | (1 << (bit & 31));
  return [taken];
}

/** A node runs where one of its edges is taken: it needs what all of them need. */
function intersection([first, ...more]: readonly Needs[], words: number): Needs {
  const all = { true: first?.true.slice() ?? new Uint32Array(words), false: first?.false.slice() ?? new Uint32Array(words) };
  for (const needs of more) {
    for (let i = 0; i < words; i += 1) {
      all.true[i] = (all.true[i] ?? 0) & (needs.true[i] ?? 0);
      all.false[i] = (all.false[i] ?? 0) & (needs.false[i] ?? 0);
    }
  }
  return all;
}

function meet(one: Uint32Array, other: Uint32Array): boolean {
  return one.some((word, i) => (word & (other[i] ?? 0)) !== 0);
}
