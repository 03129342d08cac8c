import { nodeEffect } from "../../../subgraphs/runtime/nodes/executor.ts";
import { knowledgeRetrievalNode } from "../../../subgraphs/runtime/nodes/retrieval/knowledge-retrieval.node.ts";
import { startHttpServer, type TestHttpServer } from "../../testkit/http-server.ts";
import { fakeNodeContext, loopbackFetch } from "../../testkit/node-context.ts";

const documents = [
  { id: "d1", title: "Refund policy", text: "Refunds take 5 days." },
  { id: "d2", title: "Shipping", text: "Shipping takes 2 days." },
  { id: "d3", title: "Contact", text: "Write to us about refunds." },
];
const scope = { input: { question: "refund" } };

describe("a knowledge-retrieval node over its own documents", () => {
  it("is pure: it needs no started mark, though it is computed in a thread", async () => {
    const config = { query: "refund policy", documents };
    expect(nodeEffect(knowledgeRetrievalNode, config)).toBe("pure");
    expect(await knowledgeRetrievalNode.run(fakeNodeContext({ config }))).toMatchObject({ kind: "completed" });
  });

  it("gives the documents that fit, the best first, each with its score (S-53)", async () => {
    const outcome = await knowledgeRetrievalNode.run(fakeNodeContext({ config: { query: "refund policy", documents } }));
    expect(outcome).toMatchObject({
      outputJson: {
        query: "refund policy",
        retrieved_documents: [{ id: "d1", title: "Refund policy", text: "Refunds take 5 days.", score: expect.any(Number) }, { id: "d3" }],
      },
      outputText: "Refund policy\nRefunds take 5 days.\n\nContact\nWrite to us about refunds.",
    });
  });

  it("renders query_template, takes query and documents literally, and gives at most top_k (S-53)", async () => {
    const literal = [...documents, { id: "d4", title: "", text: "{{ input.question }}" }];
    const config = { query_template: "{{ input.question }}", top_k: 1, documents: literal };
    expect(await knowledgeRetrievalNode.run(fakeNodeContext({ config, scope }))).toMatchObject({
      outputJson: { query: "refund", retrieved_documents: [{ id: "d1" }] },
    });
    const asked = { query: "{{ input.question }}", documents: literal };
    expect(await knowledgeRetrievalNode.run(fakeNodeContext({ config: asked, scope }))).toMatchObject({
      outputJson: { query: "{{ input.question }}", retrieved_documents: [{ id: "d4", text: "{{ input.question }}" }] },
    });
  });

  it("completes with an empty list where nothing fits", async () => {
    expect(await knowledgeRetrievalNode.run(fakeNodeContext({ config: { query: "submarine", documents } }))).toEqual({
      kind: "completed",
      outputText: "",
      outputJson: { query: "submarine", retrieved_documents: [] },
    });
  });

  it("finds nothing by an empty question, which is no failure", async () => {
    const config = { query_template: "{{ input.absent }}", documents };
    expect(await knowledgeRetrievalNode.run(fakeNodeContext({ config }))).toMatchObject({
      kind: "completed",
      outputJson: { retrieved_documents: [] },
    });
  });

  it("fails where its documents have no text", async () => {
    expect(await knowledgeRetrievalNode.run(fakeNodeContext({ config: { query: "x", documents: [{ id: "a" }] } }))).toMatchObject({
      kind: "failed",
      code: "NODE_CONFIG_INVALID",
    });
  });
});

describe("a knowledge-retrieval node with a source", () => {
  let server: TestHttpServer;
  beforeEach(async () => {
    server = await startHttpServer();
  });
  afterEach(() => server.close());

  function context(path: string, options: { dryRun?: boolean; allow?: string[] } = {}) {
    const config = { query_template: "{{ input.question }}", source_url: `${server.url}${path}` };
    const ports = { fetch: loopbackFetch(options.allow ?? [server.hostPort]) };
    return fakeNodeContext({ config, scope, ports, dryRun: options.dryRun ?? false });
  }

  it("touches the outside", () => {
    expect(nodeEffect(knowledgeRetrievalNode, { source_url: "http://x/" })).toBe("outside");
  });

  it.each([
    ["a list", documents],
    ["{ documents }", { documents }],
  ])("takes %s (S-54), within an HTTP span", async (_name, json) => {
    server.on("GET /docs", { json });
    const node = context("/docs?key={{ input.question }}");
    expect(await knowledgeRetrievalNode.run(node)).toMatchObject({
      kind: "completed",
      outputJson: { retrieved_documents: [{ id: "d1" }, { id: "d3" }] },
    });
    expect(server.requests).toMatchObject([{ path: "/docs?key=refund", headers: { traceparent: expect.stringMatching(/^00-/) } }]);
    expect(node.spans).toMatchObject([
      { spanType: "HTTP", name: `GET ${server.hostPort}`, ends: 1, attributes: { "http.response.status_code": 200 } },
    ]);
  });

  it.each([
    ["text", { body: "hello" }],
    ["another object", { json: { docs: [] } }],
    ["a list without texts", { json: [{ id: 1 }] }],
  ])("fails where the source answers %s", async (_name, answer) => {
    server.on("GET /docs", answer);
    expect(await knowledgeRetrievalNode.run(context("/docs"))).toMatchObject({
      kind: "failed",
      code: "RETRIEVAL_SOURCE_INVALID",
      retryable: false,
    });
  });

  it("fails with the source's status, and waits as it asks", async () => {
    server.on("GET /docs", { status: 503, headers: { "retry-after": "3" }, body: "down" });
    const node = context("/docs");
    expect(await knowledgeRetrievalNode.run(node)).toMatchObject({
      kind: "failed",
      code: "RETRIEVAL_HTTP_ERROR",
      retryable: true,
      retryAfterMs: 3_000,
      outputJson: { status: 503, text: "down" },
    });
    expect(node.spans).toMatchObject([{ errorCode: "RETRIEVAL_HTTP_ERROR", ends: 1 }]);
  });

  it("reaches no private address that the operator has not allowed", async () => {
    const node = context("/docs", { allow: [] });
    expect(await knowledgeRetrievalNode.run(node)).toMatchObject({ kind: "failed", code: "EGRESS_DENIED", retryable: false });
    expect(server.requests).toEqual([]);
    expect(node.spans).toMatchObject([{ errorCode: "EGRESS_DENIED", ends: 1 }]);
  });

  it("fetches nothing in a dry run", async () => {
    expect(await knowledgeRetrievalNode.run(context("/docs", { dryRun: true }))).toMatchObject({
      kind: "completed",
      outputJson: { dry_run: true, query: "refund", retrieved_documents: [] },
    });
    expect(server.requests).toEqual([]);
  });
});
