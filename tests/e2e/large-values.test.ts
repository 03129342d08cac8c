/** What is large, beside another tenant's small runs: how much of it a process holds at a time is bounded in bytes, and nobody waits for it. */
import { createHash } from "node:crypto";
import type { Json } from "#shared/json.ts";
import { query } from "../testkit/admin-query.ts";
import { bystander, type Bystander } from "../testkit/bystander.ts";
import { ask, makeWorkflow, runEnd, startRun, type Dsl } from "../testkit/graph.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startPlatformProcesses, type PlatformProcesses } from "../testkit/platform-processes.ts";
import { expectUnharmed } from "../testkit/unharmed.ts";

let http: TestHttpServer;
let platform: PlatformProcesses;
let other: Bystander;
const mebibyte = 1 << 20;

beforeAll(async () => {
  http = await startHttpServer();
  platform = await startPlatformProcesses({ EGRESS_ALLOW: http.hostPort });
  other = await bystander(platform);
}, 600_000);

afterAll(async () => {
  await platform.stop();
  await http.close();
});

const chain = (nodes: { id: string; type: string; config: object }[]): Dsl => ({
  nodes: nodes as never,
  edges: nodes.slice(1).map(({ id }, index) => ({ source: nodes[index]!.id, target: id })),
});

/** Starts that many runs at once, and says how they ended. */
async function finished(dsl: Dsl, count: number, input: object = {}): Promise<string[]> {
  const { workflowId } = await makeWorkflow(platform, dsl);
  const ids = await Promise.all(Array.from({ length: count }, () => startRun(platform, workflowId, input)));
  const ends = new Set<string>();
  for (const id of ids) ends.add(await runEnd(platform, id));
  return [...ends];
}

describe("many runs with large outputs", () => {
  it("are stored, sixteen runs of four outputs of 0.9 MB, in statements that are bounded in bytes", async () => {
    const template = "{% for i in (1..9) %}{{ input.text }}{% endfor %}";
    const nodes = Array.from({ length: 4 }, (_, index) => ({ id: `n${index}`, type: "template-transform", config: { template } }));
    const end = { id: "end", type: "answer", config: { answer: "done" } };
    const { outcome, beside } = await other.beside(() => finished(chain([...nodes, end]), 16, { text: "x".repeat(100_000) }));
    expect(outcome).toEqual(["COMPLETED"]);
    expect(beside.grownBytes["worker"]).toBeLessThan(700 * mebibyte);
    expectUnharmed(beside);
  }, 600_000);

  it("are stored, eight answers of 9 MB at once, and the worker keeps its leases", async () => {
    http.on("GET /large", { body: "x".repeat(9_000_000) });
    const config = { url: `${http.url}/large` };
    const tool = await ask<{ createTool: { id: string } }>(
      platform,
      `mutation { createTool(input: { code: "large", name: "L", toolType: HTTP }) { id } }`,
    );
    const id = tool.createTool.id;
    await ask(platform, "mutation ($id: ID!, $c: JSONObject!) { createToolVersion(input: { toolId: $id, invokeConfig: $c }) { id } }", {
      id,
      c: config,
    });
    const made = await ask<{ createToolBinding: { id: string } }>(
      platform,
      `mutation ($id: ID!) { createToolBinding(input: { toolId: $id, name: "l" }) { id } }`,
      { id },
    );
    const nodes = [
      { id: "call", type: "tool", config: { tool_binding_id: made.createToolBinding.id } },
      { id: "end", type: "answer", config: { answer: "done" } },
    ];
    const { outcome, beside } = await other.beside(() => finished(chain(nodes), 8));
    expect(outcome).toEqual(["COMPLETED"]);
    // Each was called once: no lease was lost over it.
    expect(http.requests.filter(({ path }) => path === "/large")).toHaveLength(8);
    expect(beside.grownBytes["worker"]).toBeLessThan(900 * mebibyte);
    expectUnharmed(beside);
  }, 600_000);
});

describe("a program's result of nearly 50 MB", () => {
  it.each<[string, string, Json]>([
    ["a text", "'x' * 49_000_000", "x".repeat(49_000_000)],
    ["a text of control characters, each six of JSON", "'\\x01' * 8_000_000", "\u0001".repeat(8_000_000)],
    ["a text of characters of two units", "'\\U0001f600' * 4_000_000", "\u{1f600}".repeat(4_000_000)],
    [
      "lines, some of quotes",
      "{'lines': ['a \"line\" of some length\\n'] * 400_000}",
      { lines: Array(400_000).fill('a "line" of some length\n') as string[] },
    ],
  ])(
    "is kept whole, and holds nobody up while it is read, written and stored: %s",
    async (_, result, kept) => {
      const large = { id: "large", type: "code", config: { code: `result = ${result}`, timeout_seconds: 30 } };
      const dsl = chain([large, { id: "end", type: "answer", config: { answer: "done" } }]);
      const { workflowId } = await makeWorkflow(platform, dsl);
      const { outcome, beside } = await other.beside(async () => {
        const runId = await startRun(platform, workflowId);
        return { runId, end: await runEnd(platform, runId) };
      });
      expect(outcome.end).toBe("COMPLETED");
      const stored = "select md5(content_json::text) as digest from runtime.artifact where run_id = $1";
      const json = JSON.stringify({ result_json: kept });
      expect(await query(platform.adminUrl, stored, [outcome.runId])).toEqual([{ digest: createHash("md5").update(json).digest("hex") }]);
      expectUnharmed(beside);
    },
    600_000,
  );
});

describe("many large answers", () => {
  it("are bounded in bytes: who asks for them is answered, told to come again, or cut where it does not read", async () => {
    const { workflowId } = await makeWorkflow(platform, chain([{ id: "n", type: "answer", config: { answer: "hi" } }]));
    await Promise.all(
      Array.from({ length: 60 }, () => startRun(platform, workflowId, { text: "x".repeat(200_000) }, { execution: "MANUAL" })),
    );
    const query = "query ($id: ID!) { workflow(id: $id) { runs(first: 60) { edges { node { input } } } } }";
    const { outcome, beside } = await other.beside(async () => {
      // Of readers that stand still, as this process does where it is busy, those that hold the most are cut.
      const ask = () =>
        platform.post(query, { id: workflowId }).then(
          ({ errors }) => errors?.[0]?.extensions["code"] ?? "answered",
          (error: unknown) => (String(error) === "TypeError: terminated" ? "cut" : String(error)),
        );
      return [...new Set(await Promise.all(Array.from({ length: 20 }, ask)))];
    });
    expect(outcome.filter((told) => !["answered", "RESOURCE_EXHAUSTED", "cut"].includes(String(told)))).toEqual([]);
    expect(beside.grownBytes["API"]).toBeLessThan(700 * mebibyte);
    expectUnharmed(beside);
  }, 600_000);
});
