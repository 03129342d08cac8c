/** What values are, from door to door: digits, characters, and nothing. The right values of docs/dsl.md#values. */
import type { JsonObject } from "#shared/json.ts";
import { describeWithJail } from "../runtime/sandbox/jail.ts";
import { ask, chain, makeWorkflow, runDsl, type SeenRun } from "../testkit/graph.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";

let platform: TestPlatform;
let http: TestHttpServer;
beforeAll(async () => {
  http = await startHttpServer();
  platform = await startTestPlatform({ env: { egressAllow: [http.hostPort], providerBaseUrl: `${http.url}/v1`, providerApiKey: "key" } });
});
afterAll(async () => {
  await platform.stop();
  await http.close();
});
beforeEach(() => {
  http.requests.length = 0;
});

const json = { "content-type": "application/json" };
const id = "7615917337495251231";
const answer = (template: string) => ({ id: "say", type: "answer", config: { answer: template } });
const call = (path: string, more: JsonObject = {}) => ({ id: "call", type: "tool", config: { url: `${http.url}${path}`, ...more } });
const inRow = (...nodes: (JsonObject & { id: string })[]) => runDsl(platform, { nodes, edges: chain(...nodes.map((node) => node.id)) });

const outputOf = (run: SeenRun, nodeId: string) => run.nodeRuns.edges.find(({ node }) => node.nodeId === nodeId)?.node;
/** A part of what a node put out. */
const partOf = (run: SeenRun, part: string, nodeId = "call") => (outputOf(run, nodeId)?.outputJson as JsonObject | null)?.[part];

/** What the spans of a run say of changed outputs. */
async function notesOf(run: SeenRun) {
  const query = "query ($id: ID!) { traceSpans(runId: $id, first: 200) { edges { node { name attributes } } } }";
  const { traceSpans } = await ask<{ traceSpans: { edges: { node: { attributes: Record<string, unknown> } }[] } }>(platform, query, {
    id: run.id,
  });
  return Object.fromEntries(
    traceSpans.edges.flatMap(({ node }) => Object.entries(node.attributes)).filter(([name]) => name.startsWith("output.")),
  );
}

/** Sends a request's body as it is written, and gives the status and the first error. */
async function sendText(body: string) {
  const response = await fetch(platform.url, { method: "POST", headers: { ...json, "x-tenant-id": "t1" }, body });
  const { errors } = (await response.json()) as { errors?: { message: string; extensions: Record<string, unknown> }[] };
  return { status: response.status, message: errors?.[0]?.message, ...errors?.[0]?.extensions };
}

describe("digits that a double does not keep", () => {
  it("come from a tool to whoever asks, in templates, requests, conditions, the state and the graph", async () => {
    http.on("GET /order", {
      headers: json,
      body: `{"id":${id},"at":[{"n":-9007199254740993}],"f":0.123456789012345678,"big":1e400,"ok":9007199254740991}`,
    });
    http.on("POST /next", { json: {} });
    const nodes = [
      call("/order"),
      {
        id: "keep",
        type: "assigner",
        config: { assignments: { id: "{{ nodes.call.output.body.id }}", all: "{{ nodes.call.output.body }}" } },
      },
      {
        id: "next",
        type: "tool",
        config: {
          method: "POST",
          url: `${http.url}/next`,
          body: { id: "{{ state.id }}" },
          query: { id: "{{ nodes.call.output.body.id }}" },
        },
      },
      { id: "check", type: "if-else", config: { expression: `state.all.id == "${id}" && state.all.ok == 9007199254740991` } },
      answer("{{ state.id }} {{ state.all.at[0].n }} {{ state.all.f }}"),
    ];
    const done = await runDsl(platform, {
      nodes,
      edges: [...chain("call", "keep", "next", "check"), { source: "check", target: "say", condition: "true" }],
    });
    const body = { id, at: [{ n: "-9007199254740993" }], f: "0.123456789012345678", big: "1e400", ok: 9007199254740991 };
    expect(partOf(done, "body")).toEqual(body);
    expect(done.state).toEqual({ id, all: body });
    expect(done.outputText).toBe(`${id} -9007199254740993 0.123456789012345678`);
    expect(http.requests.find(({ method }) => method === "POST")).toMatchObject({ path: `/next?id=${id}`, body: `{"id":"${id}"}` });
    expect(await notesOf(done)).toEqual({ "output.numbers_as_text": ["body.id", "body.at.0.n", "body.f", "body.big"] });
  });

  it("come from a source of documents, and from a model's JSON and its calls of tools", async () => {
    http.on("GET /documents", { headers: json, body: `[{"id":${id},"text":"refund","n":9007199254740993}]` });
    const found = await inRow({
      id: "call",
      type: "knowledge-retrieval",
      config: { query: "refund", source_url: `${http.url}/documents` },
    });
    expect(partOf(found, "retrieved_documents")).toMatchObject([{ id, n: "9007199254740993" }]);
    expect(await notesOf(found)).toEqual({ "output.numbers_as_text": ["documents.0.id", "documents.0.n"] });

    const message = { content: `{"id":${id},"list":[${id}]}` };
    http.on("POST /v1/chat/completions", { json: { id: "c", model: "m", choices: [{ index: 0, message, finish_reason: "stop" }] } });
    const asked = { id: "call", type: "llm", config: { model: "m", prompt: "x", response_format: { type: "json_object" } } };
    const said = await inRow(asked);
    expect(partOf(said, "parsed")).toEqual({ id, list: [id] });
    expect(await notesOf(said)).toEqual({ "output.numbers_as_text": ["parsed.id", "parsed.list.0"] });

    const toolCalls = [{ id: "t", type: "function", function: { name: "f", arguments: `{"id":${id}}` } }];
    const called = { content: null, tool_calls: toolCalls };
    http.on("POST /v1/chat/completions", {
      json: { id: "c", model: "m", choices: [{ index: 0, message: called, finish_reason: "tool_calls" }] },
    });
    const calls = await inRow({ id: "call", type: "llm", config: { model: "m", prompt: "x" } });
    expect(partOf(calls, "tool_calls")).toMatchObject([{ name: "f", arguments: { id } }]);
  });

  it("are refused in what is sent: a run's input and a document, as variables and as literals", async () => {
    const { workflowId } = await makeWorkflow(platform, { nodes: [answer("{{ input.id }}")], edges: [] });
    const create = "mutation ($input: CreateRunInput!) { createRun(input: $input) { id } }";
    const literal = `mutation { createRun(input: { workflowId: \\"${workflowId}\\", input: { a: [{ id: ${id} }] } }) { id } }`;
    const save = "mutation ($w: ID!, $dsl: JSON!) { createWorkflowVersion(input: { workflowId: $w, dsl: $dsl }) { id } }";
    const dsl = `{"nodes":[{"id":"a","type":"tool","config":{"url":"http://x","body":{"id":${id}}}}]}`;
    const refused = (field: string) => ({
      status: 400,
      code: "BAD_USER_INPUT",
      reason: "NUMBER_NOT_KEPT",
      field,
      value: id,
      message: expect.stringContaining("as a string"),
    });
    expect(await sendText(`{"query":"${create}","variables":{"input":{"workflowId":"${workflowId}","input":{"id":${id}}}}}`)).toMatchObject(
      refused("variables.input.input.id"),
    );
    expect(await sendText(`{"query":"${literal}"}`)).toMatchObject(refused("input.input.a.0.id"));
    expect(await sendText(`{"query":"${save}","variables":{"w":"${workflowId}","dsl":${dsl}}}`)).toMatchObject(
      refused("variables.dsl.nodes.0.config.body.id"),
    );
    expect(await sendText(`{"query":"query ($d: JSON!) { validateDsl(dsl: $d) { code } }","variables":{"d":${dsl}}}`)).toMatchObject(
      refused("variables.d.nodes.0.config.body.id"),
    );
  });

  it("come back as they were sent where they are a text", async () => {
    const run = await runDsl(
      platform,
      { nodes: [answer("{{ input.id }}/{{ input.list | json }}")], edges: [] },
      { id, list: [id, { [id]: id }] },
    );
    expect(run.outputText).toBe(`${id}/["${id}",{"${id}":"${id}"}]`);
    const { run: read } = await ask<{ run: { input: unknown } }>(platform, "query ($id: ID!) { run(id: $id) { input } }", { id: run.id });
    expect(read.input).toEqual({ id, list: [id, { [id]: id }] });
  });
});

describe("characters that cannot be stored", () => {
  const half = "\\ud83d";
  const nul = "\\u0000";

  it("of a tool's JSON are replaced, in values and keys, and a span says how many", async () => {
    http.on("GET /cut", { headers: json, body: `{"title":"cut ${half}","ok":1,"list":[{"a${nul}":["${nul}"]}]}` });
    const run = await inRow(call("/cut"), answer("{{ nodes.call.output.body.title }}"));
    expect([run.status, run.outputText]).toEqual(["COMPLETED", "cut \ufffd"]);
    expect(partOf(run, "body")).toEqual({ title: "cut \ufffd", ok: 1, list: [{ "a\ufffd": ["\ufffd"] }] });
    expect(await notesOf(run)).toEqual({ "output.replaced_characters": 3 });
  });

  it("of a refusal that is kept are, too", async () => {
    http.on("GET /cut", { status: 422, headers: json, body: `{"why":"cut ${half}"}` });
    const run = await inRow(call("/cut"));
    expect([run.status, run.errorCode, partOf(run, "body")]).toEqual(["FAILED", "TOOL_HTTP_ERROR", { why: "cut \ufffd" }]);
    expect(await notesOf(run)).toEqual({ "output.replaced_characters": 1 });
  });

  it("of a model's answer are: its text, its JSON, its calls and its name", async () => {
    const completion = (message: object, model = "m") => ({
      json: { id: "c", model, choices: [{ index: 0, message, finish_reason: "stop" }] },
    });
    const ask = (config: JsonObject = {}) => inRow({ id: "call", type: "llm", config: { model: "m", prompt: "x", ...config } });
    http.on("POST /v1/chat/completions", completion({ content: "a\ud83d\u0000" }, "m\u0000"));
    const text = await ask();
    expect(outputOf(text, "call")).toMatchObject({ status: "COMPLETED", outputText: "a\ufffd\ufffd", outputJson: { model: "m\ufffd" } });
    expect(await notesOf(text)).toEqual({ "output.replaced_characters": 3 });
    http.on("POST /v1/chat/completions", completion({ content: `{"k${nul}":"${half}"}` }));
    expect(outputOf(await ask({ response_format: { type: "json_object" } }), "call")?.outputJson).toMatchObject({
      parsed: { "k\ufffd": "\ufffd" },
    });
    const toolCalls = [{ id: "t", type: "function", function: { name: "f\u0000", arguments: `{"q":"${half}"}` } }];
    http.on("POST /v1/chat/completions", completion({ content: null, tool_calls: toolCalls }));
    expect(outputOf(await ask(), "call")?.outputJson).toMatchObject({ tool_calls: [{ name: "f\ufffd", arguments: { q: "\ufffd" } }] });
  });

  it("of documents are, and one without a text spoils none", async () => {
    http.on("GET /documents", {
      headers: json,
      body: `{"documents":[{"text":null,"title":"None"},{"id":"a","text":"refund ${half}","k${nul}":1},7]}`,
    });
    const run = await inRow({ id: "call", type: "knowledge-retrieval", config: { query: "refund", source_url: `${http.url}/documents` } });
    expect(outputOf(run, "call")?.outputJson).toMatchObject({ retrieved_documents: [{ id: "a", text: "refund \ufffd", "k\ufffd": 1 }] });
    expect(await notesOf(run)).toEqual({ "output.replaced_characters": expect.any(Number), "output.documents_without_text": 2 });
    const inline = [
      { id: null, title: null, text: "Le café ferme à midi" },
      { title: "환불은 30일 이내에 가능합니다", text: null },
    ];
    const own = (query: string) => inRow({ id: "call", type: "knowledge-retrieval", config: { query, documents: inline } });
    expect(outputOf(await own("cafe"), "call")?.outputJson).toMatchObject({ retrieved_documents: [{ id: "0" }] });
    expect(outputOf(await own("환불 가능"), "call")?.outputJson).toMatchObject({ retrieved_documents: [{ id: "1", text: "" }] });
  });

  it("that templates make are, in answers, objects and the state", async () => {
    const made = "{{ 'YQBi' | base64_decode }}";
    const nodes = [
      answer(made),
      { id: "shape", type: "template-transform", config: { template: { x: [made] } } },
      { id: "keep", type: "assigner", config: { assignments: { x: made } } },
    ];
    const run = await runDsl(platform, { nodes, edges: chain("say", "shape", "keep") });
    expect([run.status, run.state]).toEqual(["COMPLETED", { x: "a\ufffdb" }]);
    expect([outputOf(run, "say")?.outputText, outputOf(run, "shape")?.outputJson]).toEqual(["a\ufffdb", { x: ["a\ufffdb"] }]);
    expect(await notesOf(run)).toMatchObject({ "output.replaced_characters": expect.any(Number) });
  });
});

describe("nothing", () => {
  it("leaves its key out of a tool's arguments, query and headers, and is null in its body", async () => {
    const make = `mutation { createTool(input: { code: "optional", name: "O", toolType: HTTP }) { id } }`;
    const { createTool: tool } = await ask<{ createTool: { id: string } }>(platform, make);
    const version = `mutation ($input: CreateToolVersionInput!) { createToolVersion(input: $input) { id } }`;
    const inputSchema = {
      type: "object",
      properties: {
        q: { type: "string" },
        limit: { type: "integer" },
        filter: { type: "object", additionalProperties: { type: "string" } },
      },
      required: ["q"],
    };
    const invokeConfig = { method: "GET", url: `${http.url}/search`, query: { page: 1 }, headers: { "x-kept": "tool", "x-gone": "tool" } };
    await ask(platform, version, { input: { toolId: tool.id, inputSchema, invokeConfig } });
    http.on("GET /search", { json: {} });
    const config = {
      tool_code: "optional",
      arguments: {
        q: "{{ input.q }}",
        limit: "{{ input.limit }}",
        filter: { a: "{{ input.none.deep }}", b: " {{ input.null }} ", c: "c" },
      },
      query: { page: "{{ input.page }}", more: "{{ input.null }}", list: ["{{ input.none }}", "x"], empty: "{{ input.empty }}" },
      headers: { "x-kept": "{{ input.none }}", "x-gone": null, "x-new": "{{ input.q }}" },
    };
    const nodes = [{ id: "call", type: "tool", config }];
    const run = await runDsl(platform, { nodes, edges: [] }, { q: "x", null: null, empty: "" });
    expect([run.status, run.errorMessage]).toEqual(["COMPLETED", null]);
    const { path, headers } = http.requests[0]!;
    expect(Object.fromEntries(new URL(path, http.url).searchParams)).toEqual({
      q: "x",
      filter: '{"c":"c"}',
      page: "1",
      list: "x",
      empty: "",
    });
    expect(headers).toMatchObject({ "x-kept": "tool", "x-new": "x" });
    expect(headers).not.toHaveProperty("x-gone");

    http.on("POST /body", { json: {} });
    await inRow(call("/body", { method: "POST", body: { a: "{{ input.none }}", b: ["{{ input.none }}"], c: "[{{ input.none }}]" } }));
    expect(http.requests.at(-1)?.body).toBe('{"a":null,"b":[null],"c":"[]"}');
  });

  it("is less and more than no number", async () => {
    const template =
      "{% if input.n < 5 %}y{% else %}n{% endif %}{% for i in input.list %}{% if i.n >= 0 %}y{% else %}n{% endif %}{% endfor %}";
    for (const n of [null, undefined, "", "10", [], false, {}]) {
      const input = { ...(n !== undefined && { n }), list: [{ n: n ?? null }, {}, { n: 0 }] };
      expect((await runDsl(platform, { nodes: [answer(template)], edges: [] }, input)).outputText).toBe("nnny");
    }
  });

  it("makes no empty text of a loop's list", async () => {
    const nodes = [
      { id: "keep", type: "assigner", config: { assignments: { rows: "{{ input.rows }}", first: "{{ input.rows[0].id }}" } } },
      answer("{% for row in state.rows %}x{% endfor %}[{{ state.first }}]"),
    ];
    const run = await runDsl(platform, { nodes, edges: chain("keep", "say") });
    expect([run.state, run.outputText]).toEqual([{ rows: null, first: null }, "[]"]);
  });
});

describeWithJail("a program", () => {
  it("is given null for what is missing, and digits as texts", async () => {
    const config = {
      code: "result = [payload, payload['id'] == '7615917337495251231']",
      input_json: { leads: "{{ input.leads }}", n: "{{ input.n }}", id: "{{ input.id }}" },
    };
    const run = await runDsl(platform, { nodes: [{ id: "call", type: "code", config }], edges: [] }, { n: null, id });
    expect(outputOf(run, "call")?.outputJson).toEqual({ result_json: [{ leads: null, n: null, id }, true] });
  });

  it("gives back whole numbers that a double keeps, else it is told to give texts; half characters are replaced", async () => {
    const program = (code: string) => inRow({ id: "call", type: "code", config: { code } });
    const refused = await program("result = {'a': [2**53 + 1]}");
    expect(outputOf(refused, "call")).toMatchObject({
      errorCode: "CODE_RESULT_NOT_JSON",
      errorMessage: expect.stringContaining("give it as str"),
    });
    const kept = await program("result = {'a\\x00': chr(0xd83d), 'n': 2**53 - 1}\nprint('p' + chr(0))");
    expect(outputOf(kept, "call")).toMatchObject({
      outputText: "p\ufffd\n",
      outputJson: { result_json: { "a\ufffd": "\ufffd", n: 2 ** 53 - 1 } },
    });
  });
});
