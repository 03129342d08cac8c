import { EventEmitter, once } from "node:events";
import pg from "pg";
import { WebSocket as NodeWebSocket } from "ws";
import { graphql } from "#codegen/graph/gql.ts";
import { numberIn } from "../testkit/cursor-number.ts";
import { ask, chain, makeWorkflow, readRun, startRun } from "../testkit/graph.ts";
import { startTestPlatform, type TestPlatform } from "../testkit/platform.ts";
import { startScriptedProvider, type ScriptedProvider } from "../testkit/scripted-provider.ts";

const runEvents = graphql(`
  subscription LiveRunEvents($runId: ID!, $after: String) {
    runEvents(runId: $runId, after: $after) {
      cursor
      type
      runStatus
      nodeId
      nodeStatus
      delta
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

const nodeUpdates = graphql(`
  subscription LiveNodeRunUpdated($runId: ID!, $after: String) {
    nodeRunUpdated(runId: $runId, after: $after) {
      cursor
      status
      nodeRun {
        nodeId
        outputText
      }
    }
  }
`);

const spans = graphql(`
  subscription LiveSpans($runId: ID!, $after: String) {
    traceSpanRecorded(runId: $runId, after: $after) {
      cursor
      span {
        spanType
        name
        status
        durationMs
      }
    }
  }
`);

const completionStream = graphql(`
  subscription LiveCompletion($input: ChatCompletionInput!) {
    chatCompletionStream(input: $input) {
      delta
      completion {
        content
        finishReason
      }
    }
  }
`);

const executeRun = `mutation ($id: ID!, $steps: Int!) { executeRun(id: $id, input: { workerKey: "test", maxSteps: $steps }) { stopReason executed { nodeId } } }`;

let provider: ScriptedProvider;
let platform: TestPlatform;
beforeAll(async () => {
  provider = await startScriptedProvider();
  platform = await startTestPlatform({ env: { providerBaseUrl: provider.baseUrl, providerApiKey: "test-key", defaultModel: "scripted" } });
});
afterAll(async () => {
  await platform.stop();
  await provider.close();
});

describe("live streams through the router", () => {
  it("loses and repeats nothing when the client's socket is killed 50 times during a run of 200 nodes", async () => {
    const ids = Array.from({ length: 200 }, (_, index) => `n${index}`);
    const nodes = ids.map((id) => ({ id, type: "template-transform", config: { template: id } }));
    const { workflowId } = await makeWorkflow(platform, { nodes, edges: chain(...ids) });
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
    const client = platform.client({ webSocket: KillableSocket });
    const seen: { cursor: string; type: string; runStatus?: string | null; nodeId?: string | null }[] = [];
    const heard = new EventEmitter<{ event: [] }>();
    const reading = (async () => {
      for await (const { runEvents: event } of client.subscribe(runEvents, { runId })) {
        seen.push(event);
        // What was on its way over a socket that is killed may still come.
        if (sockets.size > 0) heard.emit("event");
      }
    })();
    let kills = 0;
    for (let round = 0; round < 50; round++) {
      // An event after the last kill: the socket is a new one.
      const heardAgain = once(heard, "event");
      await ask(platform, executeRun, { id: runId, steps: 3 });
      await heardAgain;
      kills += sockets.size;
      for (const socket of sockets) {
        sockets.delete(socket);
        socket.terminate();
      }
    }
    await ask(platform, executeRun, { id: runId, steps: 50 });
    await reading;
    expect(kills).toBe(50);

    const admin = new pg.Client({ connectionString: platform.database.adminUrl });
    await admin.connect();
    const stored = await admin.query<{ seq: number; type: number; path: string | null }>(
      "select seq, type, path from runtime.run_event where run_id = $1 order by seq",
      [runId],
    );
    await admin.end();
    expect(seen.map(({ cursor }) => numberIn(cursor))).toEqual(stored.rows.map(({ seq }) => seq));
    expect(seen.filter(({ type }) => type === "NODE_STATUS").map(({ nodeId }) => nodeId)).toEqual(ids);
    expect(stored.rows.filter(({ type }) => type === 1).map(({ path }) => path)).toEqual(ids);
    expect(seen.at(-1)).toMatchObject({ type: "RUN_STATUS", runStatus: "COMPLETED" });
  });

  it("resolves federated fields of each event", async () => {
    const { workflowId } = await makeWorkflow(platform, { nodes: [{ id: "a", type: "answer", config: { answer: "hi" } }], edges: [] });
    const runId = await startRun(platform, workflowId);
    const seen = [];
    for await (const { runEvents: event } of platform.client().subscribe(runEvents, { runId })) seen.push(event);
    expect(seen.map(({ runStatus, nodeStatus }) => runStatus ?? nodeStatus)).toEqual(["QUEUED", "RUNNING", "COMPLETED", "COMPLETED"]);
    for (const event of seen) expect(event.run.workflow).toEqual({ name: "Test workflow", app: { name: "Test app" } });
  });

  it("streams an llm node's deltas while the node runs, and stores the whole text", async () => {
    const { promise: firstSeen, resolve: sawFirst } = Promise.withResolvers<void>();
    const { promise: isHeard, resolve: hears } = Promise.withResolvers<void>();
    // Deltas are told to who listens: the model says nothing before somebody does.
    provider.chat({ text: "Hello dear Ada", before: isHeard, between: firstSeen });
    const { workflowId } = await makeWorkflow(platform, {
      nodes: [{ id: "write", type: "llm", config: { prompt: "Greet Ada" } }],
      edges: [],
    });
    const runId = await startRun(platform, workflowId);
    let text = "";
    let statusAtFirstDelta: string | undefined;
    for await (const { runEvents: event } of platform.client().subscribe(runEvents, { runId })) {
      hears();
      if (event.type !== "NODE_DELTA") continue;
      text += event.delta ?? "";
      statusAtFirstDelta ??= (await readRun(platform, runId)).nodeRuns.edges[0]?.node.status;
      sawFirst();
    }
    expect(statusAtFirstDelta).toBe("RUNNING");
    expect(text).toMatch(/^Hello/);
    expect("Hello dear Ada").toContain(text);
    expect((await readRun(platform, runId)).nodeRuns.edges[0]?.node.outputText).toBe("Hello dear Ada");
  });

  it("tells of node runs and of further spans on streams of their own", async () => {
    provider.chat({ text: "ok" });
    const { workflowId } = await makeWorkflow(platform, {
      nodes: [
        { id: "ask", type: "llm", config: { prompt: "ok?" } },
        { id: "reply", type: "answer", config: { answer: "{{ nodes.ask.text }}" } },
      ],
      edges: chain("ask", "reply"),
    });
    const runId = await startRun(platform, workflowId);
    const updates = [];
    for await (const { nodeRunUpdated } of platform.client().subscribe(nodeUpdates, { runId }))
      updates.push([nodeRunUpdated.nodeRun.nodeId, nodeRunUpdated.status]);
    expect(updates).toEqual([
      ["ask", "RUNNING"],
      ["ask", "COMPLETED"],
      ["reply", "COMPLETED"],
    ]);
    const recorded = [];
    for await (const { traceSpanRecorded } of platform.client().subscribe(spans, { runId })) recorded.push(traceSpanRecorded.span);
    expect(recorded).toEqual([{ spanType: "MODEL", name: "chat default", status: "OK", durationMs: expect.any(Number) }]);
  });

  it("streams a chat completion without a run", async () => {
    provider.chat({ text: "one two" });
    let text = "";
    let whole: string | null | undefined;
    const input = { messages: [{ role: "USER" as const, content: "count" }] };
    for await (const { chatCompletionStream: chunk } of platform.client().subscribe(completionStream, { input })) {
      text += chunk.delta ?? "";
      whole ??= chunk.completion?.content;
    }
    expect({ text, whole }).toEqual({ text: "one two", whole: "one two" });
  });
});
