/**
 * The whole platform as `npm start` runs it, while one tenant executes and reads what is large or slow and another asks small things and runs small
 * workflows beside it. The numbers are those of the list of cases that it began with; each case stands for its kind.
 */
import { query } from "../testkit/admin-query.ts";
import { eventually } from "../testkit/eventually.ts";
import { bystander, type Bystander } from "../testkit/bystander.ts";
import { ask, finishRun, makeWorkflow, readRun, runEnd, startRun } from "../testkit/graph.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startPlatformProcesses, type PlatformProcesses } from "../testkit/platform-processes.ts";
import { expectUnharmed } from "../testkit/unharmed.ts";

let http: TestHttpServer;
let platform: PlatformProcesses;
let other: Bystander;

beforeAll(async () => {
  http = await startHttpServer();
  platform = await startPlatformProcesses({
    EGRESS_ALLOW: http.hostPort,
    PROVIDER_BASE_URL: `${http.url}/v1`,
    PROVIDER_API_KEY: "sk-abcdefghijklmnop",
    DEFAULT_MODEL: "m",
  });
  other = await bystander(platform);
}, 600_000);

afterAll(async () => {
  await platform.stop();
  await http.close();
});

const one = (type: string, config: object) => ({ nodes: [{ id: "n", type, config: config as never }], edges: [] });

/** Executes a document of one node in every way there is, all at once: by the API, by a worker; and reads the input of its node. */
async function everyWay(type: string, config: object, input: object) {
  const { workflowId } = await makeWorkflow(platform, one(type, config));
  const manual = await startRun(platform, workflowId, input, { execution: "MANUAL" });
  const id = `${manual}:n`;
  const [read, executed, byWorker] = await Promise.all([
    ask<{ nodeRun: { input: object | null } }>(platform, "query ($id: ID!) { nodeRun(id: $id) { input } }", { id }),
    ask<{ executeNodeRun: { errorCode: string | null } }>(
      platform,
      `mutation ($id: ID!) { executeNodeRun(id: $id, input: { workerKey: "w" }) { errorCode } }`,
      { id },
    ),
    startRun(platform, workflowId, input).then((run) => finishRun(platform, run)),
  ]);
  return { input: read.nodeRun.input, byApi: executed.executeNodeRun.errorCode, byWorker: byWorker.errorCode };
}

/** Runs a document of one node. @returns how its node ended. */
async function ended(type: string, config: object): Promise<string> {
  const { workflowId } = await makeWorkflow(platform, one(type, config));
  return runEnd(platform, await startRun(platform, workflowId));
}

const numbers = { list: Array.from({ length: 3_000 }, (_, index) => index) };
const objects = { list: Array.from({ length: 15_000 }, () => ({ a: 1 })), path: `${"a.".repeat(20_000)}a` };
const text = { text: "a<".repeat(50_000) };

describe("cases 1 and 2: an expression", () => {
  it.each<[string, string, object, string]>([
    ["doubles a text", `size(['aaaaaaaa']${".map(x, x+x)".repeat(24)}[0]) > 1`, {}, "EXPRESSION_TOO_LARGE"],
    ["doubles what it lets through", `size(['aaaaaaaa']${".map(x, true, x+x)".repeat(24)}[0]) > 1`, {}, "EXPRESSION_TOO_LARGE"],
    ["makes bytes of what it doubled", `size(bytes(['aaaaaaaa']${".map(x, x+x)".repeat(22)}[0])) > 1`, {}, "EXPRESSION_TOO_LARGE"],
    ["filters within a filter", "size(input.list.filter(a, size(input.list.filter(b, b > a)) > 5)) > 1", numbers, "EXPRESSION_TOO_SLOW"],
    [
      "looks for one that is not there, three deep",
      "input.list.exists(a, input.list.exists(b, input.list.exists(c, a + b + c < 0)))",
      numbers,
      "EXPRESSION_TOO_SLOW",
    ],
    [
      "matches again and again",
      "input.list.all(x, !input.text.matches('(a+)+(a+)+(b|a<)+$'))",
      { ...numbers, ...text },
      "EXPRESSION_TOO_SLOW",
    ],
  ])("that %s fails its own run, wherever it is executed", async (_, expression, input, code) => {
    const { outcome, beside } = await other.beside(() => everyWay("if-else", { expression }, input));
    expect(outcome).toMatchObject({ byApi: code, byWorker: code });
    expectUnharmed(beside);
  });
});

describe("cases 3 and 4: a template", () => {
  it.each<[string, string, object, string]>([
    ["takes a text of 20,000 steps for a path", "{{ input.list | map: input.path | size }}", objects, "TEMPLATE_FAILED"],
    ["looks by such a text", "{{ input.list | find: input.path, 3 }}", objects, "TEMPLATE_FAILED"],
    ["makes a range of ten million", "{{ (1..9999999) | first }}", {}, "TEMPLATE_TOO_LARGE"],
    [
      "makes such a range below zero, and takes one of it",
      "{% for i in (-9999999..9) limit: 1 %}{{ i }}{% endfor %}",
      {},
      "TEMPLATE_TOO_LARGE",
    ],
    ["loops in a loop", "{% for a in (1..99999) %}{% for b in (1..99999) %}{{ b }}{% endfor %}{% endfor %}", {}, "TEMPLATE_TOO_SLOW"],
    [
      "doubles what it captured",
      `{% assign a = "aaaaaaaa" %}${"{% capture a %}{{ a }}{{ a }}{% endcapture %}".repeat(40)}{{ a }}`,
      {},
      "TEMPLATE_TOO_LARGE",
    ],
    ["puts a text in place of each of its letters", "{{ input.text | replace: 'a', input.text | size }}", text, "TEMPLATE_TOO_LARGE"],
    ["writes a day in ten million digits", "{{ 'now' | date: '%9999999d' | size }}", {}, "TEMPLATE_TOO_LARGE"],
  ])("that %s fails its own run, and has no input to be read", async (_, template, input, code) => {
    const { outcome, beside } = await other.beside(() => everyWay("template-transform", { template }, input));
    expect(outcome).toEqual({ input: null, byApi: code, byWorker: code });
    expectUnharmed(beside);
  });
});

describe("case 6: a retriever", () => {
  const words = (index: number) => Array.from({ length: 95 }, (_, word) => `w${(index * 7_919 + word * 104_729) % 50_000}`).join(" ");
  it.each<[string, () => string, string]>([
    ["9,000 documents of 6 MB", () => JSON.stringify(Array.from({ length: 9_000 }, (_, index) => words(index))), "COMPLETED"],
    ["one document of 8 MB", () => JSON.stringify([{ id: "a", text: "a b ".repeat(2_000_000) }]), "COMPLETED"],
    ["four million values", () => `[${"1,".repeat(4_000_000)}1]`, "RETRIEVAL_SOURCE_INVALID"],
    ["lists within lists without end", () => "[".repeat(4_000_000), "RETRIEVAL_SOURCE_INVALID"],
  ])("that is given %s costs its own run's time only", async (_, body, end) => {
    http.on("GET /documents", { body: body() });
    const { outcome, beside } = await other.beside(() =>
      ended("knowledge-retrieval", { query: "w5", source_url: `${http.url}/documents` }),
    );
    expect(outcome).toBe(end);
    expectUnharmed(beside);
  });
});

describe("case 7: a program", () => {
  it.each([
    ["a list of 3 million numbers", "result = [0] * 3_000_000", "CODE_OUTPUT_TOO_LARGE"],
    ["objects of 1.2 million values", "result = [{'a': i} for i in range(600_000)]", "CODE_OUTPUT_TOO_LARGE"],
    ["as many values as are allowed", "result = [1] * 400_000", "COMPLETED"],
    ["an object of 60,000 keys", "result = {'k%d' % i: i for i in range(60_000)}", "CODE_OUTPUT_TOO_LARGE"],
    ["objects of 49,000 keys", "result = [{'k%dx%d' % (o, i): 1 for i in range(49_000)} for o in range(3)]", "COMPLETED"],
    ["40 MB of quotation marks, as its run does then", "result = '\"' * 20_000_000", "COMPLETED"],
  ])("that gives %s costs its own run's time only", async (_, code, end) => {
    const { outcome, beside } = await other.beside(() => ended("code", { code, timeout_seconds: 30 }));
    expect(outcome).toBe(end);
    expectUnharmed(beside);
  });
});

describe("case 7: a tool", () => {
  const wide = (object: number, keys: number) => `{${Array.from({ length: keys }, (_, key) => `"k${object}x${key}":1`).join(",")}}`;
  it.each<[string, () => string, string, string]>([
    ["4.9 million numbers", () => `[${"0,".repeat(4_900_000)}0]`, "application/json", "string"],
    ["a million numbers", () => `[${"0,".repeat(990_000)}0]`, "application/json", "array"],
    ["an object of 600,000 keys", () => wide(0, 600_000), "application/json", "string"],
    [
      "objects of 49,000 keys",
      () => `[${Array.from({ length: 3 }, (_, object) => wide(object, 49_000)).join(",")}]`,
      "application/json",
      "array",
    ],
    ["numbers that a double does not keep", () => `[${"12345678901234567890,".repeat(100_000)}0]`, "application/json", "array"],
    ["lists within lists", () => `${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`, "application/json", "string"],
    ["4 MB of control characters", () => "\u0001".repeat(4_000_000), "text/plain", "string"],
  ])("that answers %s costs its own run's time only", async (_, body, type, kind) => {
    http.on("GET /answer", { body: body(), headers: { "content-type": type } });
    // Secrets are looked for in all of it.
    const config = { url: `${http.url}/answer`, headers: { authorization: "Bearer abcdefghijklmnop" } };
    const document = one("tool", config);
    const { workflowId } = await makeWorkflow(platform, {
      ...document,
      nodes: [...document.nodes, { id: "end", type: "answer", config: { answer: "done" } }],
      edges: [{ source: "n", target: "end" }],
    });
    const { outcome, beside } = await other.beside(async () => {
      const id = await startRun(platform, workflowId);
      return { id, end: await runEnd(platform, id) };
    });
    expect(outcome.end).toBe("COMPLETED");
    expectUnharmed(beside);
    const stored = "select json_typeof(content_json -> 'body') as kind from runtime.artifact where run_id = $1";
    expect(await query(platform.adminUrl, stored, [outcome.id])).toEqual([{ kind }]);
  });
});

describe("the address of a tool", () => {
  it("may be long: slashes before something else are looked at once", async () => {
    const { createTool } = await ask<{ createTool: { id: string } }>(
      platform,
      'mutation { createTool(input: { code: "slashes", name: "Slashes", toolType: HTTP }) { id } }',
    );
    const version = { toolId: createTool.id, invokeConfig: { base_url: http.url } };
    await ask(platform, "mutation ($input: CreateToolVersionInput!) { createToolVersion(input: $input) { id } }", { input: version });
    const config = { tool_id: createTool.id, base_url: `${http.url}/${"/".repeat(60_000)}x`, path: "y" };
    const { outcome, beside } = await other.beside(() => ended("tool", config));
    // No server takes so long a line: it says so, or hangs up.
    expect(["TOOL_HTTP_ERROR", "TOOL_UNREACHABLE"]).toContain(outcome);
    expectUnharmed(beside);
  });
});

describe("the wait that a tool asks for", () => {
  it("may be no number, however many digits it has", async () => {
    const headers = { "retry-after": `${"1".repeat(60_000)}x` };
    http.on("GET /busy", (_, response) => void response.writeHead(429, headers).end());
    const { outcome, beside } = await other.beside(() => ended("http-request", { url: `${http.url}/busy` }));
    expect(outcome).toBe("TOOL_HTTP_ERROR");
    expectUnharmed(beside);
  });
});

describe("a model", () => {
  const event = (content: string) => `data: {"choices":[{"delta":{"content":${JSON.stringify(content)}}}]}\n\n`;
  const done = 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n';
  const keys = (from: number) => Array.from({ length: 500 }, (_, key) => `"k${from}x${key}":1,`).join("");
  const asksForJson = { response_format: { type: "json_object" } };
  it.each<[string, number, () => string, object, string]>([
    ["100,000 letters, each by itself, to each of eight", 8, () => event("a").repeat(100_000) + done, {}, "COMPLETED"],
    ["50 MB", 1, () => event("a".repeat(10_000)).repeat(5_000), {}, "MODEL_ANSWER_TOO_LARGE"],
    [
      "JSON of 7.5 million numbers",
      1,
      () => event("[0") + event(",0".repeat(5_000)).repeat(1_500) + event("]") + done,
      asksForJson,
      "LLM_OUTPUT_NOT_JSON",
    ],
    [
      "JSON of 40,000 keys and a long text",
      1,
      () =>
        event("{") +
        Array.from({ length: 80 }, (_, index) => event(keys(index))).join("") +
        event(`"z":"${"z".repeat(12_000_000)}"}`) +
        done,
      asksForJson,
      "COMPLETED",
    ],
    [
      "one value of 15 MB",
      1,
      () => `{"choices":[{"message":{"content":"hi","more":[0${",0".repeat(7_500_000)}]},"finish_reason":"stop"}]}`,
      {},
      "MODEL_ANSWER_INVALID",
    ],
  ])("that answers %s costs its own run's time only", async (_, count, body, more, end) => {
    http.on("POST /v1/chat/completions", { body: body(), headers: { "content-type": "text/event-stream" } });
    const { outcome, beside } = await other.beside(() =>
      Promise.all(Array.from({ length: count }, () => ended("llm", { prompt: "hi", ...more }))),
    );
    expect([...new Set(outcome)]).toEqual([end]);
    expectUnharmed(beside);
  });
});

describe("a provider of vectors", () => {
  const embed = "mutation ($input: CreateEmbeddingsInput!) { createEmbeddings(input: $input) { vectors } }";
  const vector = (numbers: number) => `[${"0.1,".repeat(numbers - 1)}0.1]`;
  it.each<[string, number, () => string, string | undefined]>([
    ["600 of 3,072 numbers", 600, () => Array.from({ length: 600 }, () => vector(3_072)).join(","), undefined],
    ["one of ten million", 1, () => vector(10_000_000), "MODEL_ANSWER_INVALID"],
    ["lists within lists in place of one", 1, () => `${"[".repeat(2_000_000)}${"]".repeat(2_000_000)}`, "MODEL_ANSWER_INVALID"],
  ])("that answers %s costs its own asker's time only", async (_, count, vectors, reason) => {
    http.on("POST /v1/embeddings", { body: `{"data":[${vectors()}]}`, headers: { "content-type": "application/json" } });
    const input = { model: "e", input: Array.from({ length: count }, () => "text") };
    const { outcome, beside } = await other.beside(() => platform.post(embed, { input }));
    const made = (outcome.data as { createEmbeddings: { vectors: number[][] } | null } | null)?.createEmbeddings?.vectors ?? [];
    expect({ reason: outcome.errors?.[0]?.extensions["reason"], made: made.length, numbers: made.at(-1)?.length }).toEqual(
      reason === undefined ? { reason, made: 600, numbers: 3_072 } : { reason, made: 0, numbers: undefined },
    );
    expectUnharmed(beside);
  });
});

describe("a webhook", () => {
  const form = "application/x-www-form-urlencoded";
  const json = "application/json";
  const keys = (count: number) => `{${Array.from({ length: count }, (_, key) => `"k${key}":1`).join(",")}}`;
  it.each<[string, () => string, string, number]>([
    ["340,000 empty objects", () => `[${"{},".repeat(340_000)}0]`, json, 202],
    ["500,000 numbers", () => `[${"0,".repeat(500_000)}0]`, json, 202],
    ["long numbers", () => `[${"12345678901234567890,".repeat(47_000)}0]`, json, 202],
    ["half a million quotation marks", () => JSON.stringify('"'.repeat(500_000)), json, 202],
    ["90,000 keys", () => keys(90_000), json, 400],
    ["a form of 170,000 fields", () => "k=1&".repeat(170_000), form, 400],
    ["a form of 10,000 fields", () => Array.from({ length: 10_000 }, (_, field) => `k${field}=1`).join("&"), form, 202],
  ])("that is called with %s, eight times at once, costs its own runs' time only", async (_, body, type, status) => {
    const { workflowId } = await makeWorkflow(platform, one("answer", { answer: "{{ input.method }}" }));
    const make = "mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { url } }";
    const made = await ask<{ createWebhook: { url: string } }>(platform, make, { input: { name: "h", workflowId } });
    const url = new URL(made.createWebhook.url, platform.url);
    const sent = { method: "POST", body: body(), headers: { "content-type": type } };
    const call = async () => {
      const answer = await fetch(url, sent);
      const { runId } = (await answer.json()) as { runId?: string };
      return { status: answer.status, end: runId === undefined ? undefined : await runEnd(platform, runId) };
    };
    // As many as a tenant has turns for: more may be told to come again.
    const { outcome, beside } = await other.beside(() => Promise.all(Array.from({ length: 8 }, call)));
    const ended = status === 202 ? { status, end: "COMPLETED" } : { status, end: undefined };
    expect(outcome).toEqual(Array.from({ length: 8 }, () => ended));
    expectUnharmed(beside);
  });
});

describe("case 8: programs that sleep", () => {
  it("leave a turn to another tenant's, however many they are", async () => {
    const sleeps = one("code", { code: "import time\ntime.sleep(28)\nresult = 1", timeout_seconds: 30 });
    const { workflowId } = await makeWorkflow(platform, sleeps);
    const { outcome, beside } = await other.beside(async () => {
      const ids = await Promise.all(Array.from({ length: 12 }, () => startRun(platform, workflowId)));
      const statuses = () => Promise.all(ids.map(async (id) => (await readRun(platform, id)).nodeRuns.edges[0]?.node.status));
      await eventually(statuses, (seen) => seen.every((status) => status === "RUNNING"));
      const headers = { "x-tenant-id": "bystander" };
      const program = await makeWorkflow(platform, one("code", { code: "result = 2" }), headers);
      const id = await startRun(platform, program.workflowId, {}, {}, headers);
      const { status } = await finishRun(platform, id, { tenantId: "bystander" });
      const ended = (await statuses()).filter((seen) => seen !== "RUNNING");
      const cancelled = `mutation ($ids: [ID!]) { cancelRuns(filter: { ids: $ids }) { accepted } }`;
      await ask(platform, cancelled, { ids });
      return { status, ended };
    });
    // It was not the end of theirs that it waited for.
    expect(outcome).toEqual({ status: "COMPLETED", ended: [] });
    expectUnharmed(beside);
  });
});
