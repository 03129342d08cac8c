/** Secrets on their whole way through the platform, among services that repeat what they are sent: they reach their origin, and lie in clear nowhere. */
import { readFile, rm, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHmac } from "node:crypto";
import pg from "pg";
import { graphql } from "#codegen/graph/gql.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { askAgent, calls, makeAgent } from "../testkit/agents.ts";
import { ask, chain, finishRun, makeWorkflow, startRun } from "../testkit/graph.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { testKeys } from "../testkit/internal-keys.ts";
import { startScriptedProvider, type ScriptedAnswer, type ScriptedProvider } from "../testkit/scripted-provider.ts";
import { askTeam, makeTeam } from "../testkit/teams.ts";

const secrets = {
  ofBinding: "binding-secret-1f3a",
  ofVersion: "version-secret-9c27",
  ofProvider: "sk-provider-secret-77aa",
  ofOperator: "sk-operator-secret-20bd",
  ofNoun: "noun-secret/with+signs-5e1c",
  ofNounInBody: "body-secret-e00d",
  ofWebhook: "webhook-secret-41c9",
  ofWebhookBefore: "webhook-secret-before-8d10",
  ofCaller: "caller-secret-66fe",
  /** Known once they are made. */
  apiKey: "",
  encryptionKey: "",
  webhookToken: "",
  internalKey: testKeys.texts[0]!,
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
  secrets.encryptionKey = platform.env.encryptionKey!;
  const made = `mutation { createApiKey(input: { name: "canary" }) { secret } }`;
  secrets.apiKey = (await ask<{ createApiKey: { secret: string } }>(platform, made)).createApiKey.secret;
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
const createSecret = `mutation ($input: CreateSecretInput!) { createSecret(input: $input) { id name origins } }`;
const createProvider = `mutation ($baseUrl: String!, $apiKey: String!) {
  createModelProvider(input: { code: "own", name: "Own", baseUrl: $baseUrl, apiKey: $apiKey, defaultModel: "m" }) { id apiKeySet }
}`;
const everything = `query ($runId: ID!, $bindingId: ID!) {
  run(id: $runId) { status outputText outputJson errorMessage state nodeRuns { edges { node { status input outputText outputJson errorCode errorMessage } } } }
  nodeArtifacts(runId: $runId) { edges { node { contentText contentJson } } }
  traceSpans(runId: $runId) { edges { node { name attributes errorMessage } } }
  toolBinding(id: $bindingId) { config toolVersion { invokeConfig } tool { latestVersion { invokeConfig } } }
  modelProviders { edges { node { baseUrl apiKeySet } } }
  requestAudits { edges { node { operationName variables details } } }
  secrets { edges { node { name origins } } }
}`;

const canaryEvents = graphql(`
  subscription CanaryEvents($runId: ID!) {
    runEvents(runId: $runId) {
      type
      delta
      runStatus
      nodeRun {
        input
        outputText
        outputJson
        errorMessage
      }
    }
  }
`);

describe("secrets", () => {
  it("reach their origin, and lie in clear in no answer, no row and no line of the log", async () => {
    http.on("POST /echo", ({ headers, body }, response) => {
      const told = JSON.stringify({ headers, body, padding: "x".repeat(3_000) });
      response.writeHead(200, { "content-type": "application/json", "x-echo": String(headers.authorization) }).end(told);
    });
    http.on("POST /refuse", ({ headers }, response) => void response.writeHead(500).end(`no such key ${String(headers["x-shared"])}`));
    const bindingId = await makeTool();
    const shown: unknown[] = [];
    const events: unknown[] = [];
    for (const [path, errorCode] of [["/echo"], ["/refuse", "TOOL_HTTP_ERROR"]] as const) {
      const call = { id: "call", type: "tool", config: { tool_binding_id: bindingId, path } };
      const say = { id: "say", type: "answer", config: { answer: "{{ nodes.call.output }}" } };
      const { workflowId } = await makeWorkflow(platform, { nodes: [call, say], edges: chain("call", "say") });
      const runId = await startRun(platform, workflowId);
      const run = await finishRun(platform, runId);
      expect(run.nodeRuns.edges.find(({ node }) => node.nodeId === "call")?.node.errorCode ?? undefined).toBe(errorCode);
      shown.push(await ask(platform, everything, { runId, bindingId }));
      events.push(...(await eventsOf(runId)));
    }
    expect(http.requests.at(-1)?.headers).toMatchObject({
      authorization: `Bearer ${secrets.ofVersion}`,
      "x-shared": secrets.ofBinding,
      "x-noun": `n ${secrets.ofNoun}`,
    });
    expect(http.requests.at(-1)?.body).toContain(secrets.ofNounInBody);
    expect(new URL(http.requests.at(-1)!.path, http.url).searchParams.get("n")).toBe(secrets.ofNoun);
    expect(JSON.stringify(shown)).toContain("***");
    shown.push(
      await failAtProviders(),
      await succeedAtProvider(),
      await askAgents(bindingId),
      await tryAgain(bindingId),
      await callWebhook(),
      await platform.post("{ apiKeys { nodes { prefix } } }", {}, { "x-api-key": secrets.apiKey }),
    );
    await refuseSecrets();
    expect(provider.requests.map(({ headers }) => headers.authorization)).toEqual(
      expect.arrayContaining([`Bearer ${secrets.ofOperator}`, `Bearer ${secrets.ofProvider}`]),
    );
    expectNoSecret("the answers", JSON.stringify(shown));
    expect(events.length).toBeGreaterThan(5);
    expectNoSecret("the events", JSON.stringify(events));
    for (const [table, rows] of await storedRows()) expectNoSecret(table, rows);
    expectNoSecret("the log", await readFile(logFile, "utf8"));
  });
});

/** A tool with a secret of its version and one of its binding. */
async function makeTool(): Promise<string> {
  const { createTool: tool } = await ask<{ createTool: { id: string } }>(platform, createTool);
  for (const [name, value] of [
    ["NOUN", secrets.ofNoun],
    ["IN_BODY", secrets.ofNounInBody],
  ])
    await ask(platform, createSecret, { input: { name, value, origins: [http.url] } });
  const config = {
    method: "POST",
    base_url: http.url,
    query: { n: "{{ secrets.NOUN }}" },
    body: { q: "{{ secrets.IN_BODY }}" },
    headers: { Authorization: `Bearer ${secrets.ofVersion}`, "x-noun": "n {{ secrets.NOUN }}" },
  };
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

/** An llm node whose provider repeats the key in an answer that succeeds, a few characters a piece; and a completion of a caller's. */
async function succeedAtProvider(): Promise<unknown[]> {
  const said = `Well, ${secrets.ofProvider}, and ${Buffer.from(`x${secrets.ofProvider}`).toString("base64")}.`;
  const pieces = said.match(/.{1,4}/gs)!.map((content) => ({ model: `m ${secrets.ofProvider}`, choices: [{ delta: { content } }] }));
  const body = [...pieces, { choices: [{ delta: {}, finish_reason: "stop" }] }]
    .map((piece) => `data: ${JSON.stringify(piece)}\n\n`)
    .join("");
  provider.chat({ status: 200, headers: { "content-type": "text/event-stream" }, body: `${body}data: [DONE]\n\n` });
  const { workflowId } = await makeWorkflow(platform, { nodes: [{ id: "write", type: "llm", config: { prompt: "hi" } }], edges: [] });
  const runId = await startRun(platform, workflowId);
  const events = await eventsOf(runId);
  const run = await finishRun(platform, runId);
  expect(run.nodeRuns.edges[0]?.node).toMatchObject({ status: "COMPLETED", outputText: expect.stringContaining("Well, ***, and") });
  const caller = `mutation { chatCompletion(input: { messages: [{ role: USER, content: "hi" }] }) { id model content } }`;
  return [run, events, await platform.post(caller)];
}

/** Whatever it is asked, the provider says its key: in a text, in what it thinks, in a call's arguments, in a summary. */
const says = (...answers: ScriptedAnswer[]) =>
  provider.chat(...answers, { text: `My key is ${secrets.ofProvider}.`, reasoning: secrets.ofProvider });

/** An agent whose tool repeats its secrets, which remembers, and whose conversation is made shorter; and a team. Whoever they ask repeats the key. */
async function askAgents(bindingId: string): Promise<unknown[]> {
  const memory = { memoryPolicy: { enabled: true, writeEnabled: true, memoryScope: "TENANT" } };
  const model = { modelConfig: { providerCode: "own", contextTokens: 1_000 } };
  const { agentId } = await makeAgent(platform, { ...memory, ...model, toolBindingIds: [bindingId] });
  // By what was used the conversation is too long.
  const usage = { prompt_tokens: 5_000, completion_tokens: 5 };
  says(calls(["echo", { said: secrets.ofProvider }]), { ...calls(["echo", { said: `again ${secrets.ofProvider}` }]), usage });
  const asked = await askAgent(platform, agentId, "Do it.");
  const ended = await finishRun(platform, asked);
  expect(ended).toMatchObject({ status: "COMPLETED", outputText: "My key is ***." });
  const paths = `query ($id: ID!) { run(id: $id) { nodeRuns(first: 100) { nodes { path } } } }`;
  const { run } = await ask<{ run: { nodeRuns: { nodes: { path: string }[] } } }>(platform, paths, { id: asked });
  expect(run.nodeRuns.nodes.map(({ path }) => path)).toEqual(
    expect.arrayContaining([expect.stringMatching(/^agent\/compact#/), expect.stringMatching(/^agent\/tool#/), "agent/memory#1"]),
  );
  says();
  const { teamId } = await makeTeam(platform, "SEQUENTIAL", [
    { memberKey: "one", agent: { ...memory, ...model } },
    { memberKey: "two", agent: model },
  ]);
  const team = await askTeam(platform, teamId, "Do it.");
  expect(await finishRun(platform, team)).toMatchObject({ status: "COMPLETED", outputText: "My key is ***." });
  const shown: unknown[] = [ended];
  for (const runId of [asked, team]) shown.push(await ask(platform, everything, { runId, bindingId }), await eventsOf(runId));
  const more = `{ memories(scopeType: TENANT) { nodes { contentText metadata } } modelCalls { nodes { model errorReason } } }`;
  return [...shown, await ask(platform, more)];
}

/** A node by itself, and a fork of a run, that call the tool again. */
async function tryAgain(bindingId: string): Promise<unknown[]> {
  const call: Json = { id: "call", type: "tool", config: { tool_binding_id: bindingId, path: "/echo" } };
  const { workflowId, workflowVersionId } = await makeWorkflow(platform, { nodes: [call], edges: [] });
  const executed = `mutation ($v: ID!) { executeNode(workflowVersionId: $v, nodeId: "call", scope: { nodes: {} }) { status outputText outputJson input } }`;
  const alone = await ask<{ executeNode: JsonObject }>(platform, executed, { v: workflowVersionId });
  expect(alone.executeNode["status"]).toBe("COMPLETED");
  const id = await startRun(platform, workflowId);
  await finishRun(platform, id);
  const fork = `mutation ($id: ID!) { forkRun(id: $id, fromNode: "call") { id } }`;
  const { forkRun } = await ask<{ forkRun: { id: string } }>(platform, fork, { id });
  return [alone, await finishRun(platform, forkRun.id)];
}

/** A webhook that is called with what its caller has in headers and query, signed with each of its secrets, and with a wrong signature. */
async function callWebhook(): Promise<unknown[]> {
  const { workflowId } = await makeWorkflow(platform, {
    nodes: [{ id: "say", type: "answer", config: { answer: "{{ input | json }}" } }],
    edges: [],
  });
  const make = `mutation ($i: CreateWebhookInput!) { made: createWebhook(input: $i) { url webhook { id } } }`;
  const signature = { header: "x-hub-signature-256", prefix: "sha256=" };
  const input = { name: "h", workflowId, answer: "OUTPUT", signature, secret: secrets.ofWebhookBefore, headers: ["x-github-event"] };
  const { made } = await ask<{ made: { url: string; webhook: { id: string } } }>(platform, make, { i: input });
  const { id } = made.webhook;
  const rotate = `mutation ($id: ID!, $s: String) { made: rotateWebhookSecret(id: $id, secret: $s) { webhook { id } } }`;
  await ask(platform, rotate, { id, s: secrets.ofWebhook });
  const url = new URL(`${made.url}?access_token=${secrets.ofCaller}&q=1`, platform.url);
  secrets.webhookToken = url.pathname.split("/").at(-1)!;
  const shown: unknown[] = [];
  for (const [secret, status] of [
    [secrets.ofWebhook, 200],
    [secrets.ofWebhookBefore, 200],
    ["wrong", 401],
  ] as const) {
    const signed = `sha256=${createHmac("sha256", secret).update("{}").digest("hex")}`;
    const headers = { "content-type": "application/json", authorization: `Bearer ${secrets.ofCaller}`, "x-hub-signature-256": signed };
    const answer = await fetch(url, { method: "POST", body: "{}", headers });
    expect(answer.status).toBe(status);
    shown.push(await answer.text(), [...answer.headers]);
  }
  return [...shown, await platform.post(rotate, { id, s: "short" }), await ask(platform, "{ webhooks { nodes { id name headers } } }")];
}

/** Secrets in what is refused: nobody is told them again. */
async function refuseSecrets(): Promise<void> {
  const answers = [
    await platform.post(createSecret, { input: { name: "no name", value: secrets.ofNoun, origins: [http.url] } }),
    await platform.post(createSecret, { input: { name: "OK", value: secrets.ofNoun, origins: ["nowhere"] } }),
    await platform.post(createSecret, { input: { name: 1, value: secrets.ofNoun, origins: [http.url] } }),
    await platform.post(createProvider, { baseUrl: "nowhere", apiKey: secrets.ofProvider }),
  ];
  for (const { errors } of answers) expect(errors).toHaveLength(1);
  // GraphQL repeats what is of a wrong type: the value beside it is not of it.
  expectNoSecret("what is refused", JSON.stringify(answers.filter((_, index) => index !== 2)));
}

/** Everything that subscribers are told of a run. */
async function eventsOf(runId: string): Promise<unknown[]> {
  const told: unknown[] = [];
  for await (const event of platform.client().subscribe(canaryEvents, { runId })) {
    told.push(event);
    if (/COMPLETED|FAILED/.test(event.runEvents.runStatus ?? "")) break;
  }
  return told;
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
  // One that is not made yet is nowhere.
  for (const [name, secret] of Object.entries(secrets).filter(([, made]) => made !== "")) {
    const bytes = Buffer.from(secret);
    const within = (before: string) =>
      Buffer.from(before + secret)
        .toString("base64")
        .slice(4, -4);
    for (const form of [
      secret,
      encodeURIComponent(secret),
      bytes.toString("hex"),
      bytes.toString("base64"),
      ...["", "x", "xy", "Bearer "].map(within),
    ])
      expect([place, name, text.includes(form)]).toEqual([place, name, false]);
  }
}
