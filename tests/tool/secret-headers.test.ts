import pg from "pg";
import { toolSubgraph } from "../../subgraphs/tool/subgraph.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { openTestSubgraph, type TestSubgraph } from "../testkit/subgraph.ts";

let server: TestHttpServer;
let elsewhere: TestHttpServer;
let t: TestSubgraph;
beforeEach(async () => {
  [server, elsewhere] = [await startHttpServer(), await startHttpServer()];
  t = await openTestSubgraph(toolSubgraph, { egressAllow: [server.hostPort, elsewhere.hostPort] });
});
afterEach(async () => {
  await t.close();
  await server.close();
  await elsewhere.close();
});

const secret = "sk-very-secret-value";
const createBinding = `mutation ($toolId: ID!, $config: JSONObject, $secretHeaders: JSONObject) {
  createToolBinding(input: { toolId: $toolId, name: "b", config: $config, secretHeaders: $secretHeaders }) { id config }
}`;
const updateBinding = `mutation ($id: ID!, $input: UpdateToolBindingInput!) { updateToolBinding(id: $id, input: $input) { config } }`;
const invoke = `mutation ($input: InvokeToolInput!) { invokeTool(input: $input) { ok outputText outputJson headers resolved } }`;

async function setup(invokeConfig: object = { path: "/echo" }) {
  const { createTool: tool } = await t.ask<{ createTool: { id: string } }>(
    `mutation { createTool(input: { code: "c", name: "n", toolType: HTTP }) { id } }`,
  );
  await t.ask(`mutation ($id: ID!, $c: JSONObject!) { createToolVersion(input: { toolId: $id, invokeConfig: $c }) { id } }`, {
    id: tool.id,
    c: invokeConfig,
  });
  return tool.id;
}
const bind = async (toolId: string, rest: object) =>
  (await t.ask<{ createToolBinding: { id: string; config: object } }>(createBinding, { toolId, ...rest })).createToolBinding;
const sent = (name: string) => server.requests.at(-1)?.headers[name];

describe("secret headers", () => {
  it("are sent to their origin, never read back, and stored encrypted", async () => {
    server.on("GET /echo", { json: { fine: true } });
    const binding = await bind(await setup(), {
      config: { base_url: server.url },
      secretHeaders: { "X-Api-Key": secret, "X-Plain": "other-secret" },
    });
    expect(binding.config).toEqual({ base_url: server.url, headers: { "x-api-key": "***", "x-plain": "***" } });
    await t.ask(invoke, { input: { toolBindingId: binding.id } });
    expect([sent("x-api-key"), sent("x-plain")]).toEqual([secret, "other-secret"]);
    const client = new pg.Client({ connectionString: t.adminUrl });
    await client.connect();
    const { rows } = await client.query<{ row: string }>("select row_to_json(b)::text as row from tool.tool_binding b");
    await client.end();
    expect(rows[0]?.row).not.toMatch(/very-secret|other-secret/);
  });

  it("are made of headers that look like credentials, in bindings and in versions", async () => {
    server.on("GET /echo", { json: {} });
    const toolId = await setup({ base_url: server.url, path: "/echo", headers: { Authorization: `Bearer ${secret}`, "x-lang": "en" } });
    expect(await t.ask(`query ($id: ID!) { tool(id: $id) { latestVersion { invokeConfig } } }`, { id: toolId })).toEqual({
      tool: { latestVersion: { invokeConfig: { base_url: server.url, path: "/echo", headers: { authorization: "***", "x-lang": "en" } } } },
    });
    await t.ask(invoke, { input: { toolId } });
    expect(sent("authorization")).toBe(`Bearer ${secret}`);
    const binding = await bind(toolId, { config: { headers: { authorization: "Bearer of-the-binding", "x-lang": "de" } } });
    expect(binding.config).toEqual({ headers: { authorization: "***", "x-lang": "de" } });
    await t.ask(invoke, { input: { toolBindingId: binding.id } });
    expect([sent("authorization"), sent("x-lang")]).toEqual(["Bearer of-the-binding", "de"]);
  });

  it("are not sent to another origin: TOOL_SECRET_ORIGIN_MISMATCH before anything is sent", async () => {
    const binding = await bind(await setup(), { config: { base_url: server.url }, secretHeaders: { authorization: secret } });
    const refused = await t.refusal(invoke, { input: { toolBindingId: binding.id, config: { base_url: elsewhere.url } } });
    expect(refused).toMatchObject({
      code: "FORBIDDEN",
      reason: "TOOL_SECRET_ORIGIN_MISMATCH",
      header: "authorization",
      origin: elsewhere.url,
      secretOrigin: server.url,
    });
    expect(elsewhere.requests).toEqual([]);
    elsewhere.on("GET /echo", { json: {} });
    await t.ask(invoke, {
      input: { toolBindingId: binding.id, config: { base_url: elsewhere.url, headers: { Authorization: "the node's own" } } },
    });
    expect(elsewhere.requests[0]?.headers["authorization"]).toBe("the node's own");
  });

  it("do not follow a redirect to another origin", async () => {
    server.on("GET /echo", { status: 302, headers: { location: `${elsewhere.url}/there` } });
    elsewhere.on("GET /there", { json: {} });
    const binding = await bind(await setup(), { config: { base_url: server.url }, secretHeaders: { "x-api-key": secret } });
    await t.ask(invoke, { input: { toolBindingId: binding.id } });
    expect(elsewhere.requests[0]?.headers["x-api-key"]).toBeUndefined();
  });

  it("are scrubbed from texts, JSON, headers and the shown URL", async () => {
    const basic = Buffer.from(`me:${secret}`).toString("base64");
    server.on("GET /echo", {
      headers: { "content-type": "application/json", "x-echo": `Basic ${basic}` },
      body: JSON.stringify({ got: `Basic ${basic}`, deep: [{ [secret]: `pw=${secret}` }] }),
    });
    const binding = await bind(await setup(), { config: { base_url: server.url }, secretHeaders: { authorization: `Basic ${basic}` } });
    const { invokeTool: result } = await t.ask<{ invokeTool: { outputJson: unknown } }>(invoke, {
      input: { toolBindingId: binding.id, config: { query: { api_key: "k", q: secret } } },
    });
    expect(JSON.stringify(result)).not.toContain(secret);
    expect(JSON.stringify(result)).not.toContain(basic);
    expect(result.outputJson).toEqual({ got: "***", deep: [{ "***": "pw=***" }] });
    expect(result).toMatchObject({ resolved: { url: `${server.url}/echo?api_key=***&q=***` } });
  });

  it("and credentials of the caller's own config are scrubbed from an answer that repeats them", async () => {
    server.on("GET /echo", ({ headers, path }, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ headers, path }));
    });
    const config = {
      url: `${server.url}/echo?key=key-in-the-url`,
      query: { access_token: "token-in-the-query" },
      headers: { authorization: "Bearer node-credential", "x-functions-key": "functions-credential", "x-lang": "en", "x-token": "true" },
    };
    const { invokeTool: result } = await t.ask<{ invokeTool: { outputJson: { headers: object } } }>(invoke, { input: { config } });
    expect(JSON.stringify(result)).not.toMatch(/key-in-the-url|token-in-the-query|node-credential|functions-credential/);
    expect(result.outputJson.headers).toMatchObject({ authorization: "***", "x-lang": "en", "x-token": "true" });
    expect(sent("authorization")).toBe("Bearer node-credential");
  });

  it("are hidden whatever the caller's own credentials are, and however often an answer has those", async () => {
    server.on("GET /echo", ({ headers }, response) => {
      const text = JSON.stringify({ mine: "a".repeat(60_000), also: "a".repeat(2_000), token: headers["x-vendor-token"] });
      response.writeHead(200, { "content-type": "text/plain" }).end(text);
    });
    const binding = await bind(await setup(), {
      config: { base_url: server.url },
      secretHeaders: { "x-vendor-token": "sk-live-of-others" },
    });
    const tail = async (mine: string) => {
      const input = { toolBindingId: binding.id, config: { headers: { "x-api-key": mine } } };
      const { invokeTool: result } = await t.ask<{ invokeTool: { outputText: string } }>(invoke, { input });
      expect(sent("x-vendor-token")).toBe("sk-live-of-others");
      return result.outputText.slice(-40);
    };
    const hidden = `${"a".repeat(24)}","token":"***"}`;
    for (const end of ['","token":"sk-zzz', '","token":"sk-l', '","token":"sk-m', '","token":"sk-live-'])
      expect(await tail("a".repeat(2_000) + end)).toBe(hidden);
  });

  it("and credentials have at most 16,384 characters, together 65,536", async () => {
    const [long, longer] = ["a".repeat(16_384), "a".repeat(16_385)];
    const problem = async (config: object) => t.refusal(invoke, { input: { config: { url: `${server.url}/echo`, ...config } } });
    const many = Object.fromEntries(["a", "b", "c", "d", "e"].map((name) => [`x-token-${name}`, name.repeat(16_384)]));
    expect(await problem({ query: { api_key: longer } })).toMatchObject({ reason: "TOOL_CONFIG_INVALID", field: "query.api_key" });
    expect(await problem({ headers: many })).toMatchObject({ reason: "TOOL_CONFIG_INVALID", field: "config" });
    expect(server.requests).toEqual([]);
    const toolId = await setup();
    const config = { base_url: server.url };
    expect(await t.refusal(createBinding, { toolId, config, secretHeaders: { "x-api-key": longer } })).toMatchObject({
      reason: "TOOL_CONFIG_INVALID",
      field: "secretHeaders.x-api-key",
    });
    await bind(toolId, { config, secretHeaders: { "x-api-key": long } });
  });

  it("stay on an update, are replaced as a whole, and are cleared by null", async () => {
    const binding = await bind(await setup(), {
      config: { base_url: server.url },
      secretHeaders: { "x-api-key": secret, "x-two": "2222" },
    });
    const update = async (input: object) =>
      (await t.ask<{ updateToolBinding: { config: object } }>(updateBinding, { id: binding.id, input })).updateToolBinding.config;
    expect(await update({ config: { base_url: `${server.url}/v2`, headers: { "x-two": "***" } } })).toEqual({
      base_url: `${server.url}/v2`,
      headers: { "x-api-key": "***", "x-two": "***" },
    });
    expect(await update({ secretHeaders: { "x-two": "2b" } })).toEqual({ base_url: `${server.url}/v2`, headers: { "x-two": "***" } });
    expect(await update({ secretHeaders: null })).toEqual({ base_url: `${server.url}/v2`, headers: {} });
  });

  it("keep a binding from being moved to another origin by someone who does not know them", async () => {
    const binding = await bind(await setup(), { config: { base_url: server.url }, secretHeaders: { "x-api-key": secret } });
    const moved = { base_url: elsewhere.url };
    expect(await t.refusal(updateBinding, { id: binding.id, input: { config: moved } })).toMatchObject({
      code: "CONFLICT",
      reason: "TOOL_SECRET_ORIGIN_CHANGED",
      origin: elsewhere.url,
    });
    await t.ask(updateBinding, { id: binding.id, input: { config: moved, secretHeaders: { "x-api-key": "new-secret" } } });
  });

  it("need an origin, and are not taken for their placeholder", async () => {
    const toolId = await setup({ path: "/echo" });
    expect(await t.refusal(createBinding, { toolId, secretHeaders: { "x-api-key": secret } })).toMatchObject({
      reason: "TOOL_SECRET_ORIGIN_UNKNOWN",
      field: "secretHeaders.x-api-key",
    });
    expect(
      await t.refusal(createBinding, { toolId, config: { base_url: server.url }, secretHeaders: { "x-api-key": "***" } }),
    ).toMatchObject({ reason: "TOOL_SECRET_REDACTED" });
    expect(await t.refusal(createBinding, { toolId, config: { baseUrl: server.url } })).toMatchObject({ field: "config.baseUrl" });
    expect(await t.refusal(createBinding, { toolId, config: { base_url: server.url }, secretHeaders: { "x-api-key": 5 } })).toMatchObject({
      reason: "TOOL_CONFIG_INVALID",
      field: "secretHeaders.x-api-key",
    });
  });
});
