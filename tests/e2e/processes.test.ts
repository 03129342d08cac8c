/** Every subgraph in a process of its own, the router in another, and a worker: as in production, on loopback. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createClient as createSockets } from "graphql-ws";
import pg from "pg";
import WebSocket from "ws";
import { createClient, type GraphClient } from "#codegen/client/client.ts";
import { graphql } from "#codegen/graph/gql.ts";
import { databaseNowMs } from "#shared/database-time.ts";
import { processIdentity } from "#shared/process-identity.ts";
import { InternalKeys } from "#shared/trust/internal-keys.ts";
import { operationText, signToken } from "#shared/trust/token.ts";
import { signalProcess } from "#shared/signal-process.ts";
import { createRun } from "../../cli/client/documents.ts";
import { prepareWorkflow } from "../../cli/client/prepare.ts";
import { crashesOf, rememberCrashes } from "../testkit/counted-crashes.ts";
import { createTestDatabase, type TestDatabase } from "../testkit/database.ts";
import { startDistributed, subgraphNames, type Distributed } from "../testkit/distributed.ts";
import { eventually } from "../testkit/eventually.ts";
import { postTo } from "../testkit/platform.ts";
import { startLoad } from "../testkit/restart-load.ts";
import { startScriptedProvider, type ScriptedProvider } from "../testkit/scripted-provider.ts";
import { leasesLast } from "../testkit/lasting-leases.ts";

const events = graphql(`
  subscription ProcessesRunEvents($runId: ID!, $after: String) {
    runEvents(runId: $runId, after: $after) {
      cursor
      type
      nodeId
      nodeStatus
      run {
        status
        outputText
        workflow {
          name
          app {
            name
          }
        }
      }
    }
  }
`);

const health = graphql(`
  query ProcessesServices {
    services {
      name
      status
    }
  }
`);

let database: TestDatabase;
let platform: Distributed;
let client: GraphClient;
let provider: ScriptedProvider;

beforeAll(async () => {
  database = await createTestDatabase();
  await rememberCrashes(database.adminUrl);
  provider = await startScriptedProvider();
  const settings = { PROVIDER_BASE_URL: provider.baseUrl, EGRESS_ALLOW: provider.hostPort };
  platform = await startDistributed({ databaseUrl: database.url, settings, hasMetrics: true });
  client = createClient({ url: platform.graphUrl, tenantId: "t1" });
}, 600_000);

afterAll(async () => {
  await client.close();
  await platform[Symbol.asyncDispose]();
  await provider.close();
  await database.drop();
});

/** Kills a process, and starts it again. */
async function killed(name: string): Promise<void> {
  const child = platform.process(name);
  child.kill("SIGKILL");
  await once(child, "exit");
  await platform.start(name);
}

/** The processes that a process has started and that live. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.trim().split(" ").filter(Boolean).map(Number);
}

/** What the router's subgraph answers to a process that says who it is. */
async function valuesFor(caller: string | undefined, origin: string): Promise<string> {
  const query = "query ($input: SecretValuesInput!) { secretValues(input: $input) { value } }";
  const text = operationText({ query, variables: { input: { names: ["KEY"], origin } } });
  const info = { tenantId: "t1", requestId: "test", caller };
  const token = signToken({ audience: "access", info, text }, new InternalKeys([platform.internalKey]).all[0]!);
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  return (await fetch(platform.accessUrl, { method: "POST", headers, body: text })).text();
}

const reasonIn = (answer: string) => /"reason":"(\w+)"/.exec(answer)?.[1] ?? "answered";

/** Why a process refuses an operation; "answered" where it does not. Of the headers it believes the token alone. */
async function reasonOverHttp(url: string, body: string, token: string | undefined): Promise<string> {
  const headers = { "content-type": "application/json", "x-tenant-id": "t1", ...(token && { authorization: `Bearer ${token}` }) };
  return reasonIn(await (await fetch(url, { method: "POST", headers, body })).text());
}

async function reasonOverSocket(url: string, query: string, token: string | undefined): Promise<string> {
  const sockets = createSockets({ url: url.replace("http", "ws"), webSocketImpl: WebSocket, retryAttempts: 0 });
  const told = await new Promise((resolve) =>
    sockets.subscribe({ query, extensions: { token } }, { next: resolve, error: resolve, complete() {} }),
  );
  await sockets.dispose();
  return reasonIn(JSON.stringify(told));
}

async function adminClient(): Promise<pg.Client & AsyncDisposable> {
  const admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
  return Object.assign(admin, { [Symbol.asyncDispose]: () => admin.end() });
}

describe("with every subgraph in its own process", () => {
  it("has secrets by name, which the router's process gives to tool and model, and to nobody else that knows the internal key", async () => {
    const origin = new URL(provider.baseUrl).origin;
    const make = "mutation ($i: CreateSecretInput!) { createSecret(input: $i) { id } }";
    expect(
      (await postTo(platform.graphUrl, make, { i: { name: "KEY", value: "sk-by-name-1", origins: [origin] } })).errors,
    ).toBeUndefined();
    const provide = "mutation ($i: CreateModelProviderInput!) { createModelProvider(input: $i) { id } }";
    await postTo(platform.graphUrl, provide, {
      i: { code: "named", name: "N", baseUrl: provider.baseUrl, apiKey: "{{ secrets.KEY }}", defaultModel: "m" },
    });
    const complete = `mutation { chatCompletion(input: { providerCode: "named", messages: [{ role: USER, content: "hi" }] }) { content } }`;
    // The model subgraph has looked for the router since before it was there.
    const answer = await eventually(
      () => postTo(platform.graphUrl, complete),
      ({ errors }) => errors === undefined,
    );
    expect(answer.data).toMatchObject({ chatCompletion: { content: expect.any(String) } });
    expect(provider.requests.at(-1)?.headers["authorization"]).toBe("Bearer sk-by-name-1");
    for (const [caller, told] of [
      ["model", "sk-by-name-1"],
      ["workflow", "SECRET_CALLER_REFUSED"],
      [undefined, "SECRET_CALLER_REFUSED"],
    ] as const)
      expect(await valuesFor(caller, origin)).toContain(told);
    const { data } = await postTo(platform.graphUrl, `{ modelProviderByCode(code: "named") { id } }`);
    const { id } = (data as { modelProviderByCode: { id: string } }).modelProviderByCode;
    await postTo(platform.graphUrl, `mutation ($id: ID!) { deleteModelProvider(id: $id) { id } }`, { id });
  });

  it("has a worker without the key of secrets, which does not make another", async () => {
    expect(await readdir(platform.dataDir)).not.toContain("encryption.key");
  });

  it("has nine that answer nobody without the platform's token for this very operation, over HTTP and WebSocket", async () => {
    const ask = { query: "{ _service { sdl } }" };
    const text = operationText(ask);
    const [ours, another] = [platform.internalKey, randomBytes(32).toString("hex")].map((key) => new InternalKeys([key]).all[0]!);
    const sign = (audience: string, signed = text, key = ours!, ageMs = 0) =>
      signToken({ audience, info: { tenantId: "t1", requestId: "test" }, text: signed }, key, databaseNowMs() - ageMs);
    for (const [index, url] of [...platform.subgraphUrls, platform.accessUrl].entries()) {
      const name = subgraphNames[index] ?? "access";
      const [head, facts, signature] = sign(name).split(".");
      const altered = Buffer.from(facts!, "base64url").toString().replace('"t1"', '"t2"');
      const tokens: Record<string, string | undefined> = {
        TOKEN_MISSING: undefined,
        TOKEN_AUDIENCE_WRONG: sign("another"),
        TOKEN_FORGED: [head, Buffer.from(altered).toString("base64url"), signature].join("."),
        "TOKEN_FORGED by another key": sign(name, text, another),
        "TOKEN_FORGED by none": `${Buffer.from('{"alg":"none"}').toString("base64url")}.${facts}.`,
        TOKEN_BODY_DIFFERS: sign(name, operationText({ ...ask, variables: { more: 1 } })),
        TOKEN_EXPIRED: sign(name, text, ours, 61_000),
      };
      expect([name, await reasonOverHttp(url, text, sign(name))]).toEqual([name, "answered"]);
      for (const [reason, token] of Object.entries(tokens)) {
        const told = [await reasonOverHttp(url, text, token), await reasonOverSocket(url, ask.query, token)];
        expect([name, reason, ...told]).toEqual([name, reason, ...told.map(() => reason.split(" ")[0])]);
      }
    }
  });

  it("S-60 S-100 one graph answers for all nine, found by their addresses in the environment", async () => {
    // A service that takes longer than 2 s is DOWN in an answer, and UP in a later one.
    const { services } = await eventually(
      () => client.query(health, {}),
      (seen) => seen.services?.every(({ status }) => status === "UP") === true,
    );
    expect(
      services!
        .filter(({ status }) => status === "UP")
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...subgraphNames, "access"].sort());
  });

  it("S-43 S-16 a worker process runs a workflow, and its events carry fields of other subgraphs", async () => {
    const dsl = {
      nodes: [
        { id: "check", type: "condition", config: { expression: "input.score >= 5" } },
        { id: "yes", type: "answer", config: { answer: "yes, {{ input.score }}" } },
        { id: "no", type: "answer", config: { answer: "no" } },
      ],
      edges: [
        { source: "check", target: "yes", condition: "true" },
        { source: "check", target: "no", condition: "false" },
      ],
    };
    const prepared = await prepareWorkflow(client, { code: "branch", name: "Branch", input: {}, dsl });
    const { createRun: run } = await client.mutate(createRun, {
      input: { workflowVersionId: prepared.workflowVersionId, input: { score: 7 } },
    });
    const seen = [];
    for await (const { runEvents } of client.subscribe(events, { runId: run!.id })) seen.push(runEvents);
    expect(seen.map(({ nodeId, nodeStatus }) => [nodeId, nodeStatus])).toEqual(
      expect.arrayContaining([
        ["yes", "COMPLETED"],
        ["no", "SKIPPED"],
      ]),
    );
    for (const event of seen) expect(event.run.workflow).toEqual({ name: "Branch", app: { name: "Command line" } });
    expect(seen.at(-1)?.run).toMatchObject({ status: "COMPLETED", outputText: "yes, 7" });
  });

  it("loses no run and counts no crash while a subgraph, a worker and the router are started again under load", async () => {
    const dsl = {
      nodes: [
        { id: "ask", type: "llm", config: { model: "scripted-model", prompt: "x" } },
        { id: "say", type: "answer", config: { answer: "{{ nodes.ask.text }}" } },
      ],
      edges: [{ source: "ask", target: "say" }],
    };
    const { workflowVersionId } = await prepareWorkflow(client, { code: "restarts", name: "Restarts", input: {}, dsl });
    const mutation = "mutation ($input: CreateRunInput!) { made: createRun(input: $input) { id } }";
    const load = startLoad(platform.graphUrl, [{ mutation, input: { workflowVersionId } }], 4);
    await load.more(20);
    for (const name of ["runtime", "worker 1", "router"]) {
      expect([name, await platform.restart(name)]).toEqual([name, 0]);
      await load.more(20);
    }
    await load.stop();
    await using admin = await adminClient();
    const statuses = async () =>
      (
        await admin.query<{ status: number; count: number }>(
          "select status, count(*)::int from runtime.run where workflow_version_id = $1 group by 1",
          [workflowVersionId],
        )
      ).rows;
    const ended = await eventually(statuses, (seen) => seen.every(({ status }) => status >= 3));
    // Acknowledged, each once, or of a key whose answer was lost and then had: no run more, and none that failed.
    expect(ended).toEqual([{ status: 3, count: load.made.length }]);
    expect(await crashesOf(database.adminUrl)).toEqual([]);
  }, 600_000);

  it("has /metrics in each process, which move with what it does", async () => {
    const every = /^nodejs_eventloop_lag_p99_seconds\{/m;
    const own: Record<string, RegExp[]> = {
      router: [/^agent_platform_operation_seconds_count\{.*\} [1-9]/m],
      runtime: [/^agent_platform_create_runs_count\{.*\} [1-9]/m, /^agent_platform_queue_age_seconds\{/m, /^agent_platform_runs\{/m],
      "worker 1": [/^agent_platform_claim_rows_sum\{.*\} [1-9]/m, /^agent_platform_flush_seconds_count\{.*\} [1-9]/m],
    };
    for (const name of platform.names)
      await eventually(
        async () => (await fetch(platform.metricsUrl(name))).text(),
        (text) => [every, ...(own[name] ?? [])].every((line) => line.test(text)),
      );
  });

  it("S-43 a stream goes on where it was when its subgraph is killed and comes back: nothing lost, nothing twice", async () => {
    const ids = Array.from({ length: 100 }, (_, index) => `n${index}`);
    const dsl = {
      nodes: ids.map((id) => ({ id, type: "template-transform", config: { template: id } })),
      edges: ids.slice(1).map((target, index) => ({ source: ids[index], target })),
    };
    const prepared = await prepareWorkflow(client, { code: "long", name: "Long", input: {}, dsl });
    const { createRun: run } = await client.mutate(createRun, { input: { workflowVersionId: prepared.workflowVersionId, input: {} } });
    const seen: string[] = [];
    // As long as a subgraph may take to start.
    for await (const { runEvents } of client.subscribe(events, { runId: run!.id }, { giveUpAfterMs: 300_000 })) {
      seen.push(runEvents.cursor);
      if (seen.length !== 1) continue;
      await killed("runtime");
    }
    const stored: string[] = [];
    for await (const { runEvents } of client.subscribe(events, { runId: run!.id })) stored.push(runEvents.cursor);
    expect(stored.length).toBeGreaterThan(100);
    expect(seen).toEqual(stored);
  }, 600_000);

  it("a model call that was under way when its subgraph was killed is made again, though the node has no retry", async () => {
    const dsl = {
      nodes: [
        { id: "ask", type: "llm", config: { model: "scripted-model", prompt: "x" } },
        { id: "say", type: "answer", config: { answer: "{{ nodes.ask.text }}" } },
      ],
      edges: [{ source: "ask", target: "say" }],
    };
    let goOn = (): void => {};
    const between = new Promise<void>((resolve) => (goOn = resolve));
    provider.reset();
    provider.chat({ text: "cut off here", between }, { text: "whole again" });
    const prepared = await prepareWorkflow(client, { code: "asks", name: "Asks", input: {}, dsl });
    const { createRun: run } = await client.mutate(createRun, { input: { workflowVersionId: prepared.workflowVersionId, input: {} } });
    await provider.seen(1);
    await killed("model");
    const statuses: unknown[] = [];
    let last: unknown;
    for await (const { runEvents } of client.subscribe(events, { runId: run!.id }, { giveUpAfterMs: 300_000 })) {
      if (runEvents.nodeId === "ask") statuses.push(runEvents.nodeStatus);
      last = runEvents.run;
    }
    goOn();
    expect(last).toMatchObject({ status: "COMPLETED", outputText: "whole again" });
    expect(statuses).toEqual(expect.arrayContaining(["RUNNING", "WAITING", "COMPLETED"]));
    expect(statuses).not.toContain("FAILED");
    expect(provider.requests).toHaveLength(2);
  }, 600_000);

  it("has a worker whose process is started again when it dies, and whose runs go on, however long their leases last", async () => {
    const worker = platform.process("worker 1");
    const [pid = 0] = await childrenOf(worker.pid!);
    expect(pid).toBeGreaterThan(0);
    provider.reset();
    provider.chat({ before: new Promise(() => {}) }, { text: "whole again" });
    const dsl = { nodes: [{ id: "ask", type: "llm", config: { model: "scripted-model", prompt: "x" } }], edges: [] };
    const prepared = await prepareWorkflow(client, { code: "guarded", name: "Guarded", input: {}, dsl });
    const { createRun: run } = await client.mutate(createRun, { input: { workflowVersionId: prepared.workflowVersionId, input: {} } });
    await provider.seen(1);
    await leasesLast(database.adminUrl);
    signalProcess(pid, "SIGKILL");
    await provider.seen(2);
    let last: unknown;
    for await (const { runEvents } of client.subscribe(events, { runId: run!.id }, { giveUpAfterMs: 300_000 })) last = runEvents.run;
    expect(last).toMatchObject({ status: "COMPLETED", outputText: "whole again" });
    // What the run's work row had until its end.
    expect(await crashesOf(database.adminUrl)).toMatchObject([{ key: run!.id, crashes: 1 }]);
    expect(worker.exitCode).toBeNull();
    expect(await childrenOf(worker.pid!)).not.toContain(pid);
  }, 600_000);

  it("S-43 a worker gives what has outlived two owners to a process of its own, which ends when there is no more", async () => {
    const dsl = { nodes: [{ id: "hello", type: "answer", config: { answer: "hello" } }], edges: [] };
    const prepared = await prepareWorkflow(client, { code: "hello", name: "Hello", input: {}, dsl });
    // Due in 100 s, so that no worker takes it before it looks as if two had died with it.
    const input = { workflowVersionId: prepared.workflowVersionId, input: {}, priority: -100 };
    const { createRun: run } = await client.mutate(createRun, { input });
    await using admin = await adminClient();
    await admin.query(
      `with r as (update runtime.run set lease = gen_random_uuid() where id = $1 returning id, lease)
       update runtime.work w set lease = r.lease, crashes = 1, visible_at = now() from r where w.key = r.id`,
      [run!.id],
    );
    for await (const { runEvents } of client.subscribe(events, { runId: run!.id })) expect(runEvents.run.status).not.toBe("FAILED");
    const { rows } = await admin.query<{ worker_key: string }>("select worker_key from runtime.node_run where run_id = $1", [run!.id]);
    const pid = Number(rows[0]?.worker_key.split(":").at(-1));
    expect(pid).toBeGreaterThan(0);
    expect(platform.names.map((name) => platform.process(name).pid)).not.toContain(pid);
    await eventually(
      () => processIdentity(pid),
      (found) => found === undefined,
    );
  });
});
