import type { Json } from "#shared/json.ts";
import { eventually } from "../../testkit/eventually.ts";
import { chain, rows, setup, type TestDsl, type TestRuntime } from "./setup.ts";

const look = `query($id: ID!) { run(id: $id) {
  id status outputText outputJson errorCode depth detached traceId parentRun { id } parentNodeRun { path }
  usage { modelCalls } childRuns(first: 20) { totalCount edges { node { id status kind detached depth errorCode input workflow { id } } } }
  nodeRuns(first: 50) { edges { node { path status waitReason errorCode errorMessage outputJson input childRun { id status } } } }
  traceSpans(first: 20) { edges { node { name spanType spanId parentSpanId errorCode errorMessage } } } } }`;

interface SeenRun {
  id: string;
  status: string;
  outputText: string | null;
  outputJson: Json;
  errorCode: string | null;
  depth: number;
  detached: boolean;
  traceId: string;
  parentRun: { id: string } | null;
  parentNodeRun: { path: string } | null;
  childRuns: {
    edges: { node: { id: string; status: string; detached: boolean; depth: number; input: object; workflow: { id: string } } }[];
  };
  nodeRuns: { edges: { node: Record<string, Json> }[] };
  traceSpans: { edges: { node: Record<string, Json> }[] };
}

const seenRun = async (t: TestRuntime, id: string): Promise<SeenRun> => (await t.ask<{ run: SeenRun }>(look, { id })).run;
const until = (t: TestRuntime, id: string, isThere: (run: SeenRun) => boolean): Promise<SeenRun> =>
  eventually(() => seenRun(t, id), isThere);
const ended = (t: TestRuntime, id: string): Promise<SeenRun> =>
  until(t, id, ({ status }) => ["COMPLETED", "FAILED", "CANCELLED"].includes(status));
/** What a run waits for comes before the pump has noted that it was told. */
const allTold = (t: TestRuntime) =>
  eventually(
    () => rows(t, "select kind from runtime.outbox"),
    (left) => left.length === 0,
  );
const childrenOf = ({ childRuns }: SeenRun) => childRuns.edges.map(({ node }) => node);
/** All runs, in pages of three. */
async function paged(t: TestRuntime): Promise<string[]> {
  const page = "query($after: String) { runs(first: 3, after: $after) { pageInfo { hasNextPage endCursor } edges { node { id } } } }";
  const ids: string[] = [];
  for (let after: string | null = null, hasMore = true; hasMore;) {
    const { runs }: { runs: { pageInfo: { hasNextPage: boolean; endCursor: string }; edges: { node: { id: string } }[] } } = await t.ask(
      page,
      { after },
    );
    ids.push(...runs.edges.map(({ node }) => node.id));
    hasMore = runs.pageInfo.hasNextPage;
    after = runs.pageInfo.endCursor;
  }
  return ids;
}
const waits = (run: SeenRun): boolean => run.status === "WAITING" && childrenOf(run).length > 0;

const only = (...nodes: TestDsl["nodes"]): TestDsl => ({ nodes, edges: [] });
const say = (template = "Hello {{ input.who }}"): TestDsl["nodes"][number] => ({
  id: "say",
  type: "template-transform",
  config: { template },
});
const own = (version: string, config: object = {}, more: object = {}): TestDsl["nodes"][number] => ({
  id: "sub",
  type: "sub-workflow",
  config: { workflow_version_id: version, mode: "run", input: { who: "{{ input.who }}" }, ...config },
  ...more,
});

/** With workers, and a run of a document. */
async function begun(dsl: TestDsl, versions: Record<string, TestDsl>, input: object = {}): Promise<{ t: TestRuntime; id: string }> {
  const t = await setup();
  for (const [name, version] of Object.entries(versions)) t.graph.version(name, version);
  t.startWorker();
  return { t, id: await t.create(dsl, { execution: "WORKERS", input: { who: "Ada" }, ...input }) };
}

describe("a node of mode run", () => {
  it("is executed of a version that a run is forked to, and that nobody has run before", async () => {
    const { t, id } = await begun(only(say()), { greet: only(say()) });
    await ended(t, id);
    t.graph.version("next", only({ ...own("greet"), id: "say" }));
    Object.assign(t.graph.versions.get("next")!, { workflow: t.graph.versions.get("v-0")!.workflow });
    const fork = `mutation($id: ID!) { forkRun(id: $id, fromNode: "say", workflowVersionId: "next") { id } }`;
    const { forkRun } = await t.ask<{ forkRun: { id: string } }>(fork, { id });
    const run = await ended(t, forkRun.id);
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Hello Ada" });
    expect(childrenOf(run)).toMatchObject([{ status: "COMPLETED" }]);
  });

  it("works as a run of its own, of the same trace, which each of them shows", async () => {
    const { t, id } = await begun(only(own("greet")), { greet: only(say()) });
    const run = await ended(t, id);
    const [made] = childrenOf(run);
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "Hello Ada", outputJson: { result: "Hello Ada", state: {} }, depth: 0 });
    expect(made).toMatchObject({
      status: "COMPLETED",
      kind: "WORKFLOW",
      depth: 1,
      input: { who: "Ada" },
      workflow: { id: "workflow-of-greet" },
    });
    expect(run.nodeRuns.edges.map(({ node }) => node)).toMatchObject([
      { path: "sub", childRun: { id: made!.id }, input: { mode: "run", input: { who: "Ada" } } },
    ]);
    expect(JSON.stringify(run.nodeRuns)).not.toContain("planId");
    const child = await seenRun(t, made!.id);
    expect(child).toMatchObject({ parentRun: { id }, parentNodeRun: { path: "sub" }, traceId: run.traceId, detached: false });
    const span = run.traceSpans.edges.find(({ node }) => node["name"] === "sub")!.node;
    expect(child.traceSpans.edges.find(({ node }) => node["spanType"] === "RUN")!.node).toMatchObject({ parentSpanId: span["spanId"] });
    expect(await t.ask(look, { id: made!.id }, { tenantId: "t2" })).toEqual({ run: null });
    await allTold(t);
  });

  it("may make runs of workflows without nodes, of others within each other, and in the items of a list", async () => {
    const each: TestDsl = only({
      id: "each",
      type: "iteration",
      config: {
        items: ["a", "b", "c"],
        parallel: 2,
        body: only({ ...own("middle"), config: { ...own("middle").config, input: { who: "{{ item }}" } } }),
        output: "{{ nodes.sub.output.result }}",
      },
    });
    const { t, id } = await begun(
      { ...each, nodes: [...each.nodes, { ...own("empty"), id: "none" }] },
      { empty: only(), middle: only(own("greet")), greet: only(say()) },
    );
    const run = await ended(t, id);
    const greeted = { result: "Hello b", state: {} };
    expect(run.outputJson).toMatchObject({ none: { result: null, state: {} } });
    expect(JSON.stringify(run.outputJson)).toContain(JSON.stringify(greeted));
    expect(childrenOf(run)).toHaveLength(4);
    // Their ids say when they were made, as those of any run: they are paged among all others, newest first, and none stands before who made it.
    const listed = await paged(t);
    expect(listed).toHaveLength(8);
    expect(listed).toEqual(listed.toSorted().reverse());
    expect(listed.at(-1)).toBe(id);
    for (const made of listed) expect(made).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });

  it("of a workflow that is part of itself, or is not there, is refused when the run is made", async () => {
    const t = await setup();
    t.graph.version("ring", only(own("ring")));
    await expect(t.create(only(own("ring")))).rejects.toThrow("SUB_WORKFLOW_CYCLE");
    await expect(t.create(only(own("nowhere")))).rejects.toThrow("SUB_WORKFLOW_NOT_FOUND");
  });

  it("waits, is not answered by anybody else, and fails with its run, which may be cancelled", async () => {
    const { t, id } = await begun(only(own("asks")), { asks: only({ id: "ask", type: "wait" }) });
    const run = await until(t, id, waits);
    expect(run.nodeRuns.edges[0]!.node).toMatchObject({ status: "WAITING", waitReason: "CHILD" });
    const [child] = childrenOf(run);
    expect(
      await t.refusal(`mutation($id: ID!) { resumeNodeRun(id: $id, input: { outputText: "x" }) { id } }`, { id: `${id}:sub` }),
    ).toMatchObject({ code: "CONFLICT", reason: "NODE_RUN_NOT_WAITING" });
    expect(
      await t.refusal(`mutation($id: ID!) { updateNodeRunStatus(id: $id, input: { status: COMPLETED }) { id } }`, { id: `${id}:sub` }),
    ).toMatchObject({ code: "CONFLICT", reason: "NODE_RUN_NOT_SETTABLE" });
    await t.ask(`mutation($id: ID!) { cancelRun(id: $id, reason: "no use") { id } }`, { id: child!.id });
    const after = await ended(t, id);
    expect(after).toMatchObject({ status: "FAILED", errorCode: "CHILD_RUN_FAILED" });
    expect(after.nodeRuns.edges[0]!.node).toMatchObject({ errorMessage: `Run ${child!.id} was cancelled: no use.` });
  });

  it("of a MANUAL run makes one that whoever executes it executes", async () => {
    const t = await setup();
    t.graph.version("greet", only(say()));
    const id = await t.create(only(own("greet")), { input: { who: "Ada" } });
    const execute = `mutation($id: ID!) { executeRun(id: $id, input: { workerKey: "w" }) { run { status } } }`;
    expect(await t.ask(execute, { id })).toMatchObject({ executeRun: { run: { status: "WAITING" } } });
    const [child] = childrenOf(await until(t, id, waits));
    expect(await t.ask(execute, { id: child!.id })).toMatchObject({ executeRun: { run: { status: "COMPLETED" } } });
    t.startWorker();
    expect(await ended(t, id)).toMatchObject({ status: "COMPLETED", outputText: "Hello Ada" });
  });
});

describe("deleteRun of a run that has made others", () => {
  it("takes those along that it has waited for, one that ends later too, and leaves the detached", async () => {
    const detached = { ...own("greet", { detached: true }), id: "alone" };
    const { t, id } = await begun(only(own("greet"), detached), { greet: only(say()), asks: only({ id: "ask", type: "wait" }) });
    const other = await t.create(only(own("asks")), { execution: "WORKERS" });
    const [late] = childrenOf(await until(t, other, waits));
    await t.ask(`mutation($id: ID!) { cancelRun(id: $id) { id } }`, { id: other });
    await ended(t, other);
    await ended(t, id);
    const run = await until(t, id, (one) => childrenOf(one).length === 2 && childrenOf(one).every(({ status }) => status === "COMPLETED"));
    const [awaited, alone] = [false, true].map((is) => childrenOf(run).find((child) => child.detached === is)!.id);
    for (const one of [id, other]) await t.ask(`mutation($id: ID!) { deleteRun(id: $id) { id } }`, { id: one });
    await eventually(
      () => rows(t, "select id from runtime.run"),
      (left) => left.length === 1,
    );
    expect([awaited, late!.id]).not.toContain(alone);
    expect(await seenRun(t, alone!)).toMatchObject({ status: "COMPLETED", parentRun: null });
  });
});

describe("on_failure of a document", () => {
  const failing = (more: object = {}): TestDsl => ({ ...only({ id: "work", type: "fail" }), on_failure: "workflow-of-tell", ...more });
  const tell = only(say("{{ input.runId }} {{ input.errorCode }} {{ input.errorMessage }}"));

  it("runs the published version of the workflow that it names, by its id or its code, when a run fails", async () => {
    const t = await setup();
    t.graph.version("tell", tell);
    t.graph.codes.set("tell-us", "workflow-of-tell");
    t.startWorker();
    const names = ["workflow-of-tell", { workflow_id: "workflow-of-tell" }, "tell-us", { workflow_code: "tell-us" }];
    for (const name of names) {
      const id = await t.create(failing({ on_failure: name }), { execution: "WORKERS" });
      expect(await ended(t, id)).toMatchObject({ status: "FAILED", errorCode: "TEST_FAILURE" });
      const [made] = childrenOf(await until(t, id, (run) => childrenOf(run).some(({ status }) => status === "COMPLETED")));
      const told = await seenRun(t, made!.id);
      expect(told.outputText).toBe(`${id} TEST_FAILURE The node work failed: It failed.`);
      expect(told).toMatchObject({ detached: true, depth: 1, parentRun: { id }, parentNodeRun: null });
      expect(made!.input).toMatchObject({ runId: id, errorCode: "TEST_FAILURE" });
    }
  });

  it("is nothing to a run that completes, or is cancelled, and its own failure tells nobody", async () => {
    const t = await setup();
    t.graph.version("tell", { ...failing(), on_failure: "workflow-of-tell" });
    t.startWorker();
    const fine = await t.create({ ...chain("a"), on_failure: "workflow-of-tell" }, { execution: "WORKERS" });
    const cancelled = await t.create({ ...only({ id: "ask", type: "wait" }), on_failure: "workflow-of-tell" }, { execution: "WORKERS" });
    await until(t, cancelled, ({ status }) => status === "WAITING");
    await t.ask(`mutation($id: ID!) { cancelRun(id: $id) { id } }`, { id: cancelled });
    const id = await t.create(failing(), { execution: "WORKERS" });
    const [made] = childrenOf(await until(t, id, (run) => childrenOf(run).some(({ status }) => status === "FAILED")));
    await ended(t, fine);
    await ended(t, cancelled);
    await allTold(t);
    expect(await rows(t, "select count(*)::int as many from runtime.run")).toEqual([{ many: 4 }]);
    expect(await seenRun(t, made!.id)).toMatchObject({ status: "FAILED", childRuns: { edges: [] } });
  });

  it("is not asked for by what is tried: a MANUAL run, and one with mocks", async () => {
    const t = await setup();
    t.graph.version("tell", tell);
    t.startWorker();
    const manual = await t.create(failing());
    await t.ask(`mutation($id: ID!) { executeRun(id: $id, input: { workerKey: "w", maxSteps: 10 }) { stopReason } }`, { id: manual });
    const mocks = { work: { error: { code: "X", message: "As said." } } };
    for (const id of [manual, await t.create(failing(), { execution: "WORKERS", mocks })])
      expect(await ended(t, id)).toMatchObject({ status: "FAILED" });
    expect(await rows(t, "select kind from runtime.outbox")).toEqual([]);
    expect(await rows(t, "select count(*)::int as many from runtime.run")).toEqual([{ many: 2 }]);
  });

  it("ends where workflows tell each other in a circle", async () => {
    const t = await setup();
    // What is told makes a run of what has failed, which fails again.
    t.graph.version("again", failing());
    t.graph.version("tell", only(own("again")));
    t.startWorker();
    const id = await t.create(failing(), { execution: "WORKERS" });
    await ended(t, id);
    await eventually(
      () =>
        rows(
          t,
          "select count(*) filter (where status < 3)::int as open, max(depth)::int as depth, (select count(*)::int from runtime.outbox) as told from runtime.run",
        ),
      ([row]) => row!["open"] === 0 && row!["told"] === 0 && row!["depth"] === 5,
    );
    expect(await rows(t, "select error_code from runtime.run where depth = 5")).toEqual([{ error_code: "RUN_TOO_DEEP" }]);
  });

  it("says in the trace of the run where there is no such workflow, or none that is published, and does not try again", async () => {
    const t = await setup();
    t.graph.version("draft", tell, { status: "DRAFT" });
    const key = `[${"1,".repeat(99)}1].map(a, [${"1,".repeat(99)}1].map(b, [${"1,".repeat(99)}1].map(c, c)))[0][0][0]`;
    t.graph.version("large", { ...tell, concurrency: { key, limit: 1 } });
    t.startWorker();
    for (const [name, errorCode] of [
      ["nowhere", "WORKFLOW_NOT_FOUND"],
      ["workflow-of-draft", "WORKFLOW_VERSION_NOT_PUBLISHED"],
      ["workflow-of-large", "EXPRESSION_TOO_(LARGE|SLOW)"],
    ] as const) {
      const id = await t.create(failing({ on_failure: name }), { execution: "WORKERS" });
      const run = await until(t, id, ({ traceSpans }) => traceSpans.edges.some(({ node }) => node["name"] === "on_failure"));
      expect(run.traceSpans.edges.find(({ node }) => node["name"] === "on_failure")!.node).toMatchObject({
        errorCode: expect.stringMatching(`^${errorCode}$`),
        spanType: "RUN",
      });
      expect(childrenOf(run)).toEqual([]);
    }
    await allTold(t);
  });
});
