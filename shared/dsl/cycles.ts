/** Finds the knots of a graph, sets of nodes that reach each other, and a cycle in each. Linear, and without recursion. */

/** An edge between nodes given by their places in the list of nodes. */
export interface GraphEdge {
  source: number;
  target: number;
}

interface Knotted {
  edges: readonly GraphEdge[];
  incoming: readonly (readonly number[])[];
  outgoing: readonly (readonly number[])[];
  /** Nodes known to be on no cycle. */
  order: readonly number[];
}

/** One cycle of every knot, each as the places of its edges in the order in which one follows them. */
export function findCycles(graph: Knotted): number[][] {
  const knots = knotsOf(graph);
  const started = new Set<number>();
  return graph.incoming.flatMap((_, node) => {
    const knot = knots[node];
    if (knot === undefined || started.has(knot)) return [];
    started.add(knot);
    return cycleBehind(node, graph, (source) => knots[source] === knot);
  });
}

/**
 * Kosaraju's algorithm. A walk forwards notes the order in which nodes are finished. Then, beginning with the node that was finished last, all
 * nodes that are reached by walking backwards from it form its knot.
 */
function knotsOf({ edges, incoming, outgoing, order }: Knotted): (number | undefined)[] {
  const left: number[] = [];
  const seen = new Set(order);
  for (let start = 0; start < outgoing.length; start += 1) {
    walk(
      start,
      (node) => (outgoing[node] ?? []).map((edge) => edges[edge]?.target ?? node),
      seen,
      (node) => left.push(node),
    );
  }
  const knots: (number | undefined)[] = [];
  const placed = new Set(order);
  for (const start of left.reverse()) {
    walk(
      start,
      (node) => (incoming[node] ?? []).map((edge) => edges[edge]?.source ?? node),
      placed,
      (node) => (knots[node] = start),
    );
  }
  return knots;
}

/** Depth first from `start` over what was not seen yet; `leave` is called when all that follows a node is done. */
function walk(start: number, next: (node: number) => number[], seen: Set<number>, leave: (node: number) => void): void {
  if (seen.has(start)) return;
  seen.add(start);
  const trail = [{ node: start, open: next(start) }];
  for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
    const node = top.open.pop();
    if (node === undefined) {
      leave(top.node);
      trail.pop();
    } else if (!seen.has(node)) {
      seen.add(node);
      trail.push({ node, open: next(node) });
    }
  }
}

/** Walks backwards within a knot until it meets itself; nothing for a node that is alone and has no edge to itself. */
function cycleBehind(start: number, { edges, incoming }: Knotted, isInKnot: (node: number) => boolean): number[][] {
  const visited = new Map<number, number>();
  const trail: number[] = [];
  let node = start;
  while (!visited.has(node)) {
    visited.set(node, trail.length);
    const edge = incoming[node]?.find((candidate) => isInKnot(edges[candidate]?.source ?? -1));
    if (edge === undefined) return [];
    trail.push(edge);
    node = edges[edge]?.source ?? start;
  }
  return [trail.slice(visited.get(node)).reverse()];
}
