import { nodeSpanId, runSpanId } from "../../../subgraphs/runtime/owner/calls/span-ids.ts";
import type { NodeExecutor } from "../../../subgraphs/runtime/nodes/executor.ts";
import { chain, setup, type TestRuntime } from "./setup.ts";

/** Leaves an artifact, a span of a model call, and usage. */
const rich: NodeExecutor = {
  effect: "outside",
  run: (context) => {
    const span = context.span("MODEL", "chat gpt", { "gen_ai.request.model": "gpt" });
    span.end({ attributes: { tokens: 3 } });
    const artifacts = [{ artifactType: "FILE", name: "notes.txt", contentText: "hello", contentJson: { a: 1 } }];
    const usage = { modelCalls: 1, promptTokens: 5, completionTokens: 7 };
    return Promise.resolve({ kind: "completed", outputText: "x".repeat(5_000), outputJson: { long: "y".repeat(5_000) }, artifacts, usage });
  },
};

const execute = (t: TestRuntime, id: string) =>
  t.ask(`mutation($id: ID!) { executeRun(id: $id, input: { workerKey: "w" }) { stopReason } }`, { id });

interface Page<T> {
  edges: { node: T; cursor: string }[];
}
interface Artifact {
  artifactType: string;
  name: string | null;
  contentText: string | null;
  sizeBytes: number;
  nodeRun: { nodeId: string };
}
interface Span {
  id: string;
  spanId: string;
  parentSpanId: string | null;
  spanType: string;
  status: string;
  durationMs: number;
  traceId: string;
  nodeRun: { nodeId: string } | null;
}

const artifactFields = `edges { cursor node { id artifactType name contentText contentJson storageUri sizeBytes createdAt nodeRun { nodeId } } }`;
const spanFields = `edges { cursor node { id traceId spanId parentSpanId spanType name status startedAt endedAt durationMs attributes errorCode run { id } nodeRun { nodeId } } }`;

describe("artifacts and outputs", () => {
  it("S-44, S-45: an output that is too large for its row is read whole, and listed as an artifact beside files", async () => {
    const t = await setup({ rich });
    const id = await t.create({ nodes: [{ id: "r", type: "rich" }, ...chain("a").nodes], edges: [] });
    await execute(t, id);
    const query = `query($id: ID!, $node: ID!) { nodeArtifacts(runId: $id) { ${artifactFields} }
      run(id: $id) { artifacts(first: 1) { ${artifactFields} } usage { modelCalls promptTokens completionTokens } }
      nodeRun(id: $node) { outputText outputJson usage { completionTokens } artifacts { edges { node { name } } } } }`;
    const answer = await t.ask<{
      nodeArtifacts: Page<Artifact>;
      run: object;
      nodeRun: { outputText: string; outputJson: { long: string } };
    }>(query, {
      id,
      node: `${id}:r`,
    });
    const artifacts = answer.nodeArtifacts.edges.map(({ node }) => node);
    expect(artifacts.find(({ artifactType }) => artifactType === "FILE")).toMatchObject({
      name: "notes.txt",
      contentText: "hello",
      contentJson: { a: 1 },
      storageUri: null,
      sizeBytes: "hello".length + JSON.stringify({ a: 1 }).length,
      nodeRun: { nodeId: "r" },
    });
    expect(artifacts.map(({ artifactType }) => artifactType).sort()).toEqual(["FILE", "OUTPUT"]);
    expect(answer.nodeRun.outputText).toHaveLength(5_000);
    expect(answer.nodeRun.outputJson.long).toHaveLength(5_000);
    expect(answer.nodeRun).toMatchObject({ usage: { completionTokens: 7 }, artifacts: { edges: [{}, {}] } });
    expect(answer.run).toMatchObject({ artifacts: { edges: [{}] }, usage: { modelCalls: 1, promptTokens: 5, completionTokens: 7 } });
  });

  it("S-45, S-46: of a run that is not there, or another tenant's, are NOT_FOUND", async () => {
    const t = await setup();
    const id = await t.create(chain("a"));
    for (const field of ["nodeArtifacts", "traceSpans"]) {
      const query = `query($id: ID!) { ${field}(runId: $id) { edges { cursor } } }`;
      expect(await t.refusal(query, { id: "nope" })).toMatchObject({ code: "NOT_FOUND", reason: "RUN_NOT_FOUND" });
      expect(await t.refusal(query, { id }, { tenantId: "t2" })).toMatchObject({ code: "NOT_FOUND" });
    }
  });
});

describe("traceSpans", () => {
  it("S-46: are the run, its node runs and their calls, linked, in one trace, in the order of their beginnings", async () => {
    const t = await setup({ rich });
    const id = await t.create({ nodes: [...chain("a").nodes, { id: "r", type: "rich" }], edges: [{ source: "a", target: "r" }] });
    await execute(t, id);
    const query = `query($id: ID!, $node: ID!, $first: Int, $after: String) { run(id: $id) { traceId }
      traceSpans(runId: $id, first: $first, after: $after) { ${spanFields} } nodeRun(id: $node) { traceSpans { ${spanFields} } } }`;
    const page = (args: object) =>
      t.ask<{ run: { traceId: string }; traceSpans: Page<Span>; nodeRun: { traceSpans: Page<Span> } }>(query, {
        id,
        node: `${id}:r`,
        ...args,
      });
    const { run, traceSpans, nodeRun } = await page({});
    const spans = traceSpans.edges.map(({ node }) => node);
    expect(spans.map(({ spanType }) => spanType)).toEqual(["RUN", "NODE", "NODE", "MODEL"]);
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([run.traceId]));
    expect(spans.map(({ status }) => status)).toEqual(["OK", "OK", "OK", "OK"]);
    expect(spans.every(({ durationMs }) => durationMs >= 0)).toBe(true);
    const node = nodeSpanId(id, "r", 1);
    expect(spans.map(({ parentSpanId }) => parentSpanId)).toEqual([null, runSpanId(id), runSpanId(id), node]);
    expect(spans[3]).toMatchObject({
      nodeRun: { nodeId: "r" },
      name: "chat gpt",
      attributes: { "gen_ai.request.model": "gpt", tokens: 3 },
    });
    expect(nodeRun.traceSpans.edges.map(({ node: span }) => span.spanType)).toEqual(["NODE", "MODEL"]);
    const first = await page({ first: 2 });
    const rest = await page({ first: 2, after: first.traceSpans.edges[1]!.cursor });
    expect([...first.traceSpans.edges, ...rest.traceSpans.edges].map((edge) => edge.node.id)).toEqual(spans.map((span) => span.id));
  });
});

describe("a run's span", () => {
  it.each([{ sessionId: "s1" }, {}])("says what ran, and for whom: %j", async (session) => {
    const t = await setup();
    const id = await t.create(chain("a"), session);
    await execute(t, id);
    const query = `query($id: ID!) { traceSpans(runId: $id, first: 1) { edges { node { spanType attributes } } } }`;
    const { traceSpans } = await t.ask<{ traceSpans: Page<object> }>(query, { id });
    expect(traceSpans.edges[0]!.node).toEqual({
      spanType: "RUN",
      attributes: {
        "run.id": id,
        "tenant.id": "t1",
        "app.id": "app-1",
        "workflow.id": "workflow-of-v-0",
        "workflow.version.id": "v-0",
        ...("sessionId" in session && { "session.id": "s1" }),
      },
    });
  });
});

describe("spans and artifacts", () => {
  it("S-46: a span of what failed is ERROR and says why, at the node and at the run", async () => {
    const t = await setup();
    const id = await t.create({ nodes: [{ id: "f", type: "fail" }, ...chain("z").nodes], edges: [{ source: "f", target: "z" }] });
    await execute(t, id);
    const query = `query($id: ID!) { traceSpans(runId: $id) { ${spanFields.replace("errorCode", "errorCode errorMessage")} } }`;
    const { traceSpans } = await t.ask<{ traceSpans: Page<Span> }>(query, { id });
    const failed = { status: "ERROR", errorCode: "TEST_FAILURE", endedAt: expect.any(String) };
    expect(traceSpans.edges.map(({ node }) => node)).toMatchObject([
      { spanType: "RUN", run: { id }, nodeRun: null, errorMessage: "The node f failed: It failed.", ...failed },
      { spanType: "NODE", run: { id }, nodeRun: { nodeId: "f" }, errorMessage: "It failed.", ...failed },
    ]);
  });

  it("S-45, S-46: page both ways, oldest first", async () => {
    const t = await setup({ rich });
    const ids = ["r1", "r2", "r3"];
    const edges = chain(...ids).edges;
    const id = await t.create({ nodes: ids.map((node) => ({ id: node, type: "rich" })), edges });
    await execute(t, id);
    type Listed = Page<{ id: string }> & { pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean } };
    for (const list of ["nodeArtifacts", "traceSpans"]) {
      const page = async (args: object) => {
        const query = `query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
          ${list}(runId: $id, first: $first, after: $after, last: $last, before: $before) {
            edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage } } }`;
        const found = (await t.ask<Record<string, Listed>>(query, { id, ...args }))[list]!;
        const [cursors, nodes] = [found.edges.map(({ cursor }) => cursor), found.edges.map(({ node }) => node.id)];
        return { cursors, nodes, ...found.pageInfo };
      };
      const all = await page({ first: null });
      expect(all.nodes.length).toBeGreaterThanOrEqual(6);
      expect(await page({ last: 2 })).toMatchObject({ nodes: all.nodes.slice(-2), hasNextPage: false, hasPreviousPage: true });
      expect(await page({ last: 2, before: all.cursors.at(-2) })).toMatchObject({ nodes: all.nodes.slice(-4, -2), hasPreviousPage: true });
      expect(await page({ first: 2, after: all.cursors[1] })).toMatchObject({ nodes: all.nodes.slice(2, 4), hasPreviousPage: true });
      expect(await page({ last: 2, before: all.cursors[2] })).toMatchObject({ nodes: all.nodes.slice(0, 2), hasPreviousPage: false });
    }
  });
});

describe("lists of runs", () => {
  it("are newest first, filtered, and beneath apps, workflows and sessions", async () => {
    const t = await setup();
    const manual = await t.create(chain("a"), { sessionId: "s1" });
    const done = await t.create({ nodes: [], edges: [] });
    const workers = await t.create(chain("a"), { execution: "WORKERS" });
    const list = async (filter: object) => {
      const { runs } = await t.ask<{ runs: Page<{ id: string }> }>(
        `query($filter: RunFilter) { runs(filter: $filter) { edges { node { id } } } }`,
        { filter },
      );
      return runs.edges.map(({ node }) => node.id);
    };
    expect(await list({})).toEqual([workers, done, manual]);
    expect(await list({ status: ["COMPLETED", "FAILED"] })).toEqual([done]);
    expect(await list({ sessionId: "s1" })).toEqual([manual]);
    expect(await list({ workflowId: "workflow-of-v-2" })).toEqual([workers]);
    expect(await list({ workflowVersionId: "v-0", appId: "app-1", kind: "WORKFLOW" })).toEqual([manual]);
    expect(await list({ kind: "AGENT" })).toEqual([]);
    expect(await list({ createdAfter: "2020-01-01T00:00:00Z" })).toHaveLength(3);
    expect(await list({ createdBefore: "2020-01-01T00:00:00Z" })).toEqual([]);
    const beneath = `query($refs: [_Any!]!) { _entities(representations: $refs) {
      ... on App { runs { edges { node { id } } } } ... on Workflow { runs { edges { node { id } } } } ... on Session { runs(first: 1) { edges { node { id } } } } } }`;
    const refs = [
      { __typename: "App", id: "app-1" },
      { __typename: "Workflow", id: "workflow-of-v-1" },
      { __typename: "Session", id: "s1" },
    ];
    const { _entities } = await t.ask<{ _entities: { runs: Page<{ id: string }> }[] }>(beneath, { refs });
    expect(_entities.map(({ runs }) => runs.edges.map(({ node }) => node.id))).toEqual([[workers, done, manual], [done], [manual]]);
    const foreign = await t.ask<{ _entities: { runs: Page<object> }[] }>(beneath, { refs }, { tenantId: "t2" });
    expect(foreign._entities.every(({ runs }) => runs.edges.length === 0)).toBe(true);
  });

  it("S-7: another tenant's runs and node runs are null by id, as references too", async () => {
    const t = await setup();
    const id = await t.create(chain("a"));
    const other = { tenantId: "t2" };
    const query = `query($id: ID!, $node: ID!) { run(id: $id) { id } nodeRun(id: $node) { id } runs { edges { cursor } } }`;
    expect(await t.ask(query, { id, node: `${id}:a` }, other)).toEqual({ run: null, nodeRun: null, runs: { edges: [] } });
    const refs = [
      { __typename: "Run", id },
      { __typename: "NodeRun", id: `${id}:a` },
      { __typename: "TraceSpan", id: `${id}/x` },
    ];
    const entities = `query($refs: [_Any!]!) { _entities(representations: $refs) { __typename } }`;
    expect(await t.ask(entities, { refs }, other)).toEqual({ _entities: [null, null, null] });
    expect(await t.ask(entities, { refs })).toEqual({ _entities: [{ __typename: "Run" }, { __typename: "NodeRun" }, null] });
  });

  it("a page of 50 runs with everything beneath costs as many statements as a page of one", async () => {
    const t = await setup();
    for (let n = 0; n < 50; n++) {
      const id = await t.create(chain("a", "b", "c"), { sessionId: "s1" });
      await t.ask(`mutation($id: ID!) { executeNextNode(runId: $id, input: { workerKey: "w" }) { id } }`, { id });
    }
    const everything = `query($first: Int) { runs(first: $first) { edges { node { id status input state outputJson app { id } workflow { id runs { edges { cursor } } }
      session { id runs(first: 1) { edges { cursor } } } originRun { id } usage { modelCalls }
      nodeRuns { edges { node { id status input outputJson leaseExpiresAt run { id } parent { id } children { edges { cursor } } artifacts { edges { cursor } }
        traceSpans { edges { node { id } } } } } }
      artifacts { edges { node { contentText } } } traceSpans { edges { node { id nodeRun { id } } } } } } } }`;
    const statements = async (first: number) => {
      let count = 0;
      t.subgraph.database.onStatement = () => count++;
      const { runs } = await t.ask<{ runs: Page<{ nodeRuns: Page<object> }> }>(everything, { first });
      expect(runs.edges).toHaveLength(first);
      expect(runs.edges.every(({ node }) => node.nodeRuns.edges.length === 2)).toBe(true);
      return count;
    };
    await statements(1);
    const [one, fifty] = [await statements(1), await statements(50)];
    expect(fifty).toBe(one);
  });
});
