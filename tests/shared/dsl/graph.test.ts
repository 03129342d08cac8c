import fc from "fast-check";
import type { GraphEdge } from "#shared/dsl/cycles.ts";
import { graphOf } from "#shared/dsl/graph.ts";

const graphs = fc.integer({ min: 1, max: 8 }).chain((size) => {
  const place = fc.nat({ max: size - 1 });
  return fc.tuple(fc.constant(size), fc.array(fc.record({ source: place, target: place }), { maxLength: 14 }));
});

/** Who reaches whom over at least one edge, the slow way. */
function reachability(size: number, edges: readonly GraphEdge[]): boolean[][] {
  const reach = Array.from({ length: size }, () => Array.from({ length: size }, () => false));
  for (const { source, target } of edges) (reach[source] ?? [])[target] = true;
  for (let via = 0; via < size; via += 1)
    for (let from = 0; from < size; from += 1)
      for (let to = 0; to < size; to += 1) if (reach[from]?.[via] && reach[via]?.[to]) (reach[from] ?? [])[to] = true;
  return reach;
}

describe("graphOf", () => {
  it("orders nodes so that edges point forward, finds cycles exactly where there are any, and knows who is upstream", () => {
    fc.assert(
      fc.property(graphs, ([size, edges]) => {
        const graph = graphOf(size, edges);
        const reach = reachability(size, edges);
        const cyclic = new Set(Array.from({ length: size }, (_, i) => i).filter((i) => reach[i]?.[i]));
        const position = new Map(graph.order.map((node, i) => [node, i]));
        for (const { source, target } of edges) {
          if (position.has(target)) expect(position.get(source)).toBeLessThan(position.get(target) ?? -1);
        }
        expect(graph.cycles.length > 0).toBe(cyclic.size > 0);
        for (const cycle of graph.cycles) {
          cycle.forEach((edge, i) => expect(edges[edge]?.target).toBe(edges[cycle[(i + 1) % cycle.length] ?? -1]?.source));
        }
        // Each knot of nodes that reach each other has one cycle named.
        const named = new Set(graph.cycles.flat().map((edge) => edges[edge]?.source));
        for (const node of cyclic)
          expect([...named].some((other) => other !== undefined && reach[node]?.[other] && reach[other]?.[node])).toBe(true);
        for (const node of graph.order)
          for (let other = 0; other < size; other += 1) expect(graph.isUpstream(other, node)).toBe(reach[other]?.[node]);
      }),
      { numRuns: 1_000 },
    );
  });

  it("does not recurse: a chain of 2,000 nodes has an order", () => {
    const edges = Array.from({ length: 1_999 }, (_, i) => ({ source: i, target: i + 1 }));
    const graph = graphOf(2_000, edges);
    expect(graph.order).toHaveLength(2_000);
    expect(graph.isUpstream(0, 1_999)).toBe(true);
    expect(graphOf(2_000, [...edges, { source: 1_999, target: 0 }]).cycles[0]).toHaveLength(2_000);
  });
});
