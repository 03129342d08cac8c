/** Secrets on their whole way through the platform, among services that repeat what they are sent: they reach their origin, and lie in clear nowhere. */
import { readFile, rm, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { ask, chain, finishRun, makeWorkflow, startRun } from "../testkit/graph.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { startScriptedProvider, type ScriptedProvider } from "../testkit/scripted-provider.ts";

const secrets = {
  ofBinding: "binding-secret-1f3a",
  ofVersion: "version-secret-9c27",
  ofProvider: "sk-provider-secret-77aa",
  ofOperator: "sk-operator-secret-20bd",
};

let folder: string;
let logFile: string;
let http: TestHttpServer;
let provider: ScriptedProvider;
let platform: TestPlatform;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "agent-platform-secrets-"));
  logFile = join(folder, "platform.log");
  http = await startHttpServer();
  provider = await startScriptedProvider();
  platform = await startTestPlatform({
    env: {
      egressAllow: [http.hostPort, provider.hostPort],
      providerBaseUrl: provider.baseUrl,
      providerApiKey: secrets.ofOperator,
      logLevel: "trace",
      logFile,
    },
  });
});
afterAll(async () => {
  await platform.stop();
  await provider.close();
  await http.close();
  await rm(folder, { recursive: true });
});

const createTool = `mutation { createTool(input: { code: "echo", name: "Echo", toolType: HTTP }) { id } }`;
const createVersion = `mutation ($id: ID!, $config: JSONObject!) { createToolVersion(input: { toolId: $id, invokeConfig: $config }) { id invokeConfig } }`;
const createBinding = `mutation ($id: ID!, $secrets: JSONObject!) { createToolBinding(input: { toolId: $id, name: "b", secretHeaders: $secrets }) { id config } }`;
const createProvider = `mutation ($baseUrl: String!, $apiKey: String!) {
  createModelProvider(input: { code: "own", name: "Own", baseUrl: $baseUrl, apiKey: $apiKey, defaultModel: "m" }) { id apiKeySet }
}`;
const everything = `query ($runId: ID!, $bindingId: ID!) {
  run(id: $runId) { status outputText outputJson errorMessage state nodeRuns { edges { node { status input outputText outputJson errorCode errorMessage } } } }
  nodeArtifacts(runId: $runId) { edges { node { contentText contentJson } } }
  traceSpans(runId: $runId) { edges { node { name attributes errorMessage } } }
  toolBinding(id: $bindingId) { config toolVersion { invokeConfig } tool { latestVersion { invokeConfig } } }
  modelProviders { edges { node { baseUrl apiKeySet } } }
  requestAudits { edges { node { operationName } } }
}`;

describe("secrets", () => {
  it("reach their origin, and lie in clear in no answer, no row and no line of the log", async () => {
    http.on("POST /echo", ({ headers, body }, response) => {
      const told = JSON.stringify({ headers, body, padding: "x".repeat(3_000) });
      response.writeHead(200, { "content-type": "application/json", "x-echo": String(headers.authorization) }).end(told);
    });
    http.on("POST /refuse", ({ headers }, response) => void response.writeHead(500).end(`no such key ${String(headers["x-shared"])}`));
    const bindingId = await makeTool();
    const shown = [];
    for (const [path, errorCode] of [["/echo"], ["/refuse", "TOOL_HTTP_ERROR"]] as const) {
      const call = { id: "call", type: "tool", config: { tool_binding_id: bindingId, path } };
      const say = { id: "say", type: "answer", config: { answer: "{{ nodes.call.output }}" } };
      const { workflowId } = await makeWorkflow(platform, { nodes: [call, say], edges: chain("call", "say") });
      const runId = await startRun(platform, workflowId);
      const run = await finishRun(platform, runId);
      expect(run.nodeRuns.edges.find(({ node }) => node.nodeId === "call")?.node.errorCode ?? undefined).toBe(errorCode);
      shown.push(await ask(platform, everything, { runId, bindingId }));
    }
    expect(http.requests.at(-1)?.headers).toMatchObject({ authorization: `Bearer ${secrets.ofVersion}`, "x-shared": secrets.ofBinding });
    expect(JSON.stringify(shown)).toContain("***");
    shown.push(await failAtProviders());
    expect(provider.requests.map(({ headers }) => headers.authorization)).toEqual(
      expect.arrayContaining([`Bearer ${secrets.ofOperator}`, `Bearer ${secrets.ofProvider}`]),
    );
    expectNoSecret("the answers", JSON.stringify(shown));
    for (const [table, rows] of await storedRows()) expectNoSecret(table, rows);
    expectNoSecret("the log", await readFile(logFile, "utf8"));
  });
});

/** A tool with a secret of its version and one of its binding. */
async function makeTool(): Promise<string> {
  const { createTool: tool } = await ask<{ createTool: { id: string } }>(platform, createTool);
  const config = { method: "POST", base_url: http.url, body: { q: 1 }, headers: { Authorization: `Bearer ${secrets.ofVersion}` } };
  const version = await ask<object>(platform, createVersion, { id: tool.id, config });
  const { createToolBinding: binding } = await ask<{ createToolBinding: { id: string } }>(platform, createBinding, {
    id: tool.id,
    secrets: { "x-shared": secrets.ofBinding },
  });
  expectNoSecret("what the creator is shown", JSON.stringify([version, binding]));
  return binding.id;
}

/** An llm node at the operator's provider, then one at the tenant's; both refuse and repeat the key. */
async function failAtProviders(): Promise<unknown[]> {
  const shown: unknown[] = [];
  for (const key of [secrets.ofOperator, secrets.ofProvider]) {
    if (key === secrets.ofProvider) shown.push(await ask(platform, createProvider, { baseUrl: provider.baseUrl, apiKey: key }));
    provider.chat({ status: 401, json: { error: { message: `Incorrect API key provided: ${key}.` } } });
    const { workflowId } = await makeWorkflow(platform, { nodes: [{ id: "write", type: "llm", config: { prompt: "hi" } }], edges: [] });
    const run = await finishRun(platform, await startRun(platform, workflowId));
    expect(run.nodeRuns.edges[0]?.node).toMatchObject({ status: "FAILED", errorMessage: expect.stringContaining("***") });
    shown.push(run, await platform.post(`mutation { chatCompletion(input: { messages: [{ role: USER, content: "hi" }] }) { id } }`));
  }
  return shown;
}

async function storedRows(): Promise<[string, string][]> {
  const client = new pg.Client({ connectionString: platform.database.adminUrl });
  await client.connect();
  const { rows: tables } = await client.query<{ name: string }>(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname !~ '^(pg_|information_schema)'",
  );
  const stored: [string, string][] = [];
  for (const { name } of tables) {
    const { rows } = await client.query<{ row: string }>(`select row_to_json(t)::text as row from ${name} t`);
    stored.push([name, rows.map(({ row }) => row).join("\n")]);
  }
  await client.end();
  return stored;
}

function expectNoSecret(place: string, text: string): void {
  for (const [name, secret] of Object.entries(secrets)) {
    for (const form of [secret, Buffer.from(secret).toString("base64"), Buffer.from(`Bearer ${secret}`).toString("base64")])
      expect([place, name, text.includes(form)]).toEqual([place, name, false]);
  }
}
