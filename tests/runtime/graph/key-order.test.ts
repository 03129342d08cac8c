import type { Json } from "#shared/json.ts";
import { eventually } from "../../testkit/eventually.ts";
import { rows, setup, type TestRuntime } from "./setup.ts";

/** jsonb would sort the keys: the shorter first, then by letter. */
const ordered = { zeta: 1, beta: { y: 1, x: [{ d: 1, c: 2 }] }, alpha: 2, b: 3 };
const text = JSON.stringify(ordered);

const create = `mutation($input: CreateRunInput!) { createRun(input: $input) { id } }`;
const execute = `mutation($id: ID!) { executeRun(id: $id, input: { workerKey: "w" }) { run { status } } }`;
const resume = `mutation($id: ID!, $input: ResumeNodeRunInput!) { resumeNodeRun(id: $id, input: $input) { outputJson } }`;
const setNode = `mutation($id: ID!, $input: UpdateNodeRunStatusInput!) { updateNodeRunStatus(id: $id, input: $input) { outputJson } }`;
const retry = `mutation($id: ID!) { retryRun(id: $id) { id } }`;
const whole = `query($id: ID!) { run(id: $id) { input state outputText outputJson nodeRuns { edges { node { nodeId outputText outputJson input } } } } }`;

interface Whole {
  run: {
    input: Json;
    state: Json;
    outputText: string | null;
    outputJson: Json;
    nodeRuns: { edges: { node: { nodeId: string; outputText: string | null; outputJson: Json; input: Json } }[] };
  };
}

async function read(t: TestRuntime, id: string) {
  const { run } = await t.ask<Whole>(whole, { id });
  return { ...run, nodes: Object.fromEntries(run.nodeRuns.edges.map(({ node }) => [node.nodeId, node])) };
}

const transform = (id: string, template: string) => ({ id, type: "template-transform", config: { template } });
const edges = (...path: string[]) => path.slice(1).map((target, index) => ({ source: path[index]!, target }));

describe("the keys of an object", () => {
  it("stay in the order in which the caller wrote them, through input, outputs, state and the run's output", async () => {
    const t = await setup();
    const dsl = {
      nodes: [
        transform("asJson", "{{ input.given }}"),
        transform("large", "{{ input.large }}"),
        { id: "keep", type: "assigner", config: { assignments: { kept: "{{ nodes.asJson.output }}" } } },
        transform(
          "prompt",
          "{{ input.given | json }} {{ nodes.asJson.output | json }} {{ nodes.large.output.given | json }} {{ state.kept | json }}",
        ),
        transform("last", "{{ state }}"),
      ],
      edges: edges("asJson", "large", "keep", "prompt", "last"),
    };
    const large = { pad: "x".repeat(3_000), given: ordered };
    const id = await t.create(dsl, { input: { given: ordered, large } });
    await t.ask(execute, { id });
    const run = await read(t, id);
    expect(run.nodes["prompt"]?.outputText).toBe([text, text, text, text].join(" "));
    expect(JSON.stringify(run.input)).toBe(JSON.stringify({ given: ordered, large }));
    expect(JSON.stringify(run.nodes["asJson"]?.outputJson)).toBe(text);
    expect(JSON.stringify(run.nodes["large"]?.outputJson)).toBe(JSON.stringify(large));
    expect(JSON.stringify(run.nodes["keep"]?.outputJson)).toBe(JSON.stringify({ state_updates: { kept: ordered } }));
    expect(JSON.stringify(run.state)).toBe(JSON.stringify({ kept: ordered }));
    expect(JSON.stringify(run.outputJson)).toBe(JSON.stringify({ kept: ordered }));
    const stored = await rows(t, "select content_json::text as json from runtime.artifact where run_id = $1", [id]);
    expect(stored).toEqual([{ json: JSON.stringify(large) }]);
  });

  it("stay so in answers, in what outside executors report, and over a rebuild", async () => {
    const t = await setup();
    const dsl = {
      nodes: [
        { id: "ask", type: "wait" },
        { id: "report", type: "wait" },
        transform("prompt", "{{ nodes.ask.output | json }} {{ nodes.report.output | json }}"),
      ],
      edges: edges("ask", "report", "prompt"),
    };
    const id = await t.create(dsl);
    await t.ask(execute, { id });
    expect(JSON.stringify(await t.ask(resume, { id: `${id}:ask`, input: { outputJson: ordered } }))).toContain(text);
    await t.ask(execute, { id });
    await t.ask(setNode, { id: `${id}:report`, input: { status: "COMPLETED", outputJson: ordered } });
    await t.ask(execute, { id });
    expect((await read(t, id)).nodes["prompt"]?.outputText).toBe(`${text} ${text}`);
  });

  it("stay so in what a worker hands in of an offered node", async () => {
    const t = await setup({
      slow: { effect: "outside", run: ({ nodeId }) => Promise.resolve({ kind: "completed", outputJson: { [nodeId]: 0, ...ordered } }) },
    });
    // More than the worker has slots for: it offers the rest, and takes it from the queue.
    const ids = Array.from({ length: 80 }, (_, index) => `n${index}`);
    const id = await t.create({ nodes: ids.map((node) => ({ id: node, type: "slow" })), edges: [] }, { execution: "WORKERS" });
    t.startWorker();
    await eventually(
      () => rows(t, "select status from runtime.run where id = $1", [id]),
      ([run]) => run?.["status"] === 3,
    );
    const stored = await rows(t, "select path, output_json::text as json from runtime.node_run where run_id = $1", [id]);
    expect(stored.map(({ path, json }) => [path, json]).toSorted()).toEqual(
      ids.map((node) => [node, JSON.stringify({ [node]: 0, ...ordered })]).toSorted(),
    );
  });

  it("stay so in the run that retries a failed one", async () => {
    const t = await setup();
    const nodes = [
      transform("a", "{{ input.given }}"),
      { id: "keep", type: "assigner", config: { assignments: { kept: "{{ input.given }}" } } },
      { id: "b", type: "fail" },
    ];
    const id = await t.create({ nodes, edges: edges("a", "keep", "b") }, { input: { given: ordered } });
    await t.ask(execute, { id });
    const { retryRun } = await t.ask<{ retryRun: { id: string } }>(retry, { id });
    const run = await read(t, retryRun.id);
    expect(JSON.stringify([run.input, run.state, run.nodes["a"]?.outputJson])).toBe(
      JSON.stringify([{ given: ordered }, { kept: ordered }, ordered]),
    );
  });
});

describe("what cannot be stored", () => {
  const bad = { a: [1, { b: "x\u0000" }] };
  const deep = (levels: number): Json => Array.from({ length: levels }).reduce<Json>((inner) => [inner], 0);

  it.each([
    [
      "input",
      { input: bad },
      { reason: "TEXT_NOT_STORABLE", field: "input", problem: expect.stringContaining("input.a.1.b has the character NUL") },
    ],
    [
      "input",
      { input: { ["\ud800"]: 1 } },
      { reason: "TEXT_NOT_STORABLE", field: "input", problem: expect.stringContaining("half a character") },
    ],
    ["input", { input: { a: deep(256) } }, { reason: "NESTED_TOO_DEEP", field: "input", limit: 256 }],
    ["idempotencyKey", { idempotencyKey: "k\ud800" }, { reason: "TEXT_NOT_STORABLE", field: "idempotencyKey" }],
  ])("of createRun's %s is refused with its place", async (_field, input, refusal) => {
    const t = await setup();
    t.graph.version("v", { nodes: [], edges: [] });
    const refused = await t.refusal(create, { input: { workflowVersionId: "v", ...input } });
    expect(refused).toMatchObject({ code: "BAD_USER_INPUT", ...refusal });
    expect(await rows(t, "select id from runtime.run")).toEqual([]);
  });

  it.each([
    [resume, { outputJson: bad }, "outputJson"],
    [resume, { outputText: "\udfff" }, "outputText"],
    [setNode, { status: "COMPLETED", outputJson: bad }, "outputJson"],
    [setNode, { status: "COMPLETED", workerKey: "\u0000" }, "workerKey"],
    [setNode, { status: "FAILED", errorCode: "\u0000" }, "errorCode"],
    [setNode, { status: "FAILED", errorMessage: "a\ud800" }, "errorMessage"],
    [`mutation($id: ID!, $input: String) { cancelRun(id: $id, reason: $input) { id } }`, "\u0000", "reason"],
  ])("of %s is refused, and nothing reaches the inbox (%#)", async (mutation, input, field) => {
    const t = await setup();
    const runId = await t.create({ nodes: [{ id: "ask", type: "wait" }], edges: [] });
    await t.ask(execute, { id: runId });
    const id = field === "reason" ? runId : `${runId}:ask`;
    expect(await t.refusal(mutation, { id, input })).toMatchObject({ code: "BAD_USER_INPUT", reason: "TEXT_NOT_STORABLE", field });
    expect(await rows(t, "select mail from runtime.run where id = $1", [runId])).toEqual([{ mail: 0 }]);
  });
});
