/** Secrets by name: given once, shown to nobody, put in where a stored config names them, and sent to their origins alone (docs/security.md). */
import { query } from "../testkit/admin-query.ts";
import { ask, chain, finishRun, makeWorkflow, startRun } from "../testkit/graph.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { startScriptedProvider, type ScriptedProvider } from "../testkit/scripted-provider.ts";

let http: TestHttpServer;
let elsewhere: TestHttpServer;
let provider: ScriptedProvider;
let t: TestPlatform;
beforeAll(async () => {
  [http, elsewhere, provider] = await Promise.all([startHttpServer(), startHttpServer(), startScriptedProvider()]);
  t = await startTestPlatform({ env: { egressAllow: [http.hostPort, elsewhere.hostPort, provider.hostPort] } });
  const echo = { json: { fine: true } };
  for (const name of ["FORMED", "MOVED"]) await create({ name });
  for (const server of [http, elsewhere]) for (const method of ["GET", "POST"]) server.on(`${method} /echo`, echo);
});
afterAll(async () => {
  await t.stop();
  await Promise.all([http.close(), elsewhere.close(), provider.close()]);
});

const value = 'se"cret value/+&=1';
let count = 0;

interface Shown {
  id: string;
  name: string;
  origins: string[];
  createdAt: string;
  updatedAt: string;
}

const fields = "{ id name origins createdAt updatedAt }";
const createDocument = `mutation ($input: CreateSecretInput!) { createSecret(input: $input) ${fields} }`;
const updateDocument = `mutation ($id: ID!, $input: UpdateSecretInput!) { updateSecret(id: $id, input: $input) ${fields} }`;
const deleteDocument = `mutation ($id: ID!) { deleteSecret(id: $id) ${fields} }`;

const create = async (input: object = {}): Promise<Shown> => {
  const given = { name: `S${++count}`, value, origins: [http.url], ...input };
  return (await ask<{ createSecret: Shown }>(t, createDocument, { input: given })).createSecret;
};

/** The first error's facts. */
async function refusal(query: string, variables: object): Promise<Record<string, unknown> & { message: string }> {
  const { errors } = await t.post(query, variables as Record<string, unknown>);
  return { message: errors?.[0]?.message ?? "it was not refused", ...errors?.[0]?.extensions };
}

/** A tool of one version. */
async function makeTool(invokeConfig: object): Promise<string> {
  const made = await ask<{ createTool: { id: string } }>(
    t,
    `mutation { createTool(input: { code: "t${++count}", name: "T", toolType: HTTP }) { id } }`,
  );
  const version = `mutation ($id: ID!, $c: JSONObject!) { createToolVersion(input: { toolId: $id, invokeConfig: $c }) { invokeConfig } }`;
  await ask(t, version, { id: made.createTool.id, c: invokeConfig });
  return made.createTool.id;
}

const invoke = `mutation ($input: InvokeToolInput!) { invokeTool(input: $input) { ok status outputText outputJson resolved errorMessage } }`;
const call = (toolId: string, more: object = {}) => ask<{ invokeTool: Record<string, unknown> }>(t, invoke, { input: { toolId, ...more } });

describe("a secret", () => {
  it("is made, listed, changed and deleted, and its value is shown nowhere", async () => {
    const made = await create({ origins: [`${http.url}/`, "HTTPS://Api.Example.com:443"] });
    expect(made).toMatchObject({ origins: [http.url, "https://api.example.com"].sort() });
    const list = `query ($n: Int, $after: String) { secrets(first: $n, after: $after) { nodes ${fields} pageInfo { endCursor } } }`;
    const page = await ask<{ secrets: { nodes: Shown[]; pageInfo: { endCursor: string } } }>(t, list, { n: 1 });
    expect(page.secrets.nodes).toEqual([made]);
    expect(await ask(t, `query ($id: ID!) { secret(id: $id) ${fields} }`, { id: made.id })).toEqual({ secret: made });
    const changed = await ask<{ updateSecret: Shown }>(t, updateDocument, { id: made.id, input: { origins: [http.url] } });
    expect(changed.updateSecret).toMatchObject({ origins: [http.url], createdAt: made.createdAt });
    await ask(t, deleteDocument, { id: made.id });
    expect(await refusal(deleteDocument, { id: made.id })).toMatchObject({ reason: "SECRET_NOT_FOUND" });
    const { data } = await t.post(`{ secrets { nodes ${fields} } }`, {}, { "x-tenant-id": "t2" });
    expect(data).toEqual({ secrets: { nodes: [] } });
  });

  it.each([
    ["a name that no config could say", { name: "my-secret" }, "SECRET_NAME_INVALID", "my-secret"],
    ["a name that is taken", { name: "TAKEN" }, "SECRET_NAME_TAKEN", "TAKEN"],
    ["no value", { value: "  " }, "SECRET_VALUE_EMPTY", "value"],
    ["no origin", { origins: [] }, "SECRET_ORIGINS_EMPTY", "origins"],
    ["a host alone", { origins: ["https://a.example", "b.example"] }, "SECRET_ORIGIN_INVALID", "origins[1]"],
    ["a path", { origins: ["https://a.example/v1"] }, "SECRET_ORIGIN_INVALID", "https://a.example/v1"],
    ["any host", { origins: ["https://*.example"] }, "SECRET_ORIGIN_INVALID", "*"],
    ["credentials", { origins: ["https://u:p@a.example"] }, "SECRET_ORIGIN_INVALID", "origins[0]"],
    ["another scheme", { origins: ["ftp://a.example"] }, "SECRET_ORIGIN_INVALID", "ftp"],
    ["a value that is too long", { value: "x".repeat(16_385) }, "TEXT_TOO_LONG", "16384"],
    ["too many origins", { origins: Array.from({ length: 21 }, (_, at) => `https://a${at}.example`) }, "LIST_TOO_LONG", "20"],
  ])("is refused with %s", async (_, input, reason, said) => {
    if (reason === "SECRET_NAME_TAKEN") await create({ name: "TAKEN" });
    const refused = await refusal(createDocument, { input: { name: "FINE", value, origins: [http.url], ...input } });
    expect(refused).toMatchObject({ reason, message: expect.stringContaining(said) });
    expect(JSON.stringify(refused)).not.toContain("cret value");
  });

  it("gets another origin only with its value: who may edit it need not know it", async () => {
    const { id, name } = await create();
    const both = [http.url, elsewhere.url];
    expect(await refusal(updateDocument, { id, input: { origins: both } })).toMatchObject({
      reason: "SECRET_ORIGIN_ADDED",
      value: elsewhere.url,
    });
    const moved = await makeTool({ url: `${elsewhere.url}/echo`, headers: { "x-a": `{{ secrets.${name} }}` } });
    expect(await refusal(invoke, { input: { toolId: moved } })).toMatchObject({ reason: "SECRET_ORIGIN_MISMATCH" });
    await ask(t, updateDocument, { id, input: { origins: both, value: "another-value" } });
    await call(moved);
    expect(elsewhere.requests.at(-1)?.headers["x-a"]).toBe("another-value");
  });

  it("has values that nobody reads by the graph", async () => {
    await create({ name: "UNREAD" });
    const input = { names: ["UNREAD"], origin: http.url };
    const { errors } = await t.post(`query ($input: SecretValuesInput!) { secretValues(input: $input) { value } }`, { input });
    expect(errors?.[0]?.message).toMatch(/Unknown type "SecretValuesInput"|Cannot query field/);
  });
});

describe("a tool's config", () => {
  it("is not called where it names a secret before the URL's query, though it is stored so: that would choose who is called", async () => {
    const { name } = await create();
    const toolId = await makeTool({ url: `${http.url}/echo` });
    const url = `${http.url}/echo/{{ secrets.${name} }}`;
    const stored = "update tool.tool_version set invoke_config = $2::json where tool_id = $1";
    await query(t.database.adminUrl, stored, [toolId, JSON.stringify({ url })]);
    const before = http.requests.length;
    expect(await refusal(invoke, { input: { toolId } })).toMatchObject({ reason: "TOOL_CONFIG_INVALID", field: "url" });
    expect(http.requests).toHaveLength(before);
  });

  it("has its secrets in headers, query, the URL's query and the body, as each place writes it; and shows their names", async () => {
    await create({ name: "PLACED" });
    const reference = "{{ secrets.PLACED }}";
    const config = {
      url: `${http.url}/echo?a={{secrets.PLACED}}&b=1`,
      method: "POST",
      headers: { authorization: `Bearer ${reference}`, "x-two": `${reference};${reference}` },
      query: { q: `x ${reference}` },
      body: { deep: [{ key: `k=${reference}` }], plain: "{{ secret }}" },
    };
    const toolId = await makeTool(config);
    const { invokeTool: result } = await call(toolId);
    const sent = http.requests.at(-1)!;
    expect(sent.headers).toMatchObject({ authorization: `Bearer ${value}`, "x-two": `${value};${value}` });
    expect([...new URL(sent.path, http.url).searchParams]).toEqual([
      ["a", value],
      ["b", "1"],
      ["q", `x ${value}`],
    ]);
    expect(JSON.parse(sent.body)).toEqual({ deep: [{ key: `k=${value}` }], plain: "{{ secret }}" });
    const shown = await ask<{ tool: { latestVersion: { invokeConfig: object } } }>(
      t,
      `query ($id: ID!) { tool(id: $id) { latestVersion { invokeConfig } } }`,
      { id: toolId },
    );
    expect(shown.tool.latestVersion.invokeConfig).toEqual(config);
    expect(JSON.stringify(result)).toContain("{{ secrets.PLACED }}");
  });

  it.each([
    ["a form", "application/x-www-form-urlencoded", { k: "{{ secrets.FORMED }}" }, "k=se%22cret%20value%2F%2B%26%3D1"],
    ["JSON as a text", "application/json", '{"k":"{{ secrets.FORMED }}"}', '{"k":"se\\"cret value/+&=1"}'],
    ["a text", "text/plain", "k {{ secrets.FORMED }}", `k ${value}`],
  ])("has them in a body that is %s", async (_, type, body, sent) => {
    await call(await makeTool({ url: `${http.url}/echo`, method: "POST", headers: { "content-type": type }, body }));
    expect(http.requests.at(-1)?.body).toBe(sent);
  });

  it("has them in a binding's config and in its secret headers, too", async () => {
    const { name } = await create();
    const toolId = await makeTool({ path: "/echo" });
    const document = `mutation ($input: CreateToolBindingInput!) { createToolBinding(input: $input) { id config } }`;
    const config = { base_url: http.url, headers: { "x-a": `{{ secrets.${name} }}` } };
    const input = { toolId, name: "b", config, secretHeaders: { "x-b": `key {{ secrets.${name} }} end` } };
    const { createToolBinding: binding } = await ask<{ createToolBinding: { id: string; config: object } }>(t, document, { input });
    expect(binding.config).toEqual({ ...config, headers: { ...config.headers, "x-b": "***" } });
    await ask(t, invoke, { input: { toolBindingId: binding.id } });
    expect(http.requests.at(-1)?.headers).toMatchObject({ "x-a": value, "x-b": `key ${value} end` });
  });

  it("is the only place that is read so: what a caller gives, or a run's input says, is text", async () => {
    await create({ name: "KEPT" });
    const text = "{{ secrets.KEPT }}";
    const toolId = await makeTool({ url: `${http.url}/echo`, method: "POST" });
    await call(toolId, { arguments: { said: text }, config: { headers: { "x-said": text } } });
    expect(JSON.parse(http.requests.at(-1)!.body)).toEqual({ said: text });
    expect(http.requests.at(-1)?.headers["x-said"]).toBe(text);
    const node = { id: "call", type: "tool", config: { tool_id: toolId, body: { said: "{{ input.said }}" } } };
    const { workflowId } = await makeWorkflow(t, { nodes: [node], edges: [] });
    await finishRun(t, await startRun(t, workflowId, { said: text }));
    expect(JSON.parse(http.requests.at(-1)!.body)).toEqual({ said: text });
  });

  it.each([
    ["one that there is not", { "x-a": "{{ secrets.NOT_THERE }}" }, { code: "NOT_FOUND", reason: "SECRET_UNKNOWN", name: "NOT_THERE" }],
    ["one for another origin", { "x-a": "{{ secrets.OTHERS }}" }, { code: "FORBIDDEN", reason: "SECRET_ORIGIN_MISMATCH", name: "OTHERS" }],
  ])("is not called with %s: the error says which, before anything is sent", async (_, headers, error) => {
    if (error.name === "OTHERS") await create({ name: "OTHERS", origins: [elsewhere.url] });
    const toolId = await makeTool({ url: `${http.url}/echo`, headers });
    const before = http.requests.length;
    const refused = await refusal(invoke, { input: { toolId } });
    expect(refused).toMatchObject({ ...error, retryable: false, effectUnknown: false });
    expect(refused.message).toContain(error.name);
    expect(http.requests.length).toBe(before);
  });

  it("of a call that goes elsewhere, because its caller says so, takes no secret along", async () => {
    await create({ name: "STAYS" });
    const toolId = await makeTool({ base_url: http.url, path: "/echo", headers: { "x-a": "{{ secrets.STAYS }}" } });
    const before = elsewhere.requests.length;
    expect(await refusal(invoke, { input: { toolId, config: { base_url: elsewhere.url } } })).toMatchObject({
      reason: "SECRET_ORIGIN_MISMATCH",
    });
    expect(elsewhere.requests.length).toBe(before);
    // Replaced by the caller it is not needed.
    await call(toolId, { config: { base_url: elsewhere.url, headers: { "x-a": "own" } } });
    expect(elsewhere.requests.at(-1)?.headers["x-a"]).toBe("own");
  });

  it.each([
    ["302", "GET", { headers: { "x-a": "{{ secrets.MOVED }}", "user-agent": "{{ secrets.MOVED }}" } }, true],
    ["307", "POST", { headers: { "x-a": "{{ secrets.MOVED }}" }, body: { k: 1 } }, true],
    ["307", "POST", { body: { k: "{{ secrets.MOVED }}" } }, false],
    ["308", "POST", { query: { k: "{{ secrets.MOVED }}" }, body: "no secret" }, true],
  ])("follows a redirect (%s of a %s) to another origin without them", async (status, method, config, isFollowed) => {
    http.on(`${method} /away`, { status: Number(status), headers: { location: `${elsewhere.url}/echo` } });
    const before = elsewhere.requests.length;
    const { invokeTool: result } = await call(await makeTool({ url: `${http.url}/away`, method, ...config }));
    const seen = elsewhere.requests.slice(before);
    expect(seen.length).toBe(isFollowed ? 1 : 0);
    expect(JSON.stringify(seen)).not.toMatch(/cret value|cret%20value|cret\+value/);
    if (!isFollowed) expect(result).toMatchObject({ ok: false, status: Number(status) });
  });

  it.each([
    ["in a host", { url: "https://{{ secrets.A }}.example/x" }, "invokeConfig.url"],
    ["in a path", { base_url: "https://a.example", path: "/x/{{ secrets.A }}" }, "invokeConfig.path"],
    ["in a header's name", { url: "https://a.example", headers: { "{{ secrets.A }}": "x" } }, "invokeConfig.headers"],
    ["in the method", { url: "https://a.example", method: "{{ secrets.A }}" }, "invokeConfig.method"],
    ["with a filter", { url: "https://a.example", body: { k: ["{{ secrets.A | upcase }}"] } }, "invokeConfig.body.k[0]"],
    ["by brackets", { url: "https://a.example", query: { k: "{{ secrets['A'] }}" } }, "invokeConfig.query.k"],
  ])("is refused with a secret %s", async (_, config, field) => {
    const { createTool: tool } = await ask<{ createTool: { id: string } }>(
      t,
      `mutation { createTool(input: { code: "r${++count}", name: "T", toolType: HTTP }) { id } }`,
    );
    const version = `mutation ($id: ID!, $c: JSONObject!) { createToolVersion(input: { toolId: $id, invokeConfig: $c }) { id } }`;
    expect(await refusal(version, { id: tool.id, c: config })).toMatchObject({ reason: "TOOL_CONFIG_INVALID", field });
  });
});

describe("a provider", () => {
  const make = async (input: object) =>
    (
      await ask<{ createModelProvider: { id: string } }>(
        t,
        `mutation ($i: CreateModelProviderInput!) { createModelProvider(input: $i) { id } }`,
        {
          i: { code: `p${++count}`, name: "P", baseUrl: provider.baseUrl, defaultModel: "m", ...input },
        },
      )
    ).createModelProvider.id;
  const complete = `mutation ($code: String!) { chatCompletion(input: { providerCode: $code, messages: [{ role: USER, content: "hi" }] }) { content } }`;

  it("has its secrets in apiKey and headers, for its own origin only", async () => {
    await create({ name: "MODEL_KEY", value: "sk-model-key-1", origins: [new URL(provider.baseUrl).origin] });
    await create({ name: "ELSEWHERE" });
    await make({ apiKey: "{{ secrets.MODEL_KEY }}", headers: { "x-org": "org {{ secrets.MODEL_KEY }}" } });
    await ask(t, complete, { code: `p${count}` });
    expect(provider.requests.at(-1)?.headers).toMatchObject({ authorization: "Bearer sk-model-key-1", "x-org": "org sk-model-key-1" });
    await make({ apiKey: "{{ secrets.ELSEWHERE }}" });
    const before = provider.requests.length;
    expect(await refusal(complete, { code: `p${count}` })).toMatchObject({ reason: "SECRET_ORIGIN_MISMATCH", name: "ELSEWHERE" });
    expect(provider.requests.length).toBe(before);
    // Its models are not everybody's trouble.
    expect(await ask(t, "{ models { name } }")).toMatchObject({ models: expect.arrayContaining([{ name: "scripted-model" }]) });
  });

  it("and a tool are not called with more secrets than can be looked for in an answer", async () => {
    const origins = [new URL(provider.baseUrl).origin, http.url];
    await create({ name: "LONG", value: "é".repeat(16_384), origins });
    const five = "{{ secrets.LONG }}".repeat(5);
    await make({ headers: { "x-org": five } });
    const before = [provider.requests.length, http.requests.length];
    expect(await refusal(complete, { code: `p${count}` })).toMatchObject({ reason: "MODEL_PROVIDER_INVALID", field: "headers" });
    for (const config of [{ headers: { "x-a": five } }, { method: "POST", body: [five.repeat(60)] }]) {
      const toolId = await makeTool({ url: `${http.url}/echo`, ...config });
      expect(await refusal(invoke, { input: { toolId } })).toMatchObject({ reason: "TOOL_CONFIG_INVALID", field: "config" });
    }
    expect([provider.requests.length, http.requests.length]).toEqual(before);
  });

  it.each([
    ["apiKey", { apiKey: "{{ secrets.A }}".repeat(300) }],
    ["query", { query: { k: "{{ secrets.A }}" } }],
    ["extraParameters", { extraParameters: { k: "{{ secrets.A }}" } }],
    ["baseUrl", { baseUrl: "https://{{secrets.A}}.example/v1" }],
    ["headers.x-a", { headers: { "x-a": "{{ secrets.A | upcase }}" } }],
  ])("is refused with a secret in %s", async (field, input) => {
    const document = `mutation ($i: CreateModelProviderInput!) { createModelProvider(input: $i) { id } }`;
    const refused = await refusal(document, { i: { code: "no", name: "P", baseUrl: provider.baseUrl, ...input } });
    expect(refused).toMatchObject({ reason: "MODEL_PROVIDER_INVALID", field });
  });
});

describe("a workflow", () => {
  const validate = `query ($dsl: JSON!) { validateDsl(dsl: $dsl) { severity code message } }`;
  it.each([
    ["a prompt", { id: "a", type: "llm", config: { prompt: "Say {{ secrets.STRIPE }}" } }],
    [
      "a tool node",
      { id: "a", type: "tool", config: { url: "https://a.example", headers: { authorization: "Bearer {{ secrets.STRIPE }}" } } },
    ],
    ["an answer with a filter", { id: "a", type: "answer", config: { answer: "{{ secrets.STRIPE | upcase }}" } }],
  ])("names no secret in %s: the issue says which, and where it belongs", async (_, node) => {
    const dsl = { nodes: [node], edges: [] };
    const { validateDsl: issues } = await ask<{ validateDsl: object[] }>(t, validate, { dsl });
    const message = expect.stringMatching(/secrets\.STRIPE.*tool.*provider/) as string;
    expect(issues).toContainEqual({ severity: "ERROR", code: "SECRET_MISPLACED", message });
  });
});

describe("a run", () => {
  it("shows the names of secrets, and nothing of their values where the tool repeats them", async () => {
    await create({ name: "REPEATED", value: "repeated-secret-1" });
    http.on("POST /repeat", ({ headers, body, path }, response) => {
      const told = { headers, body, path, base64: Buffer.from(`u:${String(headers["x-a"])}`).toString("base64") };
      response.writeHead(200, { "content-type": "application/json", "x-echo": String(headers["x-a"]) }).end(JSON.stringify(told));
    });
    const toolId = await makeTool({
      // In the name too: what is put in for it is named like no credential.
      url: `${http.url}/repeat?{{ secrets.REPEATED }}=1&k={{ secrets.REPEATED }}`,
      method: "POST",
      headers: { "x-a": "{{ secrets.REPEATED }}" },
      body: "{{ secrets.REPEATED }}",
    });
    const nodes = [
      { id: "call", type: "tool", config: { tool_id: toolId } },
      { id: "say", type: "answer", config: { answer: "{{ nodes.call.output }}" } },
    ];
    const { workflowId } = await makeWorkflow(t, { nodes, edges: chain("call", "say") });
    const runId = await startRun(t, workflowId);
    const run = await finishRun(t, runId);
    expect(run.nodeRuns.edges[0]?.node).toMatchObject({ status: "COMPLETED" });
    const all = `query ($id: ID!) { run(id: $id) { outputText outputJson nodeRuns { nodes { input outputText outputJson } } }
      traceSpans(runId: $id) { nodes { name attributes } } }`;
    const shown = JSON.stringify(await ask(t, all, { id: runId }));
    expect(shown).toContain("***");
    expect(shown).not.toMatch(/repeated-secret/);
    expect(shown).not.toContain(Buffer.from("repeated-secret-1").toString("base64").slice(2, 18));
  });
});
