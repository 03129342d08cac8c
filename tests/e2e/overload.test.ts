/** More is asked of the platform than it comes to: what is told, and what goes on beside it. */
import { createClient as createWebSocketClient } from "graphql-ws";
import pg from "pg";
import WebSocket from "ws";
import type { GraphClient } from "#codegen/client/client.ts";
import { processReads, readLimits } from "#shared/read-bytes.ts";
import { prepareWorkflow } from "../../cli/client/prepare.ts";
import { query } from "../testkit/admin-query.ts";
import { eventually } from "../testkit/eventually.ts";
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
    for await (const { data, errors } of socket.iterate<{ runEvents: { runStatus: string | null } }>({
      query: watch,
      variables: { id: runId },
    })) {
      read.errors.push(...(errors ?? []));
      read.last = data?.runEvents?.runStatus ?? read.last;
    }
  } finally {
    await socket.dispose();
  }
  return read;
}

describe("a database that a few tenants' statements keep busy", () => {
  it("keeps neither health nor streams waiting; whoever waits too long is told that there is too much, not that it is gone", async () => {
    const prepared = await prepareWorkflow(client, { code: "busy", name: "busy", input: {}, dsl });
    const first = await platform.post(create, { id: prepared.workflowVersionId });
    const { createRun } = first.data as { createRun: { id: string } };
    expect((await readToEnd(platform.url, createRun.id)).last).toBe("COMPLETED");
    const holder = new pg.Client({ connectionString: platform.database.adminUrl });
    await holder.connect();
    await holder.query("begin; lock table workflow.app in access exclusive mode");
    const apps = (tenant: string) => platform.post("{ apps(first: 1) { edges { node { id } } } }", {}, { "x-tenant-id": tenant });
    const refused = Promise.withResolvers<string>();
    const asked = ["a", "b", "c"].flatMap((tenant) =>
      Array.from({ length: 30 }, async () => {
        const { errors = [] } = await apps(tenant);
        const [reason] = errors.map(({ extensions }) => String(extensions["reason"]));
        if (reason !== undefined && reason !== "ROW_BUSY") refused.resolve(reason);
        return reason;
      }),
    );
    try {
      // All connections of requests are taken by now, and stay so.
      await eventually(
        () => query(platform.database.adminUrl, "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ilike '%app%'"),
        (rows) => rows.length >= 3,
      );
      const path = (of: string) => fetch(new URL(of, platform.url)).then(({ status }) => status);
      expect(await Promise.all([path("/livez"), path("/readyz"), path("/health")])).toEqual([200, 200, 200]);
      expect(await readToEnd(platform.url, createRun.id)).toEqual({ last: "COMPLETED", errors: [] });
      expect(await refused.promise).toMatch(/^(DATABASE|TENANT|ROUTER)_BUSY$/);
    } finally {
      await holder.query("rollback");
      await holder.end();
    }
    const told = new Set(await Promise.all(asked));
    for (const reason of told) expect([undefined, "ROW_BUSY", "DATABASE_BUSY", "TENANT_BUSY", "ROUTER_BUSY"]).toContain(reason);
  });
});

describe("60 clients of two tenants that read pages of 200 runs with inputs of 200 KiB", () => {
  const inputs = "{ runs(first: 200) { nodes { id input } } }";

  it("are answered in turn, or told when to come again; others are answered beside them, and nothing is kept", async () => {
    await Promise.all(["large1", "large2"].map((tenant) => makeRuns(tenant, 200)));
    const { isOver, most, pings } = watchReads();
    const ask = async (index: number) => {
      const { data, errors = [] } = await platform.post(inputs, {}, { "x-tenant-id": `large${1 + (index % 2)}` });
      const page = data as { runs: { nodes: { input: { text: string } }[] } | null } | null;
      const [told] = errors.map(({ extensions }) => extensions);
      return told ?? page?.runs?.nodes.map(({ input }) => input.text.length);
    };
    const whole = Array.from({ length: 200 }, () => 200 << 10);
    expect(await ask(0)).toEqual(whole);
    const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => ask(index)));
    isOver.resolve();
    expect(answers.filter(Array.isArray).length).toBeGreaterThanOrEqual(2);
    for (const answer of answers) {
      if (Array.isArray(answer)) expect(answer).toEqual(whole);
      else expect(answer).toMatchObject({ code: "RESOURCE_EXHAUSTED", retryAfterMs: expect.any(Number) });
    }
    expect(await pings).toEqual([]);
    expect(most()).toBeGreaterThan(readLimits.tenantBytes / 2);
    expect(most()).toBeLessThanOrEqual(readLimits.stuckBytes);
    expect(processReads.held).toBe(0);
  });
});

/** Makes runs of a tenant that nobody executes, each with an input of 200 KiB. */
async function makeRuns(tenantId: string, count: number): Promise<void> {
  const prepared = await prepareWorkflow(platform.client({ tenantId }), { code: "large", name: "large", input: {}, dsl });
  const manual = `mutation ($id: ID!, $input: JSONObject!) { createRun(input: { workflowVersionId: $id, input: $input, execution: MANUAL }) { id } }`;
  const input = { text: "x".repeat(200 << 10) };
  for (let made = 0; made < count; made += 20) {
    const create = () => platform.post(manual, { id: prepared.workflowVersionId, input }, { "x-tenant-id": tenantId });
    const some = await Promise.all(Array.from({ length: 20 }, create));
    expect(some.flatMap(({ errors = [] }) => errors)).toEqual([]);
  }
}

/** Asks little for another tenant, one after the other, and looks how much is held meanwhile. */
function watchReads() {
  const isOver = Promise.withResolvers<void>();
  let most = 0;
  let isRunning = true;
  void isOver.promise.then(() => (isRunning = false));
  const pings = (async () => {
    const refused: unknown[] = [];
    while (isRunning) {
      const { errors = [] } = await platform.post("{ runs(first: 1) { nodes { id input } } }", {}, { "x-tenant-id": "other" });
      refused.push(...errors);
      most = Math.max(most, processReads.held);
    }
    return refused;
  })();
  return { isOver, most: () => most, pings };
}

/** What an API without keys and a worker may have open, by the name that PostgreSQL is told. */
const mostOf: Record<string, number> = {
  // Two that listen.
  "": 2,
  // Three of requests, two of streams.
  "agent-platform": 5,
  "agent-platform look": 1,
  // Three of the API, four of the worker.
  "agent-platform engine": 7,
  "agent-platform renewals": 1,
  "agent-platform events": 2,
  "agent-platform embedder": 1,
  "agent-platform keys": 1,
  "agent-platform audit": 2,
  "agent-platform run events": 1,
  "agent-platform removal": 1,
  "agent-platform audit removal": 1,
};

/** The platform's connections to PostgreSQL: their names by process id. */
async function connections(): Promise<Map<number, string>> {
  const rows = await query(
    platform.database.adminUrl,
    "select pid, application_name from pg_stat_activity where datname = current_database() and usename like 'agent_platform%'",
  );
  return new Map((rows as { pid: number; application_name: string }[]).map((row) => [row.pid, row.application_name]));
}

describe("300 creates and 300 subscriptions of one tenant at once", () => {
  it("are done, or told that there is too much; streams come to their end, health and others are answered, connections stay few", async () => {
    const prepared = await prepareWorkflow(client, { code: "overload", name: "overload", input: {}, dsl });
    const id = prepared.workflowVersionId;
    const first = await platform.post(create, { id });
    const { createRun } = first.data as { createRun: { id: string } };
    const seen = { pings: [] as unknown[], health: [] as number[], ready: [] as number[], connections: {} as Record<string, number> };
    let isDone = false;
    let last = new Map<number, string>();
    const beside = (async () => {
      while (!isDone) {
        const ping = await platform.post("{ runs(first: 1) { edges { node { id } } } }", {}, { "x-tenant-id": "other" });
        seen.pings.push(...(ping.errors ?? []));
        seen.ready.push((await fetch(new URL("/readyz", platform.url))).status);
        seen.health.push((await fetch(new URL("/health", platform.url))).status);
        const now = await connections();
        // One that was given up and whose backend is about to go stands beside its successor for a moment.
        const stayed = [...now].filter(([pid]) => last.has(pid)).map(([, name]) => name);
        for (const name of stayed)
          seen.connections[name] = Math.max(seen.connections[name] ?? 0, stayed.filter((other) => other === name).length);
        last = now;
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
    expect(Object.entries(seen.connections).filter(([name, count]) => count > (mostOf[name] ?? 0))).toEqual([]);
  });
});
