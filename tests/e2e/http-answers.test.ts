/** Tools, sources of documents and providers whose HTTP is odd: how their runs end, and how often they are asked. */
import { brotliCompressSync, deflateRawSync, gzipSync } from "node:zlib";
import type { JsonObject } from "#shared/json.ts";
import { finishRun, makeWorkflow, refusal, runDsl, startRun, type SeenNodeRun } from "../testkit/graph.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { andEnd, rawAnswer, startRawServer, type RawAnswer, type RawServer } from "../testkit/raw-server.ts";

let server: RawServer;
let platform: TestPlatform;
beforeAll(async () => {
  server = await startRawServer();
  const providerBaseUrl = `${server.url}/v1`;
  platform = await startTestPlatform({ env: { egressAllow: [server.hostPort], providerBaseUrl, defaultModel: "m" } });
});
afterAll(async () => {
  await platform.stop();
  await server.close();
});
beforeEach(() => server.requests.splice(0));

const retry = { max_attempts: 3, backoff_seconds: 0.05 };

async function runNode(node: JsonObject, ...answers: RawAnswer[]): Promise<SeenNodeRun> {
  server.answer(...answers);
  const { nodeRuns } = await runDsl(platform, { nodes: [{ id: "call", retry, ...node }], edges: [] });
  return nodeRuns.edges[0]!.node;
}

const tool = (config: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: "tool",
  config: { url: `${server.url}/x`, ...config },
  ...more,
});
const post = (more: JsonObject = {}) => tool({ method: "POST", body: { a: 1 } }, more);
const sent = () => server.requests.map(({ method, target }) => `${method} ${target}`);

const json = "content-type: application/json";
const bad = (status: number) => rawAnswer(status, [json, "content-encoding: gzip"], "not gzip");
const half = (status: number) => andEnd(`HTTP/1.1 ${status} S\r\n${json}\r\ncontent-length: 20\r\n\r\n{"a":`);

describe("a tool node", () => {
  it.each<[string, RawAnswer, number, unknown]>([
    ["an empty body that says gzip", "HTTP/1.1 204 No Content\r\ncontent-encoding: gzip\r\n\r\n", 204, null],
    ["deflate without zlib's header", rawAnswer(200, [json, "content-encoding: deflate"], deflateRawSync('{"a":1}')), 200, { a: 1 }],
    ["two encodings", rawAnswer(200, [json, "content-encoding: gzip, br"], brotliCompressSync(gzipSync('{"a":1}'))), 200, { a: 1 }],
    ["a charset that nobody knows", rawAnswer(200, [`${json}; charset=utf8mb4`], '{"a":"é"}'), 200, { a: "é" }],
    ["a byte that is no UTF-8", rawAnswer(200, [json], Buffer.from('{"a":"é"}', "latin1")), 200, { a: "\ufffd" }],
    ["a byte order mark", rawAnswer(200, [json], '\ufeff{"a":1}'), 200, { a: 1 }],
    ["100 Continue before it", `HTTP/1.1 100 Continue\r\n\r\n${rawAnswer(200, [json], '{"a":1}').toString()}`, 200, { a: 1 }],
    ["an empty body that says JSON", rawAnswer(200, [json]), 200, null],
  ])("posts once and completes where it is answered %s", async (_name, answer, status, body) => {
    expect(await runNode(post(), answer)).toMatchObject({ status: "COMPLETED", outputJson: { ok: true, status, body } });
    expect(sent()).toEqual(["POST /x"]);
  });

  it.each<[string, RawAnswer]>([
    ["broken gzip", bad(200)],
    ["half a body", half(200)],
    ["an encoding that nobody knows", rawAnswer(200, [json, "content-encoding: compress"], "{}")],
    [
      "a redirect to a result that cannot be read",
      (socket, { method }) => socket.write(method === "POST" ? rawAnswer(303, ["location: /result"]) : bad(200)),
    ],
  ])("posts once and fails, its effect known, where it is answered %s", async (_name, answer) => {
    for (const more of [{}, { at_most_once: true }]) {
      expect(await runNode(post(more), answer)).toMatchObject({
        status: "FAILED",
        attempt: 1,
        errorCode: "TOOL_BODY_UNREADABLE",
        errorMessage: expect.stringMatching(/answered with HTTP status 200, but its answer cannot be read: /),
      });
    }
    expect(server.requests.filter(({ method }) => method === "POST")).toHaveLength(2);
  });

  it.each([
    ["broken gzip", bad(500)],
    ["half a body", half(500)],
  ] as const)("fails by its status, whatever its body: %s", async (_name, answer) => {
    expect(await runNode(post({ retry: { max_attempts: 1 } }), answer)).toMatchObject({
      status: "FAILED",
      errorCode: "TOOL_HTTP_ERROR",
      errorMessage: expect.stringContaining("answered with HTTP status 500; not all of its body can be read: "),
      outputJson: { status: 500 },
    });
  });

  it.each([303, 302])("posts once where its %d leads to a result that fails", async (status) => {
    const answer: RawAnswer = (socket, { method }) =>
      socket.write(method === "POST" ? rawAnswer(status, ["location: /result"]) : rawAnswer(503, [], "down"));
    expect(await runNode(post(), answer)).toMatchObject({
      attempt: 1,
      errorCode: "TOOL_HTTP_ERROR",
      outputJson: { status: 503, body: "down", tool: { method: "POST", redirected_by: status } },
    });
    expect(sent()).toEqual(["POST /x", "GET /result"]);
  });

  it("asks again for what a GET could not read, but not where it may be executed at most once", async () => {
    const ok = rawAnswer(200, [json], "1");
    expect(await runNode(tool({}), half(200), ok)).toMatchObject({ status: "COMPLETED", attempt: 2, outputJson: { body: 1 } });
    expect(await runNode(tool({}, { at_most_once: true }), half(200), ok)).toMatchObject({
      status: "FAILED",
      attempt: 1,
      errorCode: "TOOL_BODY_UNREADABLE",
    });
    expect(sent()).toHaveLength(3);
  });

  it("makes a GET once more that a kept connection swallowed, without any retry", async () => {
    // Each connection serves one request and resets at its second: what an idle time-out does when it meets one.
    server.answer((socket, { place }) => (place === 1 ? socket.write(rawAnswer(200, [json], "1")) : socket.resetAndDestroy()));
    const nodes = [1, 2, 3, 4].map((index) => ({ id: `n${index}`, ...tool({}) }));
    const edges = [1, 2, 3].map((index) => ({ source: `n${index}`, target: `n${index + 1}` }));
    expect((await runDsl(platform, { nodes, edges })).status).toBe("COMPLETED");
  });

  it("gives each set-cookie for itself", async () => {
    const cookies = ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"];
    const answer = rawAnswer(200, [...cookies.map((cookie) => `set-cookie: ${cookie}`), "x-a: 1", "x-a: 2"]);
    expect(await runNode(tool({}), answer)).toMatchObject({ outputJson: { headers: { "set-cookie": cookies, "x-a": "1, 2" } } });
  });

  it("leaves a signed URL as it is, but for what query adds", async () => {
    const signed = `${server.url}/x?sig=a%2Fb%20c~d&flag&e='!()*`;
    for (const url of [signed, `${signed}#part`]) await runNode(tool({ url, query: { x: 1 } }), rawAnswer(200, []));
    await runNode(tool({ url: signed }), rawAnswer(200, []));
    const target = "GET /x?sig=a%2Fb%20c~d&flag&e=%27!()*";
    expect(sent()).toEqual([`${target}&x=1`, `${target}&x=1`, target]);
  });

  it.each(["3.0", "2.5", "+3"])("waits as Retry-After: %s asks", async (text) => {
    server.answer(rawAnswer(429, [`retry-after: ${text}`]), rawAnswer(200, [json], "1"));
    const { workflowId } = await makeWorkflow(platform, { nodes: [{ id: "call", retry, ...tool({}) }], edges: [] });
    const startedMs = performance.now();
    const { status } = await finishRun(platform, await startRun(platform, workflowId));
    expect({ status, waited: performance.now() - startedMs >= Number(text) * 1_000 }).toEqual({ status: "COMPLETED", waited: true });
  });
});

describe("a source of documents", () => {
  const retriever = () => ({ type: "knowledge-retrieval", config: { query: "caf\u00e9", source_url: `${server.url}/docs` } });
  const documents = '[{"id":"d","text":"le caf\u00e9 ferme"}]';
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(documents, "utf16le")]);

  it.each<[string, RawAnswer]>([
    ["iso-8859-1", rawAnswer(200, [`${json}; charset=iso-8859-1`], Buffer.from(documents, "latin1"))],
    ["UTF-16", rawAnswer(200, [json], utf16)],
    ["UTF-8 with a byte order mark", rawAnswer(200, [json], `\ufeff${documents}`)],
    ["a charset that nobody knows", rawAnswer(200, [`${json}; charset=utf8mb4`], documents)],
    ["deflate without zlib's header", rawAnswer(200, ["content-encoding: deflate"], deflateRawSync(documents))],
  ])("is read in %s", async (_name, answer) => {
    expect(await runNode(retriever(), answer)).toMatchObject({ status: "COMPLETED", outputText: "le caf\u00e9 ferme" });
  });

  it("that is a web page is told as one, and not asked again", async () => {
    expect(await runNode(retriever(), rawAnswer(200, ["content-type: text/html"], "<html>Login</html>"))).toMatchObject({
      errorCode: "RETRIEVAL_SOURCE_INVALID",
      errorMessage: "The source of the documents answered text/html, not JSON; is source_url right?",
    });
    expect(sent()).toHaveLength(1);
  });

  it("that cannot be read is asked again, and fails as what it is", async () => {
    expect(await runNode(retriever(), bad(200))).toMatchObject({ status: "FAILED", attempt: 3, errorCode: "FETCH_BODY_UNREADABLE" });
  });
});

describe("a provider", () => {
  const embed = `mutation { createEmbeddings(input: { model: "e", input: ["a"] }) { vectors } }`;

  it.each([
    ["cannot be decoded", bad(200), { reason: "MODEL_ANSWER_INVALID", retryable: false }],
    ["breaks off", half(200), { reason: "MODEL_PROVIDER_UNREACHABLE", retryable: true }],
  ] as const)("whose answer %s has answered: its effect is known", async (_name, answer, facts) => {
    server.answer(answer);
    expect(await refusal(platform, embed)).toMatchObject({ ...facts, effectUnknown: false });
    expect(sent()).toHaveLength(1);
  });

  it("that refuses in a body that cannot be read is told by its status", async () => {
    server.answer(bad(429));
    expect(await refusal(platform, embed)).toMatchObject({ reason: "MODEL_PROVIDER_RATE_LIMITED", status: 429 });
  });

  it.each(["2.5", "+2.5", "2.50"])("is waited for as Retry-After: %s asks", async (text) => {
    server.answer(rawAnswer(429, [`retry-after: ${text}`]));
    expect(await refusal(platform, embed)).toMatchObject({ retryAfterMs: 2_500 });
  });
});
