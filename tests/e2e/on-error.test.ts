import { chain, finishRun, makeWorkflow, refusal, runDsl, startRun, type Dsl } from "../testkit/graph.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";

let platform: TestPlatform;
let shop: TestHttpServer;
beforeAll(async () => {
  shop = await startHttpServer();
  platform = await startTestPlatform({ env: { egressAllow: [shop.hostPort] } });
});
afterAll(async () => {
  await platform.stop();
  await shop.close();
});

const says = (id: string, answer: string) => ({ id, type: "answer", config: { answer } });
const asking = (path: string, more: object): Dsl => ({
  nodes: [
    { id: "ask", type: "tool", config: { base_url: shop.url, path }, ...more },
    says("ok", "stock: {{ nodes.ask.output.body.stock }}"),
    says("sorry", "{{ nodes.ask.error.code }} {{ nodes.ask.output.status }}: {{ nodes.ask.output.body.why }}"),
  ] as Dsl["nodes"],
  edges: [...chain("ask", "ok"), { source: "ask", target: "sorry", condition: "error" }],
});

describe("a failure that a document handles", () => {
  it("is told with what the other side said, to its own tenant alone", async () => {
    shop.on("GET /stock", { status: 503, json: { why: "stocktaking" } });
    shop.on("GET /other", { json: { stock: 7 } });
    const dsl = (path: string) => asking(path, { on_error: "branch" });
    const [t1, t2] = [{ "x-tenant-id": "t1" }, { "x-tenant-id": "t2" }];
    const [one, two] = await Promise.all([makeWorkflow(platform, dsl("/stock"), t1), makeWorkflow(platform, dsl("/other"), t2)]);
    const runs = await Promise.all([startRun(platform, one.workflowId, {}, {}, t1), startRun(platform, two.workflowId, {}, {}, t2)]);
    const [failed, fine] = await Promise.all([
      finishRun(platform, runs[0], { tenantId: "t1" }),
      finishRun(platform, runs[1], { tenantId: "t2" }),
    ]);
    expect(failed).toMatchObject({ status: "COMPLETED", handledErrors: 1, outputText: "TOOL_HTTP_ERROR 503: stocktaking" });
    expect(fine).toMatchObject({ status: "COMPLETED", handledErrors: 0, outputText: "stock: 7" });
    const asked = await platform.post(`query ($id: ID!) { run(id: $id) { handledErrors } }`, { id: runs[0] }, t2);
    expect(asked.data).toEqual({ run: null });
  });

  it("is retried while its answer is not good enough, with another key, then takes its default", async () => {
    const ready = (...answers: boolean[]) =>
      shop.on(
        "GET /poll",
        answers.map((one) => ({ json: { ready: one } })),
      );
    const keys = () => shop.requests.filter(({ path }) => path === "/poll").map(({ headers }) => headers["idempotency-key"]);
    ready(false, false, true);
    const poll = (maxAttempts: number): Dsl => ({
      nodes: [
        {
          id: "ask",
          type: "tool",
          config: { base_url: shop.url, path: "/poll" },
          retry: { max_attempts: maxAttempts, backoff_seconds: 0.01, when: "output.body.ready == false" },
          on_error: { default: { output_json: { body: { ready: "never" } } } },
        },
        says("say", "ready: {{ nodes.ask.output.body.ready }}"),
      ],
      edges: chain("ask", "say"),
    });
    expect(await runDsl(platform, poll(5))).toMatchObject({ status: "COMPLETED", handledErrors: 0, outputText: "ready: true" });
    expect(keys()).toHaveLength(3);
    expect(new Set(keys()).size).toBe(3);
    ready(false);
    const run = await runDsl(platform, poll(2));
    expect(run).toMatchObject({ status: "COMPLETED", handledErrors: 1, outputText: "ready: never" });
    expect(run.nodeRuns.edges.map(({ node }) => node).find(({ nodeId }) => nodeId === "ask")).toMatchObject({
      status: "FAILED",
      attempt: 2,
      errorCode: "OUTPUT_REJECTED",
      outputJson: { body: { ready: "never" } },
    });
  });

  it("is judged in a thread where its condition is not small", async () => {
    shop.on("GET /list", { json: { rows: Array.from({ length: 3_000 }, (_, n) => ({ n })) } });
    const run = await runDsl(
      platform,
      {
        nodes: [
          {
            id: "ask",
            type: "tool",
            config: { base_url: shop.url, path: "/list" },
            retry: { max_attempts: 2, backoff_seconds: 0, when: "output.body.rows.exists(r, r.n == 0) && input.strict" },
          },
        ],
        edges: [],
      },
      { strict: true },
    );
    expect(run).toMatchObject({ status: "FAILED", errorCode: "OUTPUT_REJECTED" });
  });

  it("is refused where the document says it by half", async () => {
    const refused = await refusal(
      platform,
      `mutation ($dsl: JSON!) { createWorkflowVersion(input: { workflowId: "w", dsl: $dsl }) { id } }`,
      { dsl: asking("/x", {}) },
    );
    expect(refused).toMatchObject({ reason: "DSL_INVALID", issues: [{ code: "ERROR_EDGE_UNHANDLED", path: "/edges/1/condition" }] });
  });
});

describe("a document's timeout_seconds", () => {
  it("ends the run with RUN_TIMEOUT, and the call that it waits for", async () => {
    shop.on("GET /never", () => {});
    const run = await runDsl(platform, { ...asking("/never", { on_error: "branch" }), timeout_seconds: 1 });
    // Its time is the run's, not a failure of the node: nothing of the document handles it.
    expect(run).toMatchObject({ status: "FAILED", errorCode: "RUN_TIMEOUT", handledErrors: 0 });
    expect(run.errorMessage).toContain("1 s");
    expect(run.nodeRuns.edges.map(({ node }) => [node.nodeId, node.status, node.errorCode])).toContainEqual([
      "ask",
      "CANCELLED",
      "RUN_ENDED",
    ]);
  });
});
