import type { NodeExecutor } from "../../../subgraphs/runtime/nodes/executor.ts";
import { rows, setup, type TestDsl, type TestRuntime } from "./setup.ts";

const says = (id: string, answer: string) => ({ id, type: "answer", config: { answer } });
const runFields = `status outputText errorCode handledErrors nodeRuns { nodes { nodeId status errorCode outputText outputJson input } }`;

interface Seen {
  id: string;
  status: string;
  outputText: string | null;
  errorCode: string | null;
  handledErrors: number;
  nodeRuns: {
    nodes: { nodeId: string; status: string; errorCode: string | null; outputText: string | null; outputJson: unknown; input: unknown }[];
  };
}

const execute = async (t: TestRuntime, id: string): Promise<Seen> => {
  const query = `mutation($id: ID!) { executeRun(id: $id, input: { workerKey: "w" }) { run { id ${runFields} } } }`;
  return (await t.ask<{ executeRun: { run: Seen } }>(query, { id })).executeRun.run;
};
const read = async (t: TestRuntime, id: string): Promise<Seen> =>
  (await t.ask<{ run: Seen }>(`query($id: ID!) { run(id: $id) { id ${runFields} } }`, { id })).run;
const statuses = ({ nodeRuns }: Seen) => Object.fromEntries(nodeRuns.nodes.map(({ nodeId, status }) => [nodeId, status]));

/** `bad` fails; `ok` follows its success, `saved` its failure. */
const branching = (type = "fail"): TestDsl => ({
  nodes: [
    { id: "bad", type, on_error: "branch" },
    says("ok", "ok"),
    says("saved", "saved from {{ nodes.bad.error.code }}: {{ nodes.bad.error.message }}"),
  ],
  edges: [
    { source: "bad", target: "ok" },
    { source: "bad", target: "saved", condition: "error" },
  ],
});

describe("a failure that is handled, in the graph", () => {
  it("leaves the run COMPLETED with its count, the node run FAILED with its error, and tells the branch what it was given", async () => {
    const t = await setup();
    const run = await execute(t, await t.create(branching()));
    expect(run).toMatchObject({
      status: "COMPLETED",
      errorCode: null,
      handledErrors: 1,
      outputText: "saved from TEST_FAILURE: It failed.",
    });
    expect(statuses(run)).toEqual({ bad: "FAILED", ok: "SKIPPED", saved: "COMPLETED" });
    const [bad, , saved] = [...run.nodeRuns.nodes].sort((a, b) => a.nodeId.localeCompare(b.nodeId));
    expect(bad).toMatchObject({ errorCode: "TEST_FAILURE" });
    expect(saved).toMatchObject({ input: { answer: "saved from TEST_FAILURE: It failed." } });
  });

  it("shows a default as the node run's output, beside its error", async () => {
    const t = await setup();
    const onError = { default: { output_text: "Sorry.", output_json: { ok: false } } };
    const run = await execute(t, await t.create({ nodes: [{ id: "bad", type: "fail", on_error: onError }], edges: [] }));
    expect(run).toMatchObject({ status: "COMPLETED", handledErrors: 1, outputText: "Sorry." });
    expect(run.nodeRuns.nodes).toMatchObject([
      { status: "FAILED", errorCode: "TEST_FAILURE", outputText: "Sorry.", outputJson: { ok: false } },
    ]);
  });

  it("shows what the failure leads to as QUEUED, and what was skipped as such, before anybody goes on", async () => {
    const t = await setup();
    const id = await t.create(branching());
    await t.ask(`mutation($id: ID!) { executeNextNode(runId: $id, input: { workerKey: "w" }) { status } }`, { id });
    const run = await read(t, id);
    expect(run).toMatchObject({ status: "QUEUED", handledErrors: 1 });
    expect(statuses(run)).toEqual({ bad: "FAILED", ok: "SKIPPED", saved: "QUEUED" });
    expect(run.nodeRuns.nodes.find(({ nodeId }) => nodeId === "saved")?.input).toEqual({ answer: "saved from TEST_FAILURE: It failed." });
  });

  it("is one that was set from outside too; a route of that name is none", async () => {
    const t = await setup();
    const setNode = `mutation($id: ID!, $input: UpdateNodeRunStatusInput!) { updateNodeRunStatus(id: $id, input: $input) { status run { status } } }`;
    const failed = await t.create(branching("wait"));
    await t.ask(setNode, { id: `${failed}:bad`, input: { status: "FAILED", errorCode: "NO_STOCK", errorMessage: "gone" } });
    expect(statuses(await read(t, failed))).toEqual({ bad: "FAILED", ok: "SKIPPED", saved: "QUEUED" });
    expect(await execute(t, failed)).toMatchObject({ status: "COMPLETED", handledErrors: 1, outputText: "saved from NO_STOCK: gone" });
    // Words of the platform's own are words where others say them.
    for (const errorCode of ["INTERNAL", "WORKER_CRASHED", "NODE_TYPE_UNKNOWN"]) {
      const run = await t.create(branching("wait"));
      await t.ask(setNode, { id: `${run}:bad`, input: { status: "FAILED", errorCode, errorMessage: "mine" } });
      expect(await execute(t, run)).toMatchObject({ status: "COMPLETED", handledErrors: 1, outputText: `saved from ${errorCode}: mine` });
    }
    // Its edges have no routes but that of its failure, so its output may say what it likes.
    for (const route of ["error", "left"]) {
      const done = await t.create(branching("wait"));
      await t.ask(setNode, { id: `${done}:bad`, input: { status: "COMPLETED", outputJson: { route } } });
      expect(statuses(await read(t, done))).toEqual({ bad: "COMPLETED", ok: "QUEUED", saved: "SKIPPED" });
    }
  });

  it("is taken over by retryRun with what came of it, and not called again", async () => {
    let fails = true;
    let calls = 0;
    const later: NodeExecutor = {
      effect: "pure",
      run: () => (fails ? { kind: "failed", code: "LATER", message: "", retryable: false } : { kind: "completed", outputText: "now" }),
    };
    const bad: NodeExecutor = {
      effect: "pure",
      run: () => ({ kind: "failed", code: "EARLY", message: `call ${++calls}`, retryable: false }),
    };
    const t = await setup({ later, bad });
    const dsl: TestDsl = {
      nodes: [...branching("bad").nodes, { id: "later", type: "later" }, says("end", "{{ nodes.bad.error.code }} {{ nodes.later.text }}")],
      edges: [...branching("bad").edges, { source: "saved", target: "later" }, { source: "later", target: "end" }],
    };
    const id = await t.create(dsl);
    expect(await execute(t, id)).toMatchObject({ status: "FAILED", errorCode: "LATER", handledErrors: 1 });
    fails = false;
    const { retryRun } = await t.ask<{ retryRun: { id: string } }>(`mutation($id: ID!) { retryRun(id: $id) { id } }`, { id });
    const before = await read(t, retryRun.id);
    expect(before.handledErrors).toBe(1);
    expect(statuses(before)).toEqual({ bad: "FAILED", ok: "SKIPPED", saved: "COMPLETED", later: "QUEUED" });
    const run = await execute(t, retryRun.id);
    expect(run).toMatchObject({ status: "COMPLETED", handledErrors: 1 });
    expect(run.outputText).toContain("EARLY now");
    expect(calls).toBe(1);
  });

  it("is taken over in any order of ends: a default whose join failed later", async () => {
    const t = await setup();
    const dsl: TestDsl = {
      nodes: [
        { id: "a", type: "fail", on_error: { default: { output_text: "x" } } },
        { id: "b", type: "fail" },
      ],
      edges: [{ source: "a", target: "b" }],
    };
    const id = await t.create(dsl);
    await execute(t, id);
    const { retryRun } = await t.ask<{ retryRun: { id: string } }>(`mutation($id: ID!) { retryRun(id: $id) { id } }`, { id });
    expect(await execute(t, retryRun.id)).toMatchObject({ status: "FAILED", handledErrors: 1 });
    const stored = await rows(t, "select path, status, route from runtime.node_run where run_id = $1 order by seq", [retryRun.id]);
    expect(stored).toEqual([
      { path: "a", status: 4, route: "default" },
      { path: "b", status: 4, route: null },
    ]);
  });

  it("is nobody else's to see: another tenant has no such run, nor one that it may retry", async () => {
    const t = await setup();
    const id = await t.create(branching());
    await execute(t, id);
    const asked = `query($id: ID!) { run(id: $id) { handledErrors } }`;
    expect(await t.ask(asked, { id }, { tenantId: "t2" })).toEqual({ run: null });
    expect(await t.ask(asked, { id })).toEqual({ run: { handledErrors: 1 } });
  });
});

describe("switch, list and variable-aggregator, in the graph", () => {
  it("choose, arrange and join, and show what they were given", async () => {
    const t = await setup();
    const dsl: TestDsl = {
      nodes: [
        {
          id: "way",
          type: "switch",
          config: {
            cases: [
              { id: "big", expression: "input.n > 10" },
              { id: "small", expression: "input.n > 1" },
            ],
          },
        },
        says("big", "big"),
        says("small", "small"),
        { id: "word", type: "variable-aggregator", config: { variables: ["{{ nodes.big.text }}", "{{ nodes.small.text }}"] } },
        { id: "rows", type: "list", config: { items: "{{ input.rows }}", filter: "item > input.n", sort: { order: "desc" }, first: 2 } },
        says("end", "{{ nodes.word.output.value }} {{ nodes.rows.output.items | join: '-' }}"),
      ],
      edges: [
        { source: "way", target: "big", condition: "big" },
        { source: "way", target: "small", condition: "small" },
        { source: "big", target: "word" },
        { source: "small", target: "word" },
        { source: "word", target: "rows" },
        { source: "rows", target: "end" },
      ],
    };
    const run = await execute(t, await t.create(dsl, { input: { n: 5, rows: [1, 6, 9, 7] } }));
    expect(run).toMatchObject({ status: "COMPLETED" });
    expect(run.outputText).toContain("small 9-7");
    const input = (id: string) => run.nodeRuns.nodes.find(({ nodeId }) => nodeId === id)?.input;
    expect(input("way")).toMatchObject({ values: { "input.n": 5 } });
    expect(input("word")).toEqual({ variables: [null, "small"] });
    expect(input("rows")).toMatchObject({ items: [1, 6, 9, 7], first: 2, values: { "input.n": 5 } });
    const none = await execute(t, await t.create(dsl, { input: { n: 0, rows: [] } }));
    expect(statuses(none)).toMatchObject({ way: "COMPLETED", big: "SKIPPED", small: "SKIPPED", word: "SKIPPED", end: "SKIPPED" });
  });

  it("tell an outside executor the routes that there are", async () => {
    const t = await setup();
    const dsl: TestDsl = {
      nodes: [
        { id: "way", type: "switch", config: { cases: [{ id: "big", expression: "true" }] }, on_error: "branch" },
        says("a", "a"),
        says("b", "b"),
      ],
      edges: [
        { source: "way", target: "a", condition: "big" },
        { source: "way", target: "b", condition: "error" },
      ],
    };
    const setNode = `mutation($id: ID!, $input: UpdateNodeRunStatusInput!) { updateNodeRunStatus(id: $id, input: $input) { status } }`;
    const id = await t.create(dsl);
    const refused = await t.refusal(setNode, { id: `${id}:way`, input: { status: "COMPLETED", outputJson: { route: "error" } } });
    expect(refused).toMatchObject({ reason: "ROUTE_UNKNOWN", routes: ["big", "default"] });
    await t.ask(setNode, { id: `${id}:way`, input: { status: "COMPLETED", outputJson: { route: "default" } } });
    expect(await read(t, id)).toMatchObject({ status: "COMPLETED", handledErrors: 0 });
  });
});
