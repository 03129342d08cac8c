/** More is asked of the platform than it comes to: what is told, and what goes on beside it. */
import { createClient as createWebSocketClient } from "graphql-ws";
import WebSocket from "ws";
import type { GraphClient } from "#codegen/client/client.ts";
import { prepareWorkflow } from "../../cli/client/prepare.ts";
import { query } from "../testkit/admin-query.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";

let platform: TestPlatform;
let client: GraphClient;
beforeAll(async () => {
  platform = await startTestPlatform();
  client = platform.client();
});
afterAll(() => platform.stop());

const dsl = { nodes: [{ id: "one", type: "answer", config: { answer: "hello" } }], edges: [] };
const create = `mutation ($id: ID!) { createRun(input: { workflowVersionId: $id, input: {} }) { id } }`;
const watch = `subscription ($id: ID!) { runEvents(runId: $id) { cursor runStatus run { status workflow { name } } nodeRun { status } } }`;

/** Reads a subscription to its end. @returns the last status, and the errors. */
async function readToEnd(url: string, runId: string): Promise<{ last: unknown; errors: unknown[] }> {
  const socket = createWebSocketClient({
    url: url.replace("http", "ws"),
    webSocketImpl: WebSocket,
    connectionParams: { "x-tenant-id": "t1" },
    retryAttempts: 0,
  });
  const read: { last: unknown; errors: unknown[] } = { last: undefined, errors: [] };
  try {
    for await (const { data, errors } of socket.iterate<{ runEvents: { runStatus: string | null } }>({ query: watch, variables: { id: runId } })) {
      read.errors.push(...(errors ?? []));
      read.last = data?.runEvents?.runStatus ?? read.last;
    }
  } finally {
    await socket.dispose();
  }
  return read;
}

describe("300 creates and 300 subscriptions of one tenant at once", () => {
  it("are done, or told that there is too much; streams come to their end, health and others are answered, connections stay few", async () => {
    const prepared = await prepareWorkflow(client, { code: "overload", name: "overload", input: {}, dsl });
    const id = prepared.workflowVersionId;
    const first = await platform.post(create, { id });
    const { createRun } = first.data as { createRun: { id: string } };
    const seen = { pings: [] as unknown[], health: [] as number[], ready: [] as number[], connections: 0 };
    let isDone = false;
    const beside = (async () => {
      while (!isDone) {
        const ping = await platform.post("{ runs(first: 1) { edges { node { id } } } }", {}, { "x-tenant-id": "other" });
        seen.pings.push(...(ping.errors ?? []));
        seen.ready.push((await fetch(new URL("/readyz", platform.url))).status);
        seen.health.push((await fetch(new URL("/health", platform.url))).status);
        const [row] = await query(platform.database.adminUrl, "select count(*)::int as n from pg_stat_activity where datname = current_database() and usename = 'agent_platform'");
        seen.connections = Math.max(seen.connections, (row as { n: number }).n);
      }
    })();
    const creates = Promise.all(Array.from({ length: 300 }, () => platform.post(create, { id })));
    const streams = Promise.all(Array.from({ length: 300 }, () => readToEnd(platform.url, createRun.id)));
    const [answers, reads] = await Promise.all([creates, streams]).finally(() => (isDone = true));
    await beside;
    const refused = answers.flatMap(({ errors = [] }) => errors.map(({ extensions }) => extensions["code"]));
    expect(refused.filter((code) => code !== "RESOURCE_EXHAUSTED")).toEqual([]);
    expect(reads.filter(({ last, errors }) => last !== "COMPLETED" || errors.length > 0)).toEqual([]);
    expect(seen.pings).toEqual([]);
    expect([...new Set([...seen.ready, ...seen.health])]).toEqual([200]);
    expect(seen.connections).toBeLessThanOrEqual(20);
  });
});
