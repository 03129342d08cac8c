/** Every subgraph in a process of its own, the router in another, and a worker: as in production, on loopback. */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { createClient, type GraphClient } from "#codegen/client/client.ts";
import { graphql } from "#codegen/graph/gql.ts";
import { processIdentity } from "#shared/process-identity.ts";
import { InternalKeys } from "#shared/trust/internal-keys.ts";
import { operationText, signToken } from "#shared/trust/token.ts";
import { createRun } from "../../cli/client/documents.ts";
import { prepareWorkflow } from "../../cli/client/prepare.ts";
import { createTestDatabase, type TestDatabase } from "../testkit/database.ts";
import { eventually } from "../testkit/eventually.ts";
import { freePorts } from "../testkit/free-ports.ts";
import { postTo } from "../testkit/platform.ts";
import { startScriptedProvider, type ScriptedProvider } from "../testkit/scripted-provider.ts";

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

const names = ["workflow", "session", "runtime", "agent", "memory", "team", "skill", "tool", "model"];
const bin = fileURLToPath(new URL("../../cli/bin.mjs", import.meta.url));

let database: TestDatabase;
let dataDir: string;
let client: GraphClient;
let provider: ScriptedProvider;
const children: ChildProcess[] = [];
const subgraphs = new Map<string, ChildProcess>();
let startSubgraph: (name: string) => Promise<void>;
let accessUrl: string;
let graphUrl: string;
const internalKey = randomBytes(32).toString("hex");

beforeAll(async () => {
  database = await createTestDatabase();
  provider = await startScriptedProvider();
  dataDir = await mkdtemp(join(tmpdir(), "agent-platform-processes-"));
  const ports = await freePorts(names.length + 2);
  const accessPort = ports.pop()!;
  accessUrl = `http://127.0.0.1:${accessPort}/graphql`;
  const urls = Object.fromEntries(
    names.map((name, index) => [`AGENT_PLATFORM_${name.toUpperCase()}_SUBGRAPH_URL`, `http://127.0.0.1:${ports[index]}/graphql`]),
  );
  const shared = {
    ...urls,
    AGENT_PLATFORM_ACCESS_SUBGRAPH_URL: accessUrl,
    AGENT_PLATFORM_DATABASE_URL: database.url,
    AGENT_PLATFORM_ENCRYPTION_KEY: randomBytes(32).toString("hex"),
    AGENT_PLATFORM_INTERNAL_KEY: internalKey,
    AGENT_PLATFORM_DATA_DIR: dataDir,
    AGENT_PLATFORM_LOG_LEVEL: "warn",
    AGENT_PLATFORM_PROVIDER_BASE_URL: provider.baseUrl,
    AGENT_PLATFORM_EGRESS_ALLOW: provider.hostPort,
  };
  startSubgraph = async (name) => {
    const port = String(ports[names.indexOf(name)]);
    const child = await start(["subgraph", name], { ...shared, AGENT_PLATFORM_PORT: port }, `subgraph ${name}`);
    subgraphs.set(name, child);
  };
  await Promise.all(names.map(startSubgraph));
  await Promise.all([
    start(["router"], { ...shared, AGENT_PLATFORM_PORT: String(ports.at(-1)), AGENT_PLATFORM_ACCESS_PORT: String(accessPort) }, "graph "),
    start(["worker"], { ...shared, AGENT_PLATFORM_ENCRYPTION_KEY: "" }, "worker ready"),
  ]);
  graphUrl = `http://127.0.0.1:${ports.at(-1)}/graphql`;
  client = createClient({ url: graphUrl, tenantId: "t1" });
}, 600_000);

afterAll(async () => {
  await client.close();
  await Promise.all(children.reverse().map(stop));
  await provider.close();
  await rm(dataDir, { recursive: true, force: true });
  await database.drop();
});

/** Starts one process of the platform and waits for the line that says it serves. */
async function start(argv: string[], environment: Record<string, string>, ready: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [bin, ...argv], {
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let words = "";
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        words += `${line}\n`;
        if (line.startsWith(ready)) resolve();
      });
    }
    child.once("exit", () => reject(new Error(`${argv.join(" ")} ended: ${words}`)));
  });
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
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
  const token = signToken({ audience: "access", info, text }, new InternalKeys([internalKey]).all[0]!);
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  return (await fetch(accessUrl, { method: "POST", headers, body: text })).text();
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
    expect((await postTo(graphUrl, make, { i: { name: "KEY", value: "sk-by-name-1", origins: [origin] } })).errors).toBeUndefined();
    const provide = "mutation ($i: CreateModelProviderInput!) { createModelProvider(input: $i) { id } }";
    await postTo(graphUrl, provide, {
      i: { code: "named", name: "N", baseUrl: provider.baseUrl, apiKey: "{{ secrets.KEY }}", defaultModel: "m" },
    });
    const complete = `mutation { chatCompletion(input: { providerCode: "named", messages: [{ role: USER, content: "hi" }] }) { content } }`;
    // The model subgraph has looked for the router since before it was there.
    const answer = await eventually(
      () => postTo(graphUrl, complete),
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
    const { data } = await postTo(graphUrl, `{ modelProviderByCode(code: "named") { id } }`);
    const { id } = (data as { modelProviderByCode: { id: string } }).modelProviderByCode;
    await postTo(graphUrl, `mutation ($id: ID!) { deleteModelProvider(id: $id) { id } }`, { id });
  });

  it("has a worker without the key of secrets, which does not make another", async () => {
    expect(await readdir(dataDir)).not.toContain("encryption.key");
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
    ).toEqual([...names, "access"].sort());
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
      const killed = subgraphs.get("runtime")!;
      killed.kill("SIGKILL");
      await once(killed, "exit");
      await startSubgraph("runtime");
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
    const killed = subgraphs.get("model")!;
    killed.kill("SIGKILL");
    await once(killed, "exit");
    await startSubgraph("model");
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

  it("has a worker whose process is started again when it dies, and whose runs go on long before their leases run out", async () => {
    const worker = children.find(({ spawnargs }) => spawnargs.includes("worker"))!;
    const [pid = 0] = await childrenOf(worker.pid!);
    expect(pid).toBeGreaterThan(0);
    provider.reset();
    provider.chat({ before: new Promise(() => {}) }, { text: "whole again" });
    const dsl = { nodes: [{ id: "ask", type: "llm", config: { model: "scripted-model", prompt: "x" } }], edges: [] };
    const prepared = await prepareWorkflow(client, { code: "guarded", name: "Guarded", input: {}, dsl });
    const { createRun: run } = await client.mutate(createRun, { input: { workflowVersionId: prepared.workflowVersionId, input: {} } });
    await provider.seen(1);
    const killedAtMs = performance.now();
    process.kill(pid, "SIGKILL");
    await provider.seen(2);
    // A lease has 20 s left at least.
    expect(performance.now() - killedAtMs).toBeLessThan(18_000);
    let last: unknown;
    for await (const { runEvents } of client.subscribe(events, { runId: run!.id }, { giveUpAfterMs: 300_000 })) last = runEvents.run;
    expect(last).toMatchObject({ status: "COMPLETED", outputText: "whole again" });
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
    expect(children.map((child) => child.pid)).not.toContain(pid);
    await eventually(
      () => processIdentity(pid),
      (found) => found === undefined,
    );
  });
});
