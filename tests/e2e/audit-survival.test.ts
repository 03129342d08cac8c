/** The audit of changes when the API is killed, as `npm start` runs it: before an answer, and right after one. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { readPostmaster } from "#shared/postgres/postmaster.ts";
import { signalProcess } from "#shared/signal-process.ts";
import { startOwnPlatform, type OwnPlatform } from "../../cli/client/trials/own-platform.ts";
import { runningInstance } from "../../cli/process/instance-lock.ts";
import { runCli } from "../cli/cli-process.ts";
import { eventually } from "../testkit/eventually.ts";
import { freePorts } from "../testkit/free-ports.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";

let dataDir: string;
let outside: TestHttpServer;
let platform: OwnPlatform;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "agent-platform-audit-"));
  await chmod(dataDir, 0o755);
  outside = await startHttpServer();
  // An API that is killed comes back to its port, which nobody else must have been given meanwhile.
  const [port] = await freePorts(1);
  platform = await startOwnPlatform({
    environment: process.env,
    dataDir,
    settings: { EGRESS_ALLOW: outside.hostPort, LOG_LEVEL: "warn", WORKERS: "0", PORT: String(port) },
  });
}, 600_000);

afterAll(async () => {
  await platform.stop();
  await outside.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function ask(query: string, variables: object = {}, headers: Record<string, string> = {}) {
  const response = await fetch(platform.graphUrl, {
    method: "POST",
    headers: { "content-type": "application/json", "x-tenant-id": "t1", ...headers },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as { data: never; errors?: { extensions: Record<string, unknown> }[] };
}

const killApi = () => signalProcess(runningInstance(dataDir)!.children!.find((child) => child.part === "API")!.pid, "SIGKILL");
const audits = (requestId: string, tenant = "t1") =>
  eventually(
    () =>
      ask(
        "query ($id: String) { requestAudits(filter: { requestId: $id }) { nodes { operationName statusCode errorCodes variables event } } }",
        { id: requestId },
        { "x-tenant-id": tenant },
      )
        .then(({ data }) => (data as { requestAudits: { nodes: object[] } }).requestAudits.nodes)
        .catch(() => undefined),
    (nodes) => nodes !== undefined,
  );

describe("the API is killed", () => {
  it("right after a mutation's answer: its row is there, whole, for its tenant alone", async () => {
    const made = await ask(
      "mutation Make($input: CreateAppInput!) { createApp(input: $input) { id } }",
      { input: { code: "a", name: "A", description: "s3cret" } },
      { "x-request-id": "answered" },
    );
    killApi();
    expect(made.errors).toBeUndefined();
    expect(await audits("answered")).toEqual([
      {
        operationName: "Make",
        statusCode: 200,
        errorCodes: [],
        event: null,
        variables: { input: { code: "a", name: "A", description: "[redacted]" } },
      },
    ]);
    expect(await audits("answered", "t2")).toEqual([]);
  });

  it("between a mutation and its answer: its row is there, its outcome unknown", async () => {
    const { socketFolder } = readPostmaster(join(dataDir, "postgres"))!;
    const admin = new pg.Client({ host: socketFolder, user: "postgres", database: "agent_platform" });
    await admin.connect();
    const isStored = async () => (await admin.query("select from access.request_audit where request_id = 'unanswered'")).rowCount === 1;
    outside.on("POST /kill", () => void eventually(isStored, Boolean).then(killApi));
    const { data: tool } = await ask('mutation { createTool(input: { code: "k", name: "k", toolType: HTTP }) { id } }');
    const config = { method: "POST", base_url: outside.url, path: "/kill" };
    const id = (tool as { createTool: { id: string } }).createTool.id;
    await ask("mutation ($id: ID!, $config: JSONObject!) { createToolVersion(input: { toolId: $id, invokeConfig: $config }) { id } }", {
      id,
      config,
    });
    const { data: bound } = await ask('mutation ($id: ID!) { createToolBinding(input: { toolId: $id, name: "k" }) { id } }', { id });
    const toolBindingId = (bound as { createToolBinding: { id: string } }).createToolBinding.id;
    const invoke = "mutation Invoke($input: InvokeToolInput!) { invokeTool(input: $input) { __typename } }";
    await expect(ask(invoke, { input: { toolBindingId, arguments: { q: "s3cret" } } }, { "x-request-id": "unanswered" })).rejects.toThrow();
    await admin.end();
    expect(await audits("unanswered")).toEqual([
      {
        operationName: "Invoke",
        statusCode: 0,
        errorCodes: [],
        event: null,
        variables: { input: { toolBindingId, arguments: "[redacted]" } },
      },
    ]);
  });
});

describe("audit export", () => {
  it("writes the tenant's audits as JSON lines, the oldest first, of the time asked for, and no other tenant's", async () => {
    for (let i = 0; i < 5; i++)
      await ask(
        `mutation { createApp(input: { code: "e${i}", name: "E" }) { id } }`,
        {},
        { "x-request-id": `e-${i}`, "x-tenant-id": "ex" },
      );
    const run = async (...options: string[]) => {
      const { code, output } = await runCli("real", ["audit", "export", "--url", platform.graphUrl, "--tenant", "ex", ...options]).ended;
      const lines = output
        .trim()
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { requestId: string; createdAt: string; operationType: string });
      return { code, rows: lines.filter(({ operationType }) => operationType === "MUTATION") };
    };
    const all = await run("--page", "2");
    expect(all.code).toBe(0);
    expect(all.rows.map(({ requestId }) => requestId)).toEqual(["e-0", "e-1", "e-2", "e-3", "e-4"]);
    const [, , from, , until] = all.rows;
    expect((await run("--since", from!.createdAt, "--until", until!.createdAt)).rows.map(({ requestId }) => requestId)).toEqual([
      "e-2",
      "e-3",
    ]);
    expect((await runCli("real", ["audit", "export", "--since", "soon"]).ended).code).toBe(2);
  });
});
