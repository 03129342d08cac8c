/** What is wrong with an operation is said in its answer, what is wrong with a run stands in its node runs; foreign ids: foreign-ids.test.ts. */
import { ask, chain, makeWorkflow, refusal, runDsl, type Dsl, type SeenRun } from "../testkit/graph.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { startScriptedProvider, type ScriptedProvider } from "../testkit/scripted-provider.ts";
import { describeWithJail } from "../runtime/sandbox/jail.ts";

let platform: TestPlatform;
let http: TestHttpServer;
let provider: ScriptedProvider;
beforeAll(async () => {
  http = await startHttpServer();
  provider = await startScriptedProvider();
  platform = await startTestPlatform({ env: { egressAllow: [http.hostPort], providerBaseUrl: provider.baseUrl, providerApiKey: "key" } });
});
afterAll(async () => {
  await platform.stop();
  await provider.close();
  await http.close();
});

const answer = { id: "other", type: "answer", config: { answer: "hi" } };
const answerDsl: Dsl = { nodes: [answer], edges: [] };
const saveVersion = `mutation ($workflowId: ID!, $dsl: JSON!) { createWorkflowVersion(input: { workflowId: $workflowId, dsl: $dsl }) { id } }`;

/** Runs a node beside an answer and before another; shows the run, and its node runs by node. */
async function runBeside(bad: { id: "bad" } & Record<string, unknown>, input: object = {}) {
  const after = { id: "after", type: "answer", config: { answer: "never" } };
  const dsl = { nodes: [answer, bad, after], edges: [{ source: "bad", target: "after" }] } as Dsl;
  const run = await runDsl(platform, dsl, input);
  return { status: run.status, errorCode: run.errorCode, nodes: nodesOf(run), message: messageOf(run, "bad") };
}

const encoded = (bytes: string | Uint8Array) => Buffer.from(bytes as string).toString("base64url");

const nodesOf = (run: SeenRun) => Object.fromEntries(run.nodeRuns.edges.map(({ node }) => [node.nodeId, [node.status, node.errorCode]]));
const messageOf = (run: SeenRun, nodeId: string) => run.nodeRuns.edges.find(({ node }) => node.nodeId === nodeId)?.node.errorMessage;

/** S-32: the run is FAILED; what stood beside the node is done, what stood behind it never began. */
const onlyItFailed = (errorCode: string) => ({
  ...{ status: "FAILED", errorCode },
  nodes: { other: ["COMPLETED", null], bad: ["FAILED", errorCode] },
});

describe("an operation that is refused", () => {
  it.each([
    ["createAgent", "AGENT_CODE_TAKEN", ""],
    ["createApp", "APP_CODE_TAKEN", ""],
    ["createModelProvider", "MODEL_PROVIDER_CODE_TAKEN", ', baseUrl: "http://127.0.0.1:9"'],
    ["createSkill", "SKILL_CODE_TAKEN", ""],
    ["createTeam", "TEAM_CODE_TAKEN", ""],
    ["createTool", "TOOL_CODE_TAKEN", ", toolType: HTTP"],
    ["createWorkflow", "WORKFLOW_CODE_TAKEN", ", appId: $appId"],
  ])("%s with a code that is taken is a CONFLICT that names field and value", async (mutation, reason, more) => {
    // A tenant of their own: the model provider would be the default one of the others' llm nodes.
    const tenant = { "x-tenant-id": "codes" };
    const { appId } = await makeWorkflow(platform, answerDsl, tenant);
    const create = `mutation ${more.includes("$") ? "($appId: ID!)" : ""} { ${mutation}(input: { code: "twice", name: "A"${more} }) { id } }`;
    await ask(platform, create, { appId }, tenant);
    expect(await refusal(platform, create, { appId }, tenant)).toMatchObject({ code: "CONFLICT", reason, field: "code", value: "twice" });
  });

  it.each([
    [5, ["DSL_NOT_OBJECT "]],
    [[], ["DSL_NOT_OBJECT "]],
    ["text", ["DSL_NOT_OBJECT "]],
    [{}, ["NODES_MISSING /nodes"]],
    [{ nodes: 1 }, ["NODES_MISSING /nodes"]],
    [{ nodes: [null], edges: [{}] }, ["NODE_INVALID /nodes/0", "EDGE_INVALID /edges/0/source", "EDGE_INVALID /edges/0/target"]],
    [
      {
        nodes: [
          { id: "a", type: "nope" },
          { id: "a", type: "answer", config: { answer: "{{ nodes.b.text }" } },
        ],
        edges: [{ source: "a", target: "c" }],
      },
      [
        "NODE_TYPE_UNKNOWN /nodes/0/type",
        "NODE_ID_DUPLICATE /nodes/1/id",
        "EDGE_DANGLING /edges/0/target",
        "TEMPLATE_INVALID /nodes/1/config/answer",
      ],
    ],
  ])("a document like %j is refused with each of its problems", async (dsl, problems) => {
    const { workflowId } = await makeWorkflow(platform, answerDsl);
    const { code, reason, issues } = await refusal(platform, saveVersion, { workflowId, dsl });
    expect([code, reason]).toEqual(["BAD_USER_INPUT", "DSL_INVALID"]);
    expect((issues as { code: string; path: string }[]).map((issue) => `${issue.code} ${issue.path}`)).toEqual(problems);
  });

  it("no document at all is refused before anything is executed", async () => {
    const { status, errors } = await platform.post(saveVersion, { workflowId: "w", dsl: null });
    expect(status).toBe(400);
    expect(errors).toMatchObject([{ message: expect.stringContaining("$dsl"), extensions: { code: "BAD_USER_INPUT" } }]);
  });

  const edges = (count: number) => Array.from({ length: count }, () => ({ source: "n0", target: "n1" }));
  const answers = (count: number) => Array.from({ length: count }, (_, index) => ({ ...answer, id: `n${index}` }));
  it.each([
    ["2,001 nodes", { nodes: answers(2_001), edges: [] }, "TOO_MANY_NODES", "2001 nodes and may have 2000"],
    ["5,001 edges", { nodes: answers(2), edges: edges(5_001) }, "TOO_MANY_EDGES", "may have 5000"],
    [
      "more than 1 MiB",
      { nodes: [{ ...answer, config: { answer: "x".repeat(1_048_576) } }], edges: [] },
      "DSL_TOO_LARGE",
      "bytes and may have 1048576",
    ],
  ])("a document of %s is refused with the limit", async (_what, dsl, issue, limit) => {
    const { workflowId } = await makeWorkflow(platform, answerDsl);
    expect(await refusal(platform, saveVersion, { workflowId, dsl })).toMatchObject({
      code: "BAD_USER_INPUT",
      reason: "DSL_INVALID",
      issues: [{ severity: "ERROR", code: issue, message: expect.stringContaining(limit) }],
    });
  });

  it("a request and a run's input beyond their limits are refused with the limit", async () => {
    const body = await platform.post(saveVersion, { workflowId: "w", dsl: "x".repeat(4 * 1_024 * 1_024) });
    expect(body.status).toBe(413);
    expect(body.errors).toMatchObject([
      { extensions: { code: "RESOURCE_EXHAUSTED", reason: "BODY_TOO_LARGE", limitBytes: 4 * 1_024 * 1_024 } },
    ]);
    const { workflowId } = await makeWorkflow(platform, answerDsl);
    const createRun = "mutation ($input: CreateRunInput!) { createRun(input: $input) { id } }";
    const input = { workflowId, input: { text: "x".repeat(256 * 1_024) } };
    expect(await refusal(platform, createRun, { input })).toMatchObject({
      code: "BAD_USER_INPUT",
      reason: "JSON_TOO_LARGE",
      max: 256 * 1_024,
    });
  });

  it.each([
    ...["agents", "apps", "memories", "modelProviders", "requestAudits", "runs", "sessions", "skillInstallations", "skills", "teams"],
    ...["toolBindings", "tools", "workflows"],
  ])("a page of %s that is too large or none, and a cursor that is none", async (list) => {
    const refused = async (page: string) => {
      const { code, reason } = await refusal(platform, `{ ${list}(${page}) { edges { cursor } } }`);
      return [page, code, reason];
    };
    for (const page of ["first: 100000", "first: 201", "first: -1", "last: 100000"])
      expect(await refused(page)).toEqual([page, "BAD_USER_INPUT", "PAGE_SIZE_INVALID"]);
    expect(await refused("first: 1, last: 1")).toEqual(["first: 1, last: 1", "BAD_USER_INPUT", "PAGE_DIRECTION_INVALID"]);
    const cursors = ["###", "", "not base64url=", encoded("a\u0000b"), encoded(Uint8Array.of(0xff)), encoded("no cursor"), encoded("7")];
    for (const page of cursors.flatMap((cursor) => [`after: "${cursor}"`, `before: "${cursor}"`]))
      expect(await refused(page)).toEqual([page, "BAD_USER_INPUT", "CURSOR_INVALID"]);
  });

  it("a run of a workflow without a published version is a CONFLICT", async () => {
    const { appId } = await makeWorkflow(platform, answerDsl);
    const { createWorkflow } = await ask<{ createWorkflow: { id: string } }>(
      platform,
      `mutation ($appId: ID!) { createWorkflow(input: { appId: $appId, code: "drafts", name: "D" }) { id } }`,
      { appId },
    );
    await ask(platform, saveVersion, { workflowId: createWorkflow.id, dsl: answerDsl });
    const createRun = "mutation ($id: ID!) { createRun(input: { workflowId: $id }) { id } }";
    expect(await refusal(platform, createRun, { id: createWorkflow.id })).toMatchObject({
      code: "CONFLICT",
      reason: "WORKFLOW_VERSION_NOT_PUBLISHED",
    });
  });

  it("a mutation of several fields has null for one that fails, with its path; the others are done, those behind it too", async () => {
    const app = (alias: string, code: string) => `${alias}: createApp(input: { code: "${code}", name: "A" }) { code }`;
    const tenant = { "x-tenant-id": "several" };
    const skill = 'createSkill(input: { code: "four", name: "S" }) { code }';
    const { status, data, errors } = await platform.post(
      `mutation { ${app("a", "one")} ${app("b", "no code")} ${app("c", "three")} ${skill} }`,
      {},
      tenant,
    );
    expect([status, data]).toEqual([200, { a: { code: "one" }, b: null, c: { code: "three" }, createSkill: { code: "four" } }]);
    expect(errors).toMatchObject([{ path: ["b"], extensions: { reason: "CODE_INVALID" } }]);
    const there = "{ apps { edges { node { code } } } skills { edges { node { code } } } }";
    expect(await ask(platform, there, {}, tenant)).toEqual({
      apps: { edges: [{ node: { code: "three" } }, { node: { code: "one" } }] },
      skills: { edges: [{ node: { code: "four" } }] },
    });
  });

  it("GraphQL that is none says what is wrong, and nothing of the inside", async () => {
    const { status, errors } = await platform.post("{ nope }");
    expect(status).toBe(400);
    expect(errors).toEqual([
      {
        message: 'Cannot query field "nope" on type "Query".',
        locations: [{ line: 1, column: 3 }],
        extensions: { code: "BAD_USER_INPUT", reason: "GRAPHQL_VALIDATION_FAILED", requestId: expect.any(String) },
      },
    ]);
  });
});

describe("a value that its scalar cannot be", () => {
  it.each([
    ['mutation { createRun(input: { input: "x" }) { id } }', 'JSONObject cannot represent non-object value: "x"', 38],
    [
      '{ runs(filter: { createdAfter: "soon" }) { pageInfo { endCursor } } }',
      "DateTime cannot represent an invalid date-time-string soon",
      32,
    ],
  ])("is told at its place: %s", async (text, says, column) => {
    const { status, errors } = await platform.post(text);
    expect(status).toBe(400);
    const extensions = expect.objectContaining({ code: "BAD_USER_INPUT", reason: "GRAPHQL_VALIDATION_FAILED" });
    expect(errors?.[0]).toMatchObject({ message: expect.stringContaining(says), locations: [{ line: 1, column }], extensions });
  });

  it("does not stop one that stands in an object, nor a default", async () => {
    const query = 'query ($t: DateTime = "2026-01-01T00:00:00Z") { runs(filter: { createdAfter: $t }) { edges { node { id } } } }';
    expect((await platform.post(query)).errors).toBeUndefined();
    const create = 'mutation ($q: JSON) { createRun(input: { workflowId: "none", input: { list: [1, { q: $q }] } }) { id } }';
    expect((await platform.post(create)).errors?.[0]).toMatchObject({ extensions: { reason: "WORKFLOW_NOT_FOUND" } });
  });
});

describe("a node that fails, and nothing else", () => {
  const loops = (body: string) =>
    `{% for a in (1..9999) %}{% for b in (1..9999) %}{% for c in (1..9999) %}${body}{% endfor %}{% endfor %}{% endfor %}`;
  it.each([
    ["that loops for ever", loops(""), "TEMPLATE_TOO_SLOW", "500 ms"],
    ["that makes more text than there may be", "{% for a in (1..9) %}{{ input.text }}{% endfor %}", "TEMPLATE_TOO_LARGE", "1048576 bytes"],
  ])("is one with a template %s", async (_what, template, errorCode, limit) => {
    const run = await runBeside({ id: "bad", type: "template-transform", config: { template } }, { text: "x".repeat(200_000) });
    expect(run).toMatchObject({ ...onlyItFailed(errorCode), message: expect.stringContaining(limit) });
  });

  it("is the assigner with which the run's state becomes too large", async () => {
    const ids = ["a", "b", "c", "d", "e"];
    const nodes = ids.map((id) => ({ id, type: "assigner", config: { assignments: { [id]: "{{ input.text }}" } } }));
    const run = await runDsl(platform, { nodes, edges: chain(...ids) }, { text: "x".repeat(250_000) });
    expect([run.status, run.errorCode]).toEqual(["FAILED", "STATE_TOO_LARGE"]);
    expect(nodesOf(run)).toEqual({ ...Object.fromEntries(ids.map((id) => [id, ["COMPLETED", null]])), e: ["FAILED", "STATE_TOO_LARGE"] });
    expect(messageOf(run, "e")).toContain("1 MiB");
    expect(Object.keys(run.state)).toEqual(["a", "b", "c", "d"]);
  });

  it("is a tool whose answer is too large", async () => {
    http.on("GET /large", { headers: { "content-type": "text/plain" }, body: "x".repeat(10 * 1_024 * 1_024 + 1) });
    const run = await runBeside({ id: "bad", type: "tool", config: { url: `${http.url}/large` } });
    expect(run).toMatchObject({ ...onlyItFailed("TOOL_RESPONSE_TOO_LARGE"), message: expect.stringContaining("10485760 bytes") });
  });

  it("is a tool whose answer cannot be stored", async () => {
    http.on("GET /deep", { headers: { "content-type": "application/json" }, body: `{"a":${"[".repeat(300)}${"]".repeat(300)}}` });
    const run = await runBeside({ id: "bad", type: "tool", config: { url: `${http.url}/deep` } });
    expect(run).toMatchObject({ ...onlyItFailed("OUTPUT_NOT_STORABLE"), message: expect.stringContaining("is nested more than 256 deep") });
  });

  it("is not a tool that promises JSON and gives none: its answer is text", async () => {
    http.on("GET /broken", { headers: { "content-type": "application/json" }, body: '{"a":' });
    const run = await runDsl(platform, { nodes: [{ id: "call", type: "tool", config: { url: `${http.url}/broken` } }], edges: [] });
    expect(run).toMatchObject({ status: "COMPLETED", outputText: '{"a":', outputJson: { ok: true, body: '{"a":' } });
  });

  it("is a tool that hangs, at its time-out", async () => {
    http.on("GET /hang", () => {});
    const run = await runBeside({ id: "bad", type: "tool", config: { url: `${http.url}/hang`, timeout_seconds: 0.2 } });
    expect(run).toMatchObject({ ...onlyItFailed("TOOL_TIMEOUT"), message: expect.stringContaining("200 ms") });
  });

  it.each([
    ["does not begin to answer", { before: new Promise(() => {}) }],
    ["stops in the middle of its answer", { text: "one two", between: new Promise(() => {}) }],
  ])("is a model whose provider %s, at the node's time-out", async (_what, hanging) => {
    provider.reset();
    provider.chat(hanging);
    // Long enough for the request to be there by then.
    const run = await runBeside({ id: "bad", type: "llm", config: { model: "m", prompt: "hang" }, timeout_seconds: 2 });
    expect(run).toMatchObject({ ...onlyItFailed("NODE_TIMEOUT"), message: expect.stringContaining("2 s") });
    await provider.requests[0]!.aborted;
  });
});

describe("a program in JavaScript that fails, and nothing else", () => {
  it.each([
    ["throws", "const a = 1;\nthrow new TypeError('no')", "CODE_ERROR", "TypeError: no (line 2)"],
    ["is not to be read", "const a = (", "CODE_ERROR", "SyntaxError"],
    ["does not end", "for (;;) {}", "CODE_TIMEOUT", "1000 ms"],
    ["has a result that is not JSON", "result = { a: new Set([1]) }", "CODE_RESULT_NOT_JSON", 'result["a"] is of type Set'],
    ["takes too much memory", "result = 'x'.repeat(1e9)", "CODE_MEMORY", "128 MiB"],
    ["has a result that is too large", "result = 'x'.repeat(51 * 1024 * 1024)", "CODE_OUTPUT_TOO_LARGE", "52428800 bytes"],
  ])("is one that %s", async (_what, code, errorCode, words) => {
    const run = await runBeside({
      id: "bad",
      type: "code",
      config: { language: "javascript", timeout_seconds: code.startsWith("for") ? 1 : 20, code },
    });
    expect(run).toMatchObject({ ...onlyItFailed(errorCode), message: expect.stringContaining(words) });
  });
});

describeWithJail("a program that fails, and nothing else", () => {
  it.each([
    ["is not a number", "result = float('nan')", "CODE_RESULT_NOT_JSON", "result is nan"],
    ["is a set", "result = {'a': {1, 2}}", "CODE_RESULT_NOT_JSON", "result['a'] is of type set"],
    ["is a number that no double keeps", "result = 2**53 + 1", "CODE_RESULT_NOT_JSON", "give it as str"],
    ["is too large", "result = 'x' * (51 * 1024 * 1024)", "CODE_OUTPUT_TOO_LARGE", "52428800 bytes"],
  ])("is one whose result %s", async (_what, code, errorCode, words) => {
    const run = await runBeside({ id: "bad", type: "code", config: { language: "python", code } });
    expect(run).toMatchObject({ ...onlyItFailed(errorCode), message: expect.stringContaining(words) });
  });
});
