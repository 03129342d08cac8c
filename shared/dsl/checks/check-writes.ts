/** Checks that no key of the state is written by two nodes of which nobody knows which writes last: there the faster one would decide. */
import { isJsonObject } from "#shared/json.ts";
import type { CheckedEdge } from "./check-edges.ts";
import type { Depth } from "./check-bodies.ts";
import type { CheckedNode } from "./check-node.ts";
import { holderOf, variablesOf, type Outside } from "./check-references.ts";
import type { Graph } from "../graph.ts";
import type { IssueList } from "../issue.ts";

/** Routes of a node that are told from each other: more than one can have. */
const routesLooked = 200;

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
        `Nodes ${first.id} and ${node.id} both write ${written(key)}, and no path of edges leads from one to the other: the slower one decides. ` +
          "Put an edge between them, or write two keys.",
      );
    });
  }
}

/** Warns of each key that the items of an iteration write side by side. A loop within has variables of its own for each item. */
export function checkSharedWrites(
  nodes: readonly CheckedNode[],
  depth: Pick<Depth, "parallel" | "parallelInLoop">,
  issues: IssueList,
): void {
  if (depth.parallel === 1) return;
  for (const [key, places] of writersByKey(nodes)) {
    const node = nodes[places[0] ?? -1];
    if (node === undefined || (isVariable(key) && depth.parallelInLoop === 1)) continue;
    issues.warning(
      "STATE_KEY_CONTESTED",
      ["nodes", node.index, "config", "assignments", key],
      `Node ${node.id} writes ${written(key)} for several items side by side: the slowest item decides. Let the items give it in config.output, or set parallel to 1.`,
    );
  }
}

/** Warns, or says that it cannot be, where an assigner sets a variable that no loop around has. */
export function checkVariableWrites(nodes: readonly CheckedNode[], around: Outside | undefined, issues: IssueList): void {
  const loop = holderOf("loop", around);
  for (const [key, places] of writersByKey(nodes)) {
    const name = key.slice(variablePrefix.length);
    if (!isVariable(key) || (loop !== undefined && variablesOf(loop).includes(name))) continue;
    for (const { id, index } of places.flatMap((place) => nodes[place] ?? [])) {
      const at = ["nodes", index, "config", "assignments", key];
      if (loop === undefined)
        issues.error(
          "CONFIG_INVALID",
          at,
          `Node ${id} sets ${key}, and stands in the body of no loop; set a key of the state, such as ${name}.`,
        );
      else
        issues.warning(
          "CONFIG_UNKNOWN_KEY",
          at,
          `Node ${id} sets ${key}, which has no start value: give the loop ${loop.id} one in its config.variables.`,
        );
    }
  }
}

/** What keys of assignments begin with that are variables of the loop around. */
const variablePrefix = "loop.";

function isVariable(key: string): boolean {
  return key.startsWith(variablePrefix);
}

/** As templates read it. */
function written(key: string): string {
  return isVariable(key) ? key : `state.${key}`;
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

/** The edges that a node takes together, as a bit, by their route; and for each bit those of the same node's other routes, of which it takes none then. */
interface Routes {
  bitOf(edge: CheckedEdge): number | undefined;
  rivals: readonly (readonly number[])[];
  words: number;
}

/** Whether two nodes never run both: they need different routes of the same node. */
function exclusion(nodes: readonly CheckedNode[], edges: readonly CheckedEdge[], graph: Graph): (one: number, other: number) => boolean {
  const routes = routesTaken(nodes, edges);
  const needs: (Uint32Array | undefined)[] = [];
  for (const place of graph.order) {
    const ways = (graph.incoming[place] ?? []).flatMap((edge) => needsOfEdge(edges[edge], needs, routes));
    needs[place] = intersection(ways, routes.words);
  }
  const excluded = needs.map((need) => need && rivalsOf(need, routes));
  return (one, other) => {
    const [a, b] = [excluded[one], needs[other]];
    return a !== undefined && b !== undefined && a.some((word, i) => (word & (b[i] ?? 0)) !== 0);
  };
}

/** Routes of nodes that branch, or whose failure does: there the edges without a condition are what is taken otherwise. */
function routesTaken(nodes: readonly CheckedNode[], edges: readonly CheckedEdge[]): Routes {
  const bits = new Map<number, Map<string | null, number>>();
  const rivals: number[][] = [];
  const bitOf: Routes["bitOf"] = ({ source, condition }) => bits.get(source)?.get(condition);
  for (const { source, condition } of edges) {
    const node = nodes[source];
    if (node === undefined || (node.routes.length === 0 && node.onError !== "branch")) continue;
    const known = bits.get(source) ?? new Map<string | null, number>();
    bits.set(source, known);
    if (known.has(condition) || known.size >= routesLooked) continue;
    const bit = rivals.length;
    rivals.push([...known.values()]);
    for (const other of known.values()) rivals[other]?.push(bit);
    known.set(condition, bit);
  }
  return { bitOf, rivals, words: (rivals.length + 31) >> 5 };
}

/** What holds where an edge is taken: what its source needs, and the route that it took. */
function needsOfEdge(edge: CheckedEdge | undefined, known: readonly (Uint32Array | undefined)[], routes: Routes): Uint32Array[] {
  const needs = edge === undefined ? undefined : known[edge.source];
  if (edge === undefined || needs === undefined) return [];
  const bit = routes.bitOf(edge);
  if (bit === undefined) return [needs];
  const taken = needs.slice();
  bitSet(taken, bit);
  return [taken];
}

/** A node runs where one of its edges is taken: it needs what all of them need. */
function intersection([first, ...more]: readonly Uint32Array[], words: number): Uint32Array {
  const all = first?.slice() ?? new Uint32Array(words);
  for (const needs of more) for (let i = 0; i < words; i += 1) all[i] = (all[i] ?? 0) & (needs[i] ?? 0);
  return all;
}

/** The routes that are not taken where these are. */
function rivalsOf(needs: Uint32Array, { rivals, words }: Routes): Uint32Array {
  const found = new Uint32Array(words);
  needs.forEach((word, i) => {
    for (let bit = 0; word !== 0 && bit < 32; bit += 1)
      if (((word >>> bit) & 1) === 1) for (const rival of rivals[i * 32 + bit] ?? []) bitSet(found, rival);
  });
  return found;
}

function bitSet(bits: Uint32Array, bit: number): void {
  bits[bit >> 5] = (bits[bit >> 5] ?? 0) | (1 << (bit & 31));
}
