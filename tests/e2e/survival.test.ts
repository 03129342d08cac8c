/** The platform as `npm start` runs it, and what of it lives on when a part is killed. */
import { mkdtemp, chmod, rm } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "#shared/json.ts";
import { createClient, type GraphClient } from "#codegen/client/client.ts";
import { graphql } from "#codegen/graph/gql.ts";
import { readPostmaster } from "#shared/postgres/postmaster.ts";
import { processIdentity } from "#shared/process-identity.ts";
import { signalProcess } from "#shared/signal-process.ts";
import { createRun } from "../../cli/client/documents.ts";
import { followRun } from "../../cli/client/follow.ts";
import { startOwnPlatform, type OwnPlatform } from "../../cli/client/trials/own-platform.ts";
import { prepareWorkflow } from "../../cli/client/prepare.ts";
import { runningInstance } from "../../cli/process/instance-lock.ts";
import { callsForItems, callsForRounds, countCalls, itemsOf } from "../testkit/counted-items.ts";
import { query } from "../testkit/admin-query.ts";
import { eventually } from "../testkit/eventually.ts";
import { freePorts } from "../testkit/free-ports.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { leasesLast } from "../testkit/lasting-leases.ts";

let dataDir: string;
let source: TestHttpServer;
let platform: OwnPlatform;
let client: GraphClient;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "agent-platform-survival-"));
  await chmod(dataDir, 0o755);
  source = await startHttpServer();
  // An API that is killed comes back to its port, which nobody else must have been given meanwhile.
  const [port] = await freePorts(1);
  const settings = { EGRESS_ALLOW: source.hostPort, LOG_LEVEL: "warn", PORT: String(port) };
  platform = await startOwnPlatform({ environment: process.env, dataDir, settings });
  client = createClient({ url: platform.graphUrl, tenantId: "t1" });
}, 600_000);

afterAll(async () => {
  await client.close();
  await platform.stop();
  await source.close();
  await rm(dataDir, { recursive: true, force: true });
});

const part = (name: string): number => runningInstance(dataDir)?.children?.find((child) => child.part === name)?.pid ?? 0;
const database = () => readPostmaster(join(dataDir, "postgres"))?.pid;
const adminUrl = () => `postgres://postgres@/agent_platform?host=${encodeURIComponent(join(dataDir, "postgres-socket"))}`;

/** Kills a part whose leases would last a day. It stands still meanwhile: nobody renews them before it is dead. */
async function killedHolding(name: string): Promise<void> {
  const pid = part(name);
  signalProcess(pid, "SIGSTOP");
  try {
    await leasesLast(adminUrl());
  } finally {
    signalProcess(pid, "SIGKILL");
  }
}

/** What the graph says of a part. */
async function partHealth(name: string): Promise<{ state: string; restarts: number; lastEndCause: string | null }> {
  const response = await fetch(platform.graphUrl, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "{ parts { name state since restarts lastEndCause } }" }),
  });
  const { data } = (await response.json()) as { data: { parts: { name: string; state: string; restarts: number; lastEndCause: null }[] } };
  return data.parts.find((each) => each.name === name)!;
}

/** Starts a run of it. @returns its id. */
async function start(code: string, dsl: JsonObject, execution: "WORKERS" | "MANUAL" = "WORKERS", as = client): Promise<string> {
  const prepared = await prepareWorkflow(as, { code, name: code, input: {}, dsl });
  const { createRun: run } = await as.mutate(createRun, {
    input: { workflowVersionId: prepared.workflowVersionId, input: {}, execution },
  });
  return run!.id;
}

interface Given {
  run: { outputJson: unknown };
}

/** Asks as a tenant. */
async function askRaw(tenantId: string, query: string, variables: object): Promise<unknown> {
  const headers = { "content-type": "application/json", "x-tenant-id": tenantId };
  const response = await fetch(platform.graphUrl, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = (await response.json()) as { data: unknown; errors?: unknown };
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

const execute = graphql(`
  mutation SurvivalExecuteRun($id: ID!) {
    executeRun(id: $id, input: { workerKey: "caller" }) {
      run {
        status
      }
    }
  }
`);

const asks = (path: string) => ({
  nodes: [{ id: "ask", type: "knowledge-retrieval", config: { query_template: "tea", source_url: source.url + path } }],
  edges: [],
});

describe("a platform a part of which is killed", () => {
  it("is the API: PostgreSQL and the workers live on, runs go on, and it is back at its address", async () => {
    const before = { api: part("API"), worker: part("worker"), database: database() };
    source.on("GET /slow", (_, response) => {
      signalProcess(before.api, "SIGKILL");
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ documents: [{ id: "tea", text: "tea" }] }));
    });
    const runId = await start("api", asks("/slow"));
    // It reads on where it was when the API is back.
    expect((await followRun(client, runId, () => {})).status).toBe("COMPLETED");
    expect({ worker: part("worker"), database: database() }).toEqual({ worker: before.worker, database: before.database });
    expect(part("API")).not.toBe(before.api);
    expect((await fetch(new URL("/livez", platform.graphUrl))).status).toBe(200);
    // It serves before its supervisor has told it that it is up.
    const back = await eventually(
      () => partHealth("API"),
      ({ state }) => state === "UP",
    );
    expect(back).toMatchObject({ restarts: 1, lastEndCause: "KILLED" });
    expect(await partHealth("PostgreSQL")).toMatchObject({ state: "UP", restarts: 0, lastEndCause: null });
    const health = (await (await fetch(new URL("/health", platform.graphUrl))).json()) as { parts: object[] };
    expect(health.parts).toEqual(["PostgreSQL", "API", "worker"].map((name) => expect.objectContaining({ name, state: "UP" })));
  }, 300_000);

  it("is the socket at which workers reach the API: it is there again, and nodes call tools over new connections", async () => {
    const calls = 8;
    const held: ServerResponse[] = [];
    // Side by side: what is left of connections is not enough for all of them.
    source.on("GET /together", (_, response) => {
      held.push(response);
      if (held.length === calls) for (const each of held) each.end("ok");
    });
    const before = { api: part("API"), worker: part("worker") };
    await rm(join(dataDir, "worker-socket"), { recursive: true });
    const config = { url: `${source.url}/together`, timeout_seconds: 30 };
    const nodes = Array.from({ length: calls }, (_, index) => ({ id: `call${index}`, type: "tool", config }));
    const runId = await start("socket", { nodes, edges: [] });
    expect((await followRun(client, runId, () => {})).status).toBe("COMPLETED");
    expect({ api: part("API"), worker: part("worker") }).toEqual(before);
  }, 300_000);

  it("is a worker in the middle of an iteration: each item is completed once, and called once more at most; another tenant's goes on beside it", async () => {
    const count = 400;
    const counts = countCalls(source, 160, () => void signalProcess(part("worker"), "SIGKILL"));
    const runId = await start("items", callsForItems(source, count));
    const beside = createClient({ url: platform.graphUrl, tenantId: "t2" });
    try {
      const other = await start("beside", callsForItems(source, 50), "WORKERS", beside);
      for (const [asking, id, items] of [
        [client, runId, count],
        [beside, other, 50],
      ] as const) {
        expect((await followRun(asking, id, () => {})).status).toBe("COMPLETED");
        const { run } = (await askRaw(asking === client ? "t1" : "t2", "query ($id: ID!) { run(id: $id) { outputJson } }", {
          id,
        })) as Given;
        expect(run.outputJson).toEqual(Array.from({ length: items }, (_, index) => index));
        const asked = (query: string, variables: object) => askRaw(asking === client ? "t1" : "t2", query, variables);
        expect(await itemsOf(asked, `${id}:each`)).toEqual({ items, statuses: { COMPLETED: items } });
      }
    } finally {
      await beside.close();
    }
    expect(counts.size).toBe(count + 50);
    expect([...counts].filter(([, calls]) => calls > 2)).toEqual([]);
    // One that is asked of another tenant's is none.
    expect(await askRaw("t2", "query ($id: ID!) { run(id: $id) { id } }", { id: runId })).toEqual({ run: null });
  });

  it("is a worker in the middle of a round, and of an item within a sub-workflow: each is completed once, and called once more at most", async () => {
    const rounds = 12;
    const items = 40;
    const counts = countCalls(source, [5, rounds + 17], () => void signalProcess(part("worker"), "SIGKILL"));
    const inner = await prepareWorkflow(client, {
      code: "inner-items",
      name: "inner-items",
      input: {},
      dsl: callsForItems(source, items, 4),
    });
    const runId = await start("rounds", callsForRounds(source, rounds, inner.workflowId));
    expect((await followRun(client, runId, () => {})).status).toBe("COMPLETED");
    const asked = (query: string, variables: object) => askRaw("t1", query, variables);
    const output = "query ($loop: ID!, $sub: ID!) { loop: nodeRun(id: $loop) { outputJson } sub: nodeRun(id: $sub) { outputJson } }";
    expect(await asked(output, { loop: `${runId}:rounds`, sub: `${runId}:sub` })).toEqual({
      loop: { outputJson: { result: rounds - 1, rounds, stopped: "until", variables: { next: rounds } } },
      sub: { outputJson: { result: Array.from({ length: items }, (_, index) => index), state: {} } },
    });
    expect(await itemsOf(asked, `${runId}:rounds`)).toEqual({ items: rounds, statuses: { COMPLETED: rounds } });
    expect(await itemsOf(asked, `${runId}:sub/each`)).toEqual({ items, statuses: { COMPLETED: items } });
    // The keys of those that were under way, one round and four items at most, are the same again.
    expect(counts.size).toBe(rounds + items);
    expect([...counts].filter(([, calls]) => calls > 2)).toEqual([]);
    expect([...counts].filter(([, calls]) => calls === 2).length).toBeLessThanOrEqual(5);
  }, 300_000);

  it("is the API, and it is only stopped: workers go on, nothing is lost, and nobody takes it for dead", async () => {
    const before = { api: part("API"), health: await partHealth("API") };
    const document = { headers: { "content-type": "application/json" }, body: JSON.stringify([{ id: "tea", text: "tea" }]) };
    source.on("GET /stops", (_, response) => {
      signalProcess(before.api, "SIGSTOP");
      response.writeHead(200, document.headers).end(document.body);
    });
    source.on("GET /tool", { body: "poured" });
    const { nodes } = asks("/stops");
    // The second one's call goes through the API.
    const tool = { id: "tool", type: "tool", config: { url: `${source.url}/tool` } };
    try {
      const runId = await start("stopped", { nodes: [...nodes, tool], edges: [{ source: "ask", target: "tool" }] });
      const statuses = "select path, status from runtime.node_run where run_id = $1 order by path";
      const stored = await eventually(
        () => query(adminUrl(), statuses, [runId]),
        (rows) => rows.length === 2,
      );
      // COMPLETED, and RUNNING.
      expect(stored).toEqual([
        { path: "ask", status: 3 },
        { path: "tool", status: 1 },
      ]);
      // Whoever asks for its health has no answer, which is one.
      await expect(fetch(new URL("/livez", platform.graphUrl), { signal: AbortSignal.timeout(300) })).rejects.toThrow();
      signalProcess(before.api, "SIGCONT");
      expect((await followRun(client, runId, () => {})).status).toBe("COMPLETED");
    } finally {
      signalProcess(before.api, "SIGCONT");
    }
    expect(source.requests.filter(({ path }) => path === "/tool")).toHaveLength(1);
    expect(part("API")).toBe(before.api);
    expect(await partHealth("API")).toEqual(before.health);
  }, 300_000);

  it("is a worker: its runs go on elsewhere, however long their leases last", async () => {
    const killed = Promise.withResolvers<void>();
    const { restarts } = await partHealth("worker");
    source.on("GET /hangs", [
      () => void killed.resolve(killedHolding("worker")),
      (_, response) => {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ documents: [{ id: "tea", text: "tea" }] }));
      },
    ]);
    const runId = await start("worker", asks("/hangs"));
    expect((await followRun(client, runId, () => {})).status).toBe("COMPLETED");
    const worker = await eventually(
      () => partHealth("worker"),
      ({ state }) => state === "UP",
    );
    expect(worker).toMatchObject({ restarts: restarts + 1, lastEndCause: "KILLED" });
    await killed.promise;
  }, 300_000);

  it("is the API in the middle of what it executes for a caller: that is free, however long its lease lasts", async () => {
    const killed = Promise.withResolvers<void>();
    source.on("GET /executes", [
      () => void killed.resolve(killedHolding("API")),
      (_, response) => {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ documents: [{ id: "tea", text: "tea" }] }));
      },
    ]);
    const runId = await start("executes", asks("/executes"), "MANUAL");
    await expect(client.mutate(execute, { id: runId })).rejects.toThrow();
    // Refused with RUN_OWNED for as long as the dead API's lease holds, and with other words while there is no API.
    const executed = await eventually(
      () => client.mutate(execute, { id: runId }).catch(() => undefined),
      (answer) => answer !== undefined,
    );
    expect(executed?.executeRun?.run.status).toBe("COMPLETED");
    await killed.promise;
  }, 300_000);

  it("is a worker, and the API, while items are at work as runs of their own: each is made once, and called once more at most for each death", async () => {
    const count = 30;
    const counts = countCalls(source, 12, () => ["worker", "API"].forEach((name) => signalProcess(part(name), "SIGKILL")));
    const call = { id: "call", type: "tool", config: { url: `${source.url}/items`, method: "POST", body: { item: "{{ input.item }}" } } };
    const { workflowVersionId } = await prepareWorkflow(client, { code: "one", name: "one", input: {}, dsl: { nodes: [call], edges: [] } });
    const config = { workflow_version_id: workflowVersionId, mode: "run", input: { item: "{{ item }}" } };
    const items = Array.from({ length: count }, (_, index) => index);
    const body = { nodes: [{ id: "one", type: "sub-workflow", config }], edges: [] };
    const each = { items, parallel: 8, body, output: "{{ nodes.one.output.result.body.item }}" };
    const runId = await start("own-runs", { nodes: [{ id: "each", type: "iteration", config: each }], edges: [] });
    expect((await followRun(client, runId, () => {})).status).toBe("COMPLETED");
    const seen = "query ($id: ID!) { run(id: $id) { outputJson childRuns(first: 100) { edges { node { status } } } } }";
    const { run } = (await eventually(
      () => askRaw("t1", seen, { id: runId }).catch(() => undefined),
      (answer) => answer !== undefined,
    )) as { run: { outputJson: unknown; childRuns: { edges: { node: { status: string } }[] } } };
    expect(run.outputJson).toEqual(items);
    expect(run.childRuns.edges.map(({ node }) => node.status)).toEqual(items.map(() => "COMPLETED"));
    expect(counts.size).toBe(count);
    expect([...counts].filter(([, calls]) => calls > 2)).toEqual([]);
  }, 300_000);

  it("is the supervisor: none of its processes is left, not the one for suspects either, which is busy", async () => {
    const busy = Promise.withResolvers<ServerResponse>();
    const kills = () => void signalProcess(part("worker"), "SIGKILL");
    source.on("GET /twice", [kills, kills, (_, response) => busy.resolve(response)]);
    await start("suspects", asks("/twice"));
    const call = await busy.promise;
    const pids = [part("API"), part("worker"), part("suspects"), database() ?? 0];
    expect(pids.filter((pid) => processIdentity(pid) === undefined)).toEqual([]);
    signalProcess(platform.pid, "SIGKILL");
    call.destroy();
    await eventually(
      () => pids.filter((pid) => processIdentity(pid) !== undefined),
      (left) => left.length === 0,
    );
  }, 300_000);
});
