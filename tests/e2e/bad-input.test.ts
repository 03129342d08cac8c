import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { ask, finishRun, makeWorkflow, readRun, refusal, runDsl, startRun } from "../testkit/graph.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { startScriptedProvider, type ScriptedProvider } from "../testkit/scripted-provider.ts";

let platform: TestPlatform;
let http: TestHttpServer;
let provider: ScriptedProvider;
beforeAll(async () => {
  http = await startHttpServer();
  provider = await startScriptedProvider();
  platform = await startTestPlatform({
    env: { egressAllow: [http.hostPort], providerBaseUrl: provider.baseUrl, providerApiKey: "key", maxTimeoutSeconds: 2 },
  });
}, 60_000);
afterAll(async () => {
  await platform.stop();
  await provider.close();
  await http.close();
});

const answerDsl = { nodes: [{ id: "a", type: "answer", config: { answer: "hi" } }], edges: [] };
const nobody = "01890000-0000-7000-8000-000000000000";

/** No id: none that we make looks so, and PostgreSQL takes no text with U+0000. */
const malformed = ["no-uuid", "x".repeat(5_000), "", ":", "a:b", "a\u0000b", "a:b\u0000", "\ud800"];

/** Every mutation, by each of its ids; `$id` is the one that is unknown. */
const byId: string[] = [
  'updateApp(id: $id, input: { name: "x" }) { id }',
  "deleteApp(id: $id)",
  "createAppVersion(input: { appId: $id, workflowVersionId: $id }) { id }",
  "publishAppVersion(id: $id) { id }",
  'createWorkflow(input: { appId: $id, code: "x", name: "x" }) { id }',
  'updateWorkflow(id: $id, input: { name: "x" }) { id }',
  "deleteWorkflow(id: $id)",
  "createWorkflowVersion(input: { workflowId: $id, dsl: { nodes: [] } }) { id }",
  "publishWorkflowVersion(id: $id) { id }",
  "archiveWorkflowVersion(id: $id) { id }",
  "createRun(input: { workflowId: $id }) { id }",
  "createRun(input: { workflowVersionId: $id }) { id }",
  "cancelRun(id: $id) { id }",
  "retryRun(id: $id) { id }",
  'executeRun(id: $id, input: { workerKey: "w" }) { stopReason }',
  'executeNextNode(runId: $id, input: { workerKey: "w" }) { id }',
  'executeNodeRun(id: $id, input: { workerKey: "w" }) { id }',
  "resumeNodeRun(id: $id, input: {}) { id }",
  "updateNodeRunStatus(id: $id, input: { status: COMPLETED }) { id }",
  "updateNodeRunStatus(id: $id, input: { status: RUNNING }) { id }",
  "updateRunStatus(id: $id, status: RUNNING) { id }",
  'createSession(input: { appId: $id, userId: "u" }) { id }',
  'updateSession(id: $id, input: { title: "x" }) { id }',
  "closeSession(id: $id) { id }",
  'addMessage(input: { sessionId: $id, content: "x" }) { id }',
  "createRunRequest(input: { sessionId: $id }) { id }",
  "dispatchRun(input: { sessionId: $id }) { id }",
  "dispatchRunRequest(id: $id) { id }",
  'updateTool(id: $id, input: { name: "x" }) { id }',
  "deleteTool(id: $id)",
  "createToolVersion(input: { toolId: $id, invokeConfig: {} }) { id }",
  'createToolBinding(input: { toolId: $id, name: "x" }) { id }',
  'updateToolBinding(id: $id, input: { name: "x" }) { id }',
  "deleteToolBinding(id: $id)",
  "invokeTool(input: { toolId: $id }) { ok }",
  "invokeTool(input: { toolBindingId: $id }) { ok }",
  'updateModelProvider(id: $id, input: { name: "x" }) { id }',
  "deleteModelProvider(id: $id)",
  'updateAgent(id: $id, input: { name: "x" }) { id }',
  "deleteAgent(id: $id)",
  'createAgentVersion(input: { agentId: $id, role: "r" }) { id }',
  "publishAgentVersion(id: $id) { id }",
  'updateMemory(id: $id, input: { memoryType: "x" }) { id }',
  "deleteMemory(id: $id)",
  'updateTeam(id: $id, input: { name: "x" }) { id }',
  "deleteTeam(id: $id)",
  'createTeamVersion(input: { teamId: $id, coordinationMode: PARALLEL, objective: "o", members: [{ memberKey: "m", agentId: "a", role: "r" }] }) { id }',
  "publishTeamVersion(id: $id) { id }",
  'updateSkill(id: $id, input: { name: "x" }) { id }',
  "deleteSkill(id: $id)",
  'createSkillVersion(input: { skillId: $id, runtimeType: TEMPLATE, implementation: { template: "t" } }) { id }',
  "publishSkillVersion(id: $id) { id }",
  "installSkill(input: { skillId: $id, installScope: TENANT }) { id }",
  "uninstallSkill(id: $id) { id }",
];

describe("bad input, through the router", () => {
  it.each(byId)("an unknown or malformed id is NOT_FOUND: %s", async (field) => {
    for (const id of [nobody, ...malformed]) {
      expect({ id, ...(await refusal(platform, `mutation ($id: ID!) { ${field} }`, { id })) }).toMatchObject({
        code: "NOT_FOUND",
        reason: expect.stringMatching(/_NOT_FOUND$/),
        requestId: expect.any(String),
      });
    }
  });

  it("knows every mutation that takes an id", async () => {
    const query =
      "{ __schema { mutationType { fields { name args { name type { kind ofType { kind name inputFields { type { kind ofType { name } } } } } } } } } }";
    interface Argument {
      type: { ofType: { name: string; inputFields: { type: { ofType: { name: string } | null } }[] | null } };
    }
    const { __schema } = await ask<{ __schema: { mutationType: { fields: { name: string; args: Argument[] }[] } } }>(platform, query);
    const takesId = ({ args }: { args: Argument[] }) =>
      args.some(({ type: { ofType } }) => ofType.name === "ID" || ofType.inputFields?.some(({ type }) => type.ofType?.name === "ID"));
    const names = __schema.mutationType.fields.filter(takesId).map(({ name }) => name);
    expect(names.filter((name) => !byId.some((field) => field.startsWith(`${name}(`)))).toEqual([]);
    expect(names.length).toBeGreaterThan(40);
  });

  it("reads by an unknown id give null without an error", async () => {
    const fields = [
      "app",
      "appVersion",
      "workflow",
      "workflowVersion",
      "session",
      "runRequest",
      "run",
      "nodeRun",
      "tool",
      "toolVersion",
      "toolBinding",
      "modelProvider",
      "agent",
      "agentVersion",
      "memory",
      "team",
      "teamVersion",
      "skill",
      "skillVersion",
    ];
    const query = `query ($id: ID!) { ${fields.map((field) => `${field}(id: $id) { id }`).join(" ")} }`;
    for (const id of [nobody, ...malformed])
      expect(await ask(platform, query, { id })).toEqual(Object.fromEntries(fields.map((field) => [field, null])));
  });

  it("a code that none can have is an unknown one, and a filter by it finds nothing", async () => {
    const byCode = ["app", "tool", "modelProvider", "agent", "team", "skill"].map((name) => `${name}ByCode`);
    const query = `query ($code: String!, $id: ID!) { ${byCode.map((field) => `${field}(code: $code) { id }`).join(" ")}
      workflowByCode(appId: $id, code: $code) { id } runs(filter: { workflowId: $id }) { edges { cursor } } workflows(appId: $id) { edges { cursor } } }`;
    expect(await ask(platform, query, { code: "a\u0000b", id: "a\u0000b" })).toEqual({
      ...Object.fromEntries(byCode.map((field) => [field, null])),
      workflowByCode: null,
      runs: { edges: [] },
      workflows: { edges: [] },
    });
  });

  it("another tenant's ids are NOT_FOUND, and never its data", async () => {
    const { appId, workflowId, workflowVersionId } = await makeWorkflow(platform, answerDsl);
    const runId = await startRun(platform, workflowId);
    await finishRun(platform, runId);
    const other = { "x-tenant-id": "t2" };
    expect(
      await ask(
        platform,
        `query ($app: ID!, $version: ID!, $run: ID!, $node: ID!) {
      app(id: $app) { id } workflowVersion(id: $version) { id } run(id: $run) { id } nodeRun(id: $node) { id } runs { edges { node { id } } }
      nodeArtifacts(runId: $run) { edges { cursor } } traceSpans(runId: $run) { edges { cursor } }
    }`,
        { app: appId, version: workflowVersionId, run: runId, node: `${runId}:a` },
        other,
      ).catch((error: unknown) => String(error)),
    ).not.toContain("hi");
    for (const [mutation, id] of [
      ["mutation ($id: ID!) { cancelRun(id: $id) { id } }", runId],
      ["mutation ($id: ID!) { createRun(input: { workflowId: $id }) { id } }", workflowId],
      ['mutation ($id: ID!) { updateApp(id: $id, input: { name: "x" }) { id } }', appId],
    ] as const) {
      expect(await refusal(platform, mutation, { id }, other)).toMatchObject({ code: "NOT_FOUND" });
    }
  });

  it("a duplicate code is a CONFLICT that names field and value", async () => {
    const create = `mutation { createAgent(input: { code: "twice", name: "A" }) { id } }`;
    await ask(platform, create);
    expect(await refusal(platform, create)).toMatchObject({ code: "CONFLICT", field: "code", value: "twice" });
  });

  it("a malformed document is refused with all its problems", async () => {
    const { workflowId } = await makeWorkflow(platform, answerDsl);
    const save = `mutation ($workflowId: ID!, $dsl: JSON!) { createWorkflowVersion(input: { workflowId: $workflowId, dsl: $dsl }) { id } }`;
    for (const dsl of [null, 5, [], "text", {}, { nodes: 1 }, { nodes: [null], edges: [{}] }]) {
      if (dsl === null) continue;
      const refused = await refusal(platform, save, { workflowId, dsl });
      expect(refused).toMatchObject({ code: "BAD_USER_INPUT", reason: "DSL_INVALID" });
      expect((refused["issues"] as unknown[]).length).toBeGreaterThan(0);
    }
  });

  it("an oversized document is refused with the limit's name", async () => {
    const { workflowId } = await makeWorkflow(platform, answerDsl);
    const nodes = Array.from({ length: 2_001 }, (_, index) => ({ id: `n${index}`, type: "answer", config: { answer: "x" } }));
    const save = `mutation ($workflowId: ID!, $dsl: JSON!) { createWorkflowVersion(input: { workflowId: $workflowId, dsl: $dsl }) { id } }`;
    expect(JSON.stringify(await refusal(platform, save, { workflowId, dsl: { nodes, edges: [] } }))).toMatch(/2,?000/);
    const large = { nodes: [{ id: "a", type: "answer", config: { answer: "x".repeat(1_100_000) } }], edges: [] };
    expect(JSON.stringify(await refusal(platform, save, { workflowId, dsl: large }))).toMatch(/1 MiB|1,?048,?576/);
  });

  it("page sizes and cursors that are none are refused", async () => {
    for (const list of [
      "apps",
      "workflows",
      "runs",
      "sessions",
      "tools",
      "toolBindings",
      "modelProviders",
      "agents",
      "memories",
      "teams",
      "skills",
      "skillInstallations",
      "requestAudits",
    ]) {
      expect([list, await refusal(platform, `{ ${list}(first: 100000) { edges { cursor } } }`)]).toMatchObject([
        list,
        { code: "BAD_USER_INPUT", reason: "PAGE_SIZE_INVALID" },
      ]);
      expect([list, await refusal(platform, `{ ${list}(after: "###") { edges { cursor } } }`)]).toMatchObject([
        list,
        { code: "BAD_USER_INPUT", reason: "CURSOR_INVALID" },
      ]);
      expect([list, await refusal(platform, `{ ${list}(first: -1) { edges { cursor } } }`)]).toMatchObject([
        list,
        { code: "BAD_USER_INPUT" },
      ]);
    }
  });

  it("a run of a workflow without a published version is a CONFLICT", async () => {
    const { appId } = await makeWorkflow(platform, answerDsl);
    const { createWorkflow } = await ask<{ createWorkflow: { id: string } }>(
      platform,
      `mutation ($appId: ID!) { createWorkflow(input: { appId: $appId, code: "drafts", name: "D" }) { id } }`,
      { appId },
    );
    expect(
      await refusal(platform, `mutation ($id: ID!) { createRun(input: { workflowId: $id }) { id } }`, { id: createWorkflow.id }),
    ).toMatchObject({
      code: "CONFLICT",
      reason: "WORKFLOW_VERSION_NOT_PUBLISHED",
    });
  });

  it("a template's loop bomb fails its node and nothing else", async () => {
    const bomb = "{% for a in (1..9999) %}{% for b in (1..9999) %}{% for c in (1..9999) %}x{% endfor %}{% endfor %}{% endfor %}";
    const run = await runDsl(platform, { nodes: [{ id: "bomb", type: "template-transform", config: { template: bomb } }], edges: [] });
    expect(run).toMatchObject({ status: "FAILED" });
    expect(run.nodeRuns.edges[0]?.node).toMatchObject({ status: "FAILED", errorCode: expect.stringMatching(/^TEMPLATE_/) });
    expect((await runDsl(platform, answerDsl)).outputText).toBe("hi");
  });

  it("an answer of a tool that cannot be stored fails its node and nothing else", async () => {
    http.on("GET /nul", { headers: { "content-type": "application/json" }, body: '{"a":"\\u0000"}' });
    const run = await runDsl(platform, { nodes: [{ id: "call", type: "tool", config: { url: `${http.url}/nul` } }], edges: [] });
    expect(["FAILED", "COMPLETED"]).toContain(run.status);
    if (run.status === "FAILED") expect(run.nodeRuns.edges[0]?.node.errorCode).toMatch(/OUTPUT/);
    expect((await runDsl(platform, answerDsl)).outputText).toBe("hi");
  });

  it("a tool that hangs ends its node at the time-out", async () => {
    http.on("GET /hang", () => {});
    const run = await runDsl(platform, {
      nodes: [{ id: "call", type: "tool", config: { url: `${http.url}/hang`, timeout_seconds: 1 } }],
      edges: [],
    });
    expect(run).toMatchObject({ status: "FAILED" });
    expect(run.nodeRuns.edges[0]?.node.errorCode).toMatch(/TIMEOUT/);
  });

  it("a provider that hangs is left at once when the run is cancelled", async () => {
    provider.reset();
    provider.chat({ before: new Promise(() => {}) });
    const { workflowId } = await makeWorkflow(platform, { nodes: [{ id: "write", type: "llm", config: { prompt: "hang" } }], edges: [] });
    const runId = await startRun(platform, workflowId);
    await provider.seen(1);
    const started = performance.now();
    await ask(platform, `mutation ($id: ID!) { cancelRun(id: $id, reason: "enough") { status cancelReason } }`, { id: runId });
    await provider.requests[0]!.aborted;
    expect(performance.now() - started).toBeLessThan(5_000);
    expect((await readRun(platform, runId)).status).toBe("CANCELLED");
  });

  it("invalid GraphQL says what is wrong, without a stack, SQL or a path", async () => {
    const { errors } = await platform.post("{ nope }");
    expect(errors?.[0]?.message).toMatch(/nope/);
    expect(JSON.stringify(errors)).not.toMatch(/node_modules|at .*\.ts|select /i);
  });
});
