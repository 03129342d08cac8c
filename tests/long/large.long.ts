/** What is large, at the size of the cases that it began with. */
import pg from "pg";
import { bystander, type Bystander } from "../testkit/bystander.ts";
import { ask, makeWorkflow, runEnd, startRun, type Dsl } from "../testkit/graph.ts";
import { startHttpServer, type TestHttpServer } from "../testkit/http-server.ts";
import { startPlatformProcesses, type PlatformProcesses } from "../testkit/platform-processes.ts";
import { shareOf, tell } from "./settings.ts";

let http: TestHttpServer;
let platform: PlatformProcesses;
let other: Bystander;

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
const end = { id: "end", type: "answer", config: { answer: "done" } };

async function ends(dsl: Dsl, count: number, input: object = {}): Promise<string[]> {
  const { workflowId } = await makeWorkflow(platform, dsl);
  const ids = await Promise.all(Array.from({ length: count }, () => startRun(platform, workflowId, input)));
  const seen = new Set<string>();
  for (const id of ids) seen.add(await runEnd(platform, id));
  return [...seen];
}

describe("large outputs", () => {
  it("of 0.9 MB are stored, ten in each of a hundred runs", async () => {
    const template = "{% for i in (1..9) %}{{ input.text }}{% endfor %}";
    const nodes = Array.from({ length: 10 }, (_, index) => ({ id: `n${index}`, type: "template-transform", config: { template } }));
    const { outcome, beside } = await other.beside(() => ends(chain([...nodes, end]), shareOf(100), { text: "x".repeat(100_000) }));
    tell("a hundred runs of ten outputs of 0.9 MB", beside);
    expect(outcome).toEqual(["COMPLETED"]);
    expect({ refused: beside.refused, failed: beside.failed }).toEqual({ refused: [], failed: [] });
    expect(beside.grownBytes["worker"]! >> 20).toBeLessThan(900);
  });

  it("of 9 MB are stored, forty answers of a tool at once, each called once", async () => {
    http.on("GET /large", { body: "x".repeat(9_000_000) });
    const made = await ask<{ createTool: { id: string } }>(
      platform,
      `mutation { createTool(input: { code: "large", name: "L", toolType: HTTP }) { id } }`,
    );
    const { id } = made.createTool;
    const version = "mutation ($id: ID!, $c: JSONObject!) { createToolVersion(input: { toolId: $id, invokeConfig: $c }) { id } }";
    await ask(platform, version, { id, c: { url: `${http.url}/large` } });
    const { createToolBinding } = await ask<{ createToolBinding: { id: string } }>(
      platform,
      `mutation ($id: ID!) { createToolBinding(input: { toolId: $id, name: "l" }) { id } }`,
      { id },
    );
    const call = { id: "call", type: "tool", config: { tool_binding_id: createToolBinding.id } };
    const count = shareOf(40);
    const { outcome, beside } = await other.beside(() => ends(chain([call, end]), count));
    tell("forty calls with 9 MB", beside);
    expect(outcome).toEqual(["COMPLETED"]);
    expect(http.requests.filter(({ path }) => path === "/large")).toHaveLength(count);
    expect({ refused: beside.refused, failed: beside.failed }).toEqual({ refused: [], failed: [] });
    expect(beside.grownBytes["worker"]! >> 20).toBeLessThan(1_500);
  });

  it("of 49 MB are stored whole, and refused in an answer that has no room for them", async () => {
    const code = { id: "large", type: "code", config: { code: "result = 'x' * 49_000_000", timeout_seconds: 30 } };
    const { outcome, beside } = await other.beside(() => ends(chain([code, end]), shareOf(6)));
    tell("artifacts of 49 MB", beside);
    expect(outcome).toEqual(["COMPLETED"]);
    expect({ refused: beside.refused, failed: beside.failed }).toEqual({ refused: [], failed: [] });
    const admin = new pg.Client({ connectionString: platform.adminUrl });
    await admin.connect();
    const { rows } = await admin.query<{ bytes: number }>(
      "select octet_length(content_json::text) as bytes from runtime.artifact where octet_length(content_json::text) > 40000000",
    );
    await admin.end();
    expect(rows.map(({ bytes }) => bytes >= 49_000_000)).toEqual(Array.from({ length: shareOf(6) }, () => true));
  });
});
