import { toolSubgraph } from "../../subgraphs/tool/subgraph.ts";
import { freePorts } from "../testkit/free-ports.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { openTestSubgraph, type TestSubgraph } from "../testkit/subgraph.ts";

let server: TestHttpServer;
let t: TestSubgraph;
beforeEach(async () => {
  server = await startHttpServer();
  t = await openTestSubgraph(toolSubgraph, { egressAllow: [server.hostPort] });
});
afterEach(async () => {
  await t.close();
  await server.close();
});

const invoke = `mutation ($input: InvokeToolInput!) {
  invokeTool(input: $input) { ok status outputText outputJson headers durationMs errorCode errorMessage resolved }
}`;
type Result = { status: number; outputText: string | null; outputJson: unknown; resolved: object };

const call = async (input: object, info = {}) => (await t.ask<{ invokeTool: Result }>(invoke, { input }, info)).invokeTool;
async function makeTool(invokeConfig: object | null, inputSchema?: object) {
  const { createTool: tool } = await t.ask<{ createTool: { id: string } }>(
    `mutation { createTool(input: { code: "c", name: "n", toolType: HTTP }) { id } }`,
  );
  const version = invokeConfig === null ? null : await addVersion(tool.id, invokeConfig, inputSchema);
  return { toolId: tool.id, versionId: version };
}
async function addVersion(id: string, c: object, s?: object) {
  const mutation = `mutation ($id: ID!, $c: JSONObject!, $s: JSONObject) { createToolVersion(input: { toolId: $id, invokeConfig: $c, inputSchema: $s }) { id } }`;
  return (await t.ask<{ createToolVersion: { id: string } }>(mutation, { id, c, s })).createToolVersion.id;
}
async function makeBinding(toolId: string, config: object = {}) {
  const mutation = `mutation ($id: ID!, $c: JSONObject) { createToolBinding(input: { toolId: $id, name: "b", config: $c }) { id } }`;
  return (await t.ask<{ createToolBinding: { id: string } }>(mutation, { id: toolId, c: config })).createToolBinding.id;
}

describe("invokeTool", () => {
  it("S-55 S-89 to S-95 resolves binding, version and config, and says what it called", async () => {
    server.on("POST /v1/search", { json: { found: 2 } });
    const { toolId, versionId } = await makeTool({
      method: "POST",
      path: "/search",
      query: { lang: "en" },
      body: { size: 5 },
      headers: { "x-v": "1" },
    });
    const bindingId = await makeBinding(toolId, { base_url: `${server.url}/v1`, headers: { "x-b": "2" } });
    const input = {
      toolBindingId: bindingId,
      arguments: { q: "lamp" },
      config: { query: { lang: "de" }, headers: { "x-c": "3" } },
      idempotencyKey: "run:node",
    };
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    expect(await call(input, { traceparent })).toEqual({
      ok: true,
      status: 200,
      outputText: null,
      outputJson: { found: 2 },
      headers: expect.objectContaining({ "content-type": "application/json" }),
      durationMs: expect.any(Number),
      errorCode: null,
      errorMessage: null,
      resolved: {
        tool_id: toolId,
        tool_code: "c",
        tool_version_id: versionId,
        tool_binding_id: bindingId,
        method: "POST",
        url: `${server.url}/v1/search?lang=de`,
      },
    });
    const [request] = server.requests;
    expect(request).toMatchObject({ path: "/v1/search?lang=de", body: '{"size":5,"q":"lamp"}' });
    expect(request?.headers).toMatchObject({
      "x-v": "1",
      "x-b": "2",
      "x-c": "3",
      "idempotency-key": "run:node",
      traceparent,
      "content-type": "application/json",
    });
  });

  it("S-89 calls config.url with neither tool nor binding", async () => {
    server.on("GET /x", { body: "plain" });
    expect(await call({ config: { url: `${server.url}/x` }, arguments: { a: 1 } })).toMatchObject({
      outputText: "plain",
      outputJson: null,
      resolved: { tool_id: null, tool_code: null, tool_version_id: null, tool_binding_id: null, method: "GET", url: `${server.url}/x?a=1` },
    });
  });

  it("calls the latest version, the binding's pinned one, or the one that a run froze", async () => {
    for (const path of ["1", "2", "3"]) server.on(`GET /${path}`, { json: path });
    const { toolId, versionId } = await makeTool({ base_url: server.url, path: "1" });
    const second = await addVersion(toolId, { base_url: server.url, path: "2" });
    const bindingId = await makeBinding(toolId);
    await t.ask(`mutation ($id: ID!, $v: ID) { updateToolBinding(id: $id, input: { toolVersionId: $v }) { id } }`, {
      id: bindingId,
      v: second,
    });
    await addVersion(toolId, { base_url: server.url, path: "3" });
    expect((await call({ toolId })).outputJson).toBe("3");
    expect((await call({ toolBindingId: bindingId })).outputJson).toBe("2");
    expect((await call({ toolBindingId: bindingId, toolVersionId: versionId })).outputJson).toBe("1");
    expect((await call({ toolVersionId: versionId })).outputJson).toBe("1");
  });

  it("refuses archived and deleted tools and bindings, but serves the runs that froze a version", async () => {
    server.on("GET /", { json: 1 });
    const { toolId, versionId } = await makeTool({ base_url: server.url });
    const bindingId = await makeBinding(toolId);
    await t.ask(`mutation ($id: ID!) { updateTool(id: $id, input: { status: ARCHIVED }) { id } }`, { id: toolId });
    expect(await t.refusal(invoke, { input: { toolId } })).toMatchObject({ code: "CONFLICT", reason: "TOOL_ARCHIVED", id: toolId });
    await t.ask(`mutation ($id: ID!) { updateTool(id: $id, input: { status: ACTIVE }) { id } }`, { id: toolId });
    await t.ask(`mutation ($id: ID!) { deleteToolBinding(id: $id) { id } }`, { id: bindingId });
    expect(await t.refusal(invoke, { input: { toolBindingId: bindingId } })).toMatchObject({
      code: "NOT_FOUND",
      reason: "TOOL_BINDING_NOT_FOUND",
    });
    await t.ask(`mutation ($id: ID!) { deleteTool(id: $id) { id } }`, { id: toolId });
    expect(await t.refusal(invoke, { input: { toolId } })).toMatchObject({ code: "NOT_FOUND", reason: "TOOL_NOT_FOUND" });
    expect(await call({ toolBindingId: bindingId, toolVersionId: versionId })).toMatchObject({ ok: true });
  });

  it("refuses what does not belong together, and arguments that do not fit", async () => {
    const { toolId, versionId } = await makeTool({ base_url: server.url }, { type: "object", required: ["q"] });
    const bindingId = await makeBinding(toolId);
    const { createTool: other } = await t.ask<{ createTool: { id: string } }>(
      `mutation { createTool(input: { code: "o", name: "n", toolType: HTTP }) { id } }`,
    );
    expect(await t.refusal(invoke, { input: { toolBindingId: bindingId, toolId: other.id } })).toMatchObject({
      reason: "TOOL_BINDING_OF_OTHER_TOOL",
    });
    expect(await t.refusal(invoke, { input: { toolVersionId: versionId, toolId: other.id } })).toMatchObject({
      reason: "TOOL_VERSION_OF_OTHER_TOOL",
    });
    expect(await t.refusal(invoke, { input: { toolVersionId: "none" } })).toMatchObject({
      code: "NOT_FOUND",
      field: "toolVersionId",
      id: "none",
    });
    expect(await t.refusal(invoke, { input: { toolId, arguments: {} } })).toMatchObject({
      code: "BAD_USER_INPUT",
      reason: "TOOL_ARGUMENTS_INVALID",
      problems: [{ path: "#" }],
    });
    expect(await t.refusal(invoke, { input: { toolId: other.id } })).toMatchObject({ code: "BAD_USER_INPUT", reason: "TOOL_URL_MISSING" });
    expect(await t.refusal(invoke, { input: {} })).toMatchObject({ reason: "TOOL_URL_MISSING" });
    expect(server.requests).toEqual([]);
  });

  it("gives HTTP errors, broken JSON, texts and bytes as results", async () => {
    server.on("GET /500", { status: 500, json: { why: "broken" } });
    server.on("GET /broken", { headers: { "content-type": "application/json" }, body: "{" });
    server.on("GET /latin", { headers: { "content-type": "text/plain; charset=iso-8859-1" }, body: Buffer.from("caf\u00e9", "latin1") });
    server.on("GET /png", { headers: { "content-type": "image/png" }, body: Buffer.from([0x89, 0x50, 0, 1]) });
    server.on("DELETE /none", { status: 204 });
    expect(await call({ config: { url: `${server.url}/500?name=Ada`, query: { api_key: "hunter2-hunter2" } } })).toMatchObject({
      ok: false,
      status: 500,
      outputJson: { why: "broken" },
      errorCode: "TOOL_HTTP_ERROR",
      errorMessage: `GET ${server.url}/500 answered with HTTP status 500.`,
    });
    const secret = { url: `${server.url}/bot/hunter2-hunter2`, headers: { authorization: "Bearer hunter2-hunter2" }, method: "POST" };
    expect(await call({ config: secret })).toMatchObject({ errorMessage: `POST ${server.url}/bot/*** answered with HTTP status 404.` });
    expect(await call({ config: { url: `${server.url}/broken` } })).toMatchObject({
      ok: true,
      outputText: "{",
      errorCode: "TOOL_ANSWER_NOT_JSON",
    });
    server.on("GET /page", { headers: { "content-type": "application/json" }, body: "<!doctype html><html>Log in</html>" });
    expect(await call({ config: { url: `${server.url}/page` } })).toMatchObject({
      errorCode: "TOOL_ANSWER_NOT_JSON",
      errorMessage: "The tool's answer is declared as application/json, but it is a web page; is the URL right?",
    });
    expect(await call({ config: { url: `${server.url}/latin` } })).toMatchObject({ outputText: "caf\u00e9" });
    expect(await call({ config: { url: `${server.url}/png` } })).toMatchObject({
      outputText: null,
      outputJson: { content_type: "image/png", size_bytes: 4, base64: "iVAAAQ==" },
    });
    expect(await call({ config: { url: `${server.url}/none`, method: "DELETE" } })).toMatchObject({
      ok: true,
      status: 204,
      outputText: null,
      outputJson: null,
    });
  });

  it("tells time-outs, cut connections, private addresses and closed ports apart, with what is known of the effect", async () => {
    server.on("GET /hang", () => {});
    server.on("GET /cut", (_, response) => response.destroy());
    const hang = { url: `${server.url}/hang`, timeout_seconds: 1 };
    expect(await t.refusal(invoke, { input: { config: hang } })).toMatchObject({
      code: "TIMEOUT",
      reason: "TOOL_TIMEOUT",
      retryable: true,
      effectUnknown: true,
      deadlineMs: 1_000,
    });
    expect(await t.refusal(invoke, { input: { config: { url: `${server.url}/cut` } } })).toMatchObject({
      code: "DOWNSTREAM_UNAVAILABLE",
      reason: "TOOL_UNREACHABLE",
      retryable: true,
      effectUnknown: true,
    });
    expect(await t.refusal(invoke, { input: { config: { url: "http://127.0.0.1:9/" } } })).toMatchObject({
      code: "FORBIDDEN",
      reason: "EGRESS_DENIED",
      retryable: false,
      effectUnknown: false,
    });
    // Where nobody has listened: a connection that is kept from before may tell of its end only when it is used again, and then nobody knows.
    const [port] = await freePorts(1);
    const closed = `127.0.0.1:${port}`;
    const allowed = await openTestSubgraph(toolSubgraph, { egressAllow: [closed] });
    expect(await allowed.refusal(invoke, { input: { config: { url: `http://${closed}` } } })).toMatchObject({
      reason: "TOOL_UNREACHABLE",
      retryable: true,
      effectUnknown: false,
    });
  });

  it("S-99 takes no more time than AGENT_PLATFORM_MAX_TIMEOUT_SECONDS, whatever the tool asks for", async () => {
    const capped = await openTestSubgraph(toolSubgraph, { egressAllow: [server.hostPort], maxTimeoutSeconds: 1 });
    server.on("GET /hang", () => {});
    for (const timeout of [{ timeout_seconds: 600 }, {}])
      expect(await capped.refusal(invoke, { input: { config: { url: `${server.url}/hang`, ...timeout } } })).toMatchObject({
        reason: "TOOL_TIMEOUT",
        deadlineMs: 1_000,
      });
  });

  it("stops when its caller has gone", async () => {
    const gone = new AbortController();
    server.on("GET /hang", () => gone.abort());
    expect(await t.refusal(invoke, { input: { config: { url: `${server.url}/hang` } } }, { signal: gone.signal })).toMatchObject({
      reason: "TOOL_CALL_CANCELLED",
      effectUnknown: true,
    });
  });
});
