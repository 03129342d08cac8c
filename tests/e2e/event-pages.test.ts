import { WebSocket as NodeWebSocket } from "ws";
import { graphql } from "#codegen/graph/gql.ts";
import { numberIn } from "../testkit/cursor-number.ts";
import { ask, chain, makeWorkflow, startRun } from "../testkit/graph.ts";
import { eventually } from "../testkit/eventually.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";

const pages = graphql(`
  subscription RunEventPages($runId: ID!, $after: String) {
    runEventPages(runId: $runId, after: $after) {
      cursor
      type
      runStatus
      nodeId
      nodeStatus
      run {
        workflow {
          name
          app {
            name
          }
        }
      }
    }
  }
`);

const start = graphql(`
  subscription StartRun($input: CreateRunInput!) {
    startRun(input: $input) {
      cursor
      type
      runStatus
      nodeStatus
      run {
        id
        workflow {
          name
        }
      }
    }
  }
`);

const executeRun = `mutation ($id: ID!, $steps: Int!) { executeRun(id: $id, input: { workerKey: "test", maxSteps: $steps }) { stopReason } }`;
const workflow = { name: "Test workflow", app: { name: "Test app" } };

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform();
});
afterAll(() => platform.stop());

async function makeChain(length: number): Promise<{ workflowId: string; ids: string[] }> {
  const ids = Array.from({ length }, (_, index) => `n${index}`);
  const nodes = ids.map((id) => ({ id, type: "template-transform", config: { template: id } }));
  const { workflowId } = await makeWorkflow(platform, { nodes, edges: chain(...ids) });
  return { workflowId, ids };
}

describe("runEventPages through the router", () => {
  it("loses and repeats nothing when the client's socket is killed between its pages", async () => {
    const { workflowId, ids } = await makeChain(60);
    const runId = await startRun(platform, workflowId, {}, { execution: "MANUAL" });
    const sockets = new Set<NodeWebSocket>();
    class KillableSocket extends NodeWebSocket {
      constructor(...args: ConstructorParameters<typeof NodeWebSocket>) {
        super(...args);
        sockets.add(this);
        this.on("error", () => {});
        this.on("close", () => sockets.delete(this));
      }
    }
    const stream = platform.client({ webSocket: KillableSocket }).subscribe(pages, { runId });
    const seen: { cursor: string; type: string; nodeId?: string | null; run: object }[] = [];
    for (let round = 0; round < 12; round++) {
      await ask(platform, executeRun, { id: runId, steps: 5 });
      const step = await stream.next();
      if (step.done === true) break;
      seen.push(...(step.value.runEventPages ?? []));
      for (const socket of sockets) socket.terminate();
    }
    for await (const { runEventPages: page } of stream) seen.push(...(page ?? []));
    expect(seen.map(({ cursor }) => numberIn(cursor))).toEqual(seen.map((_, index) => index + 1));
    expect(seen.filter(({ type }) => type === "NODE_STATUS").map(({ nodeId }) => nodeId)).toEqual(ids);
    expect(seen.at(-1)).toMatchObject({ type: "RUN_STATUS", runStatus: "COMPLETED" });
    expect(seen.every(({ run }) => JSON.stringify(run) === JSON.stringify({ workflow }))).toBe(true);
  });
});

describe("startRun through the router", () => {
  it("makes a run and tells its events with the fields of other subgraphs, once for one idempotencyKey, and is audited", async () => {
    const { workflowId } = await makeChain(3);
    const input = { workflowId, idempotencyKey: "once" };
    const client = platform.client();
    const [first, again] = [[], []] as { cursor: string; run: { id: string } }[][];
    for await (const { startRun: event } of client.subscribe(start, { input })) first!.push(event!);
    for await (const { startRun: event } of client.subscribe(start, { input })) again!.push(event!);
    expect(first!.at(-1)).toMatchObject({ type: "RUN_STATUS", runStatus: "COMPLETED", run: { workflow: { name: "Test workflow" } } });
    expect(new Set([...first!, ...again!].map(({ run }) => run.id)).size).toBe(1);
    expect(again!.map(({ cursor }) => cursor)).toEqual(first!.map(({ cursor }) => cursor));
    const audits = () =>
      ask<{ requestAudits: { edges: { node: { operationType: string; operationName: string } }[] } }>(
        platform,
        '{ requestAudits(filter: { rootField: "startRun" }) { edges { node { operationType operationName } } } }',
      );
    const { requestAudits } = await eventually(audits, (page) => page.requestAudits.edges.length === 2);
    expect(requestAudits.edges[0]!.node).toEqual({ operationType: "SUBSCRIPTION", operationName: "StartRun" });
  });

  it("refused makes no run, and the error is the operation's", async () => {
    const refused = platform.client().subscribe(start, { input: { workflowId: "nope" } });
    await expect(refused.next()).rejects.toMatchObject({ code: "NOT_FOUND", reason: "WORKFLOW_NOT_FOUND" });
  });
});
