/** An iteration whose items each call a server that counts, and what is to be true of it however often its owners die (C7). */
import type { Json } from "#shared/json.ts";
import type { TestHttpServer } from "./http-server.ts";

/** Calls by the key that they were sent with. */
export type CallCounts = ReadonlyMap<string, number>;

/** A document that calls `/items` of the server for each of so many items, `parallel` at a time. */
export function callsForItems(source: TestHttpServer, count: number, parallel = 16) {
  const call = { id: "call", type: "tool", config: { url: `${source.url}/items`, method: "POST", body: { item: "{{ item }}" } } };
  const items: Json = Array.from({ length: count }, (_, index) => index);
  const config = { items, parallel, body: { nodes: [call], edges: [] }, output: "{{ nodes.call.output.body.item }}" };
  return { nodes: [{ id: "each", type: "iteration", config }], edges: [] };
}

/** A document that calls `/items` of the server in each of so many rounds, and then for each of so many items within a sub-workflow. */
export function callsForRounds(source: TestHttpServer, rounds: number, subWorkflowId: string) {
  const call = { id: "call", type: "tool", config: { url: `${source.url}/items`, method: "POST", body: { item: "{{ loop.next }}" } } };
  const count = { id: "count", type: "assigner", config: { assignments: { "loop.next": "{{ loop.next | plus: 1 }}" } } };
  const body = { nodes: [call, count], edges: [{ source: "call", target: "count" }] };
  const config = { variables: { next: 0 }, until: `loop.next >= ${rounds}`, body, output: "{{ nodes.call.output.body.item }}" };
  return {
    nodes: [
      { id: "rounds", type: "loop", config },
      { id: "sub", type: "sub-workflow", config: { workflow_id: subWorkflowId } },
    ],
    edges: [{ source: "rounds", target: "sub" }],
  };
}

/** Answers with the item that it was sent; but for calls that are the `at`th of a key that was not seen before: there `kill` is called, and nothing answered. */
export function countCalls(source: TestHttpServer, at: number | readonly number[], kill: () => void): CallCounts {
  const counts = new Map<string, number>();
  const kills = new Set([at].flat());
  source.on("POST /items", ({ headers, body }, response) => {
    const key = String(headers["idempotency-key"]);
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (kills.delete(counts.size)) return kill();
    response.setHeader("content-type", "application/json");
    response.end(body);
  });
  return counts;
}

interface Page {
  nodeRun: {
    children: {
      edges: { node: { path: string; status: string; attempt: number } }[];
      pageInfo: { hasNextPage: boolean; endCursor: string };
    };
  };
}

const children = `query ($id: ID!, $after: String) { nodeRun(id: $id) { children(first: 100, after: $after) {
  edges { node { path status attempt } } pageInfo { hasNextPage endCursor } } } }`;

/** How often each status is among the items of an iteration, and how many different items there are. */
export async function itemsOf(
  ask: (query: string, variables: { id: string; after?: string }) => Promise<unknown>,
  id: string,
): Promise<{ items: number; statuses: Record<string, number> }> {
  const paths = new Set<string>();
  const statuses: Record<string, number> = {};
  for (let after: string | undefined, isMore = true; isMore;) {
    const { nodeRun } = (await ask(children, { id, ...(after !== undefined && { after }) })) as Page;
    for (const { node } of nodeRun.children.edges) {
      paths.add(node.path);
      statuses[node.status] = (statuses[node.status] ?? 0) + 1;
    }
    isMore = nodeRun.children.pageInfo.hasNextPage;
    after = nodeRun.children.pageInfo.endCursor;
  }
  return { items: paths.size, statuses };
}
