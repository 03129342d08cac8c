/** What a worker meets while it executes runs, in the audit (docs/security.md): calls that were blocked, limits of the sandbox. */
import type { JsonObject } from "#shared/json.ts";
import { eventually } from "../testkit/eventually.ts";
import { ask, finishRun, makeWorkflow, startRun } from "../testkit/graph.ts";
import { startHttpServer } from "../testkit/http-server.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";

let t: TestPlatform;
beforeAll(async () => {
  t = await startTestPlatform();
});
afterAll(() => t.stop());

const inside = "http://127.0.0.1:9";
const secret = "tok-5ec2e7-5ec2e7";

interface Row {
  event: string;
  requestId: string;
  operationType: string;
  statusCode: number;
  errorCodes: string[];
  details: JsonObject;
}

async function eventsOf(tenantId: string, count: number): Promise<Row[]> {
  const query = `{ requestAudits { nodes { event requestId operationType statusCode errorCodes details variables rootFields } } }`;
  const read = async () => {
    const { requestAudits } = await ask<{ requestAudits: { nodes: Row[] } }>(t, query, {}, { "x-tenant-id": tenantId });
    return requestAudits.nodes.filter(({ event }) => event !== null);
  };
  return eventually(read, (rows) => rows.length >= count);
}

async function runNode(tenantId: string, node: JsonObject, more: object = {}): Promise<string> {
  const headers = { "x-tenant-id": tenantId, "x-request-id": `of-${tenantId}` };
  const { workflowId } = await makeWorkflow(t, { nodes: [{ id: "node", ...node }], edges: [] }, headers);
  const runId = await startRun(t, workflowId, { token: secret }, more, headers);
  return runId;
}

/** Makes a tool of a tenant that is at an address. */
async function toolOf(tenantId: string, url: string): Promise<string> {
  const headers = { "x-tenant-id": tenantId };
  const make = async (mutation: string, input: object) => {
    const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
    const query = `mutation ($input: ${type}!) { made: ${mutation}(input: $input) { id } }`;
    return (await ask<{ made: { id: string } }>(t, query, { input }, headers)).made.id;
  };
  const toolId = await make("createTool", { code: "inner", name: "Inner", toolType: "HTTP" });
  await make("createToolVersion", { toolId, invokeConfig: { method: "GET", url } });
  return make("createToolBinding", { toolId, name: "inner" });
}

const egress = { event: "EGRESS_BLOCKED", operationType: "UNKNOWN", statusCode: 403, errorCodes: ["FORBIDDEN"] };
const sandbox = { event: "SANDBOX_LIMIT", operationType: "UNKNOWN", statusCode: 429, errorCodes: ["RESOURCE_EXHAUSTED"] };

describe("a run's node that is kept from something", () => {
  it.each<[string, (tenantId: string) => Promise<JsonObject>, object, string]>([
    [
      "a tool at an inner address",
      async (of) => ({ type: "tool", config: { tool_binding_id: await toolOf(of, `${inside}/${secret}`) } }),
      egress,
      "EGRESS_DENIED",
    ],
    [
      "documents at an inner address",
      () => Promise.resolve({ type: "knowledge-retrieval", config: { source_url: `${inside}/{{ input.token }}`, query: "x" } }),
      egress,
      "EGRESS_DENIED",
    ],
    [
      "a program without end",
      () => Promise.resolve({ type: "code", config: { code: "while True: pass", timeout_seconds: 1 } }),
      sandbox,
      "CODE_TIMEOUT",
    ],
    [
      "a program that prints too much",
      () =>
        Promise.resolve({
          type: "code",
          config: { code: "while True: print(payload['t'] * 1000)", input_json: { t: "{{ input.token }}" } },
        }),
      sandbox,
      "CODE_OUTPUT_TOO_LARGE",
    ],
  ])("is a row of its tenant, with run and node, and no word of what it said: %s", async (what, nodeOf, expected, reason) => {
    const tenantId = what.replaceAll(" ", "-");
    const runId = await runNode(tenantId, await nodeOf(tenantId));
    const run = await finishRun(t, runId, { tenantId });
    expect(run.nodeRuns.edges[0]!.node.errorCode).toBe(reason);
    const rows = await eventsOf(tenantId, 1);
    expect(rows).toEqual([
      { ...expected, requestId: `of-${tenantId}`, details: { reason, runId, nodeId: "node", attempt: 1 }, variables: null, rootFields: [] },
    ]);
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(await eventsOf("a-neighbour", 0)).toEqual([]);
  });

  it("is one when the API executes it for a caller, and one when a redirect leads inside", async () => {
    const outside = await startHttpServer();
    outside.on("GET /away", { status: 302, headers: { location: `${inside}/` } });
    await using platform = await startTestPlatform({ workers: 0, env: { egressAllow: [outside.hostPort] } });
    const node = { id: "node", type: "knowledge-retrieval", config: { source_url: `${outside.url}/away`, query: "x" } };
    const { workflowId } = await makeWorkflow(platform, { nodes: [node], edges: [] });
    const runId = await startRun(platform, workflowId, {}, { execution: "MANUAL" });
    await ask(platform, `mutation ($id: ID!) { executeRun(id: $id, input: { workerKey: "me" }) { stopReason } }`, { id: runId });
    const query = "{ requestAudits(filter: { event: EGRESS_BLOCKED }) { nodes { details } } }";
    const read = async () => (await ask<{ requestAudits: { nodes: object[] } }>(platform, query)).requestAudits.nodes;
    const rows = await eventually(read, (found) => found.length > 0);
    expect(rows).toEqual([{ details: { reason: "EGRESS_DENIED", runId, nodeId: "node", attempt: 1 } }]);
    await outside.close();
  });
});
