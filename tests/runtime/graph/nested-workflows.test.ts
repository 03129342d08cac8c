import { compilePlan } from "../../../subgraphs/runtime/engine/plan.ts";
import { checkNest } from "../../../subgraphs/runtime/plan/nest-limits.ts";
import { rows, setup, type TestDsl, type TestRuntime } from "./setup.ts";

const executeRun = `mutation($id: ID!) { executeRun(id: $id, input: { workerKey: "w", maxSteps: 50 }) { run { status outputText outputJson errorCode } } }`;
const executeNext = `mutation($id: ID!) { executeNextNode(runId: $id, input: { workerKey: "w" }) { path } }`;
const list = `query($id: ID!) { run(id: $id) { status nodeRuns { edges { node { path nodeType status input parent { path } } } } } }`;
const create = `mutation($input: CreateRunInput!) { createRun(input: $input) { id } }`;

interface Listed {
  run: {
    status: string;
    nodeRuns: { edges: { node: { path: string; nodeType: string; status: string; input: object; parent: object | null } }[] };
  };
}

const text = (id: string, template: string): TestDsl["nodes"][number] => ({ id, type: "template-transform", config: { template } });
const sub = (workflow: object, id = "sub"): TestDsl["nodes"][number] => ({
  id,
  type: "sub-workflow",
  config: { input: { who: "{{ input.who }}" }, ...workflow },
});
const only = (...nodes: TestDsl["nodes"]): TestDsl => ({ nodes, edges: [] });
/** In lists of items, so many side by side. */
const side = (parallel: number, node: TestDsl["nodes"][number], id = `side${parallel}`): TestDsl["nodes"][number] => ({
  id,
  type: "iteration",
  config: { items: [1], parallel, body: { nodes: [node], edges: [] } },
});

/** With what it is refused. */
async function refusalOf(asked: Promise<unknown>): Promise<object> {
  const error: Error | undefined = await asked.then(
    () => undefined,
    (cause: unknown) => cause as Error,
  );
  return error === undefined ? {} : (JSON.parse(error.message) as { extensions: object }[])[0]!.extensions;
}

async function nodesOf(t: TestRuntime, id: string): Promise<Record<string, Listed["run"]["nodeRuns"]["edges"][number]["node"]>> {
  const { run } = await t.ask<Listed>(list, { id });
  return Object.fromEntries(run.nodeRuns.edges.map(({ node }) => [node.path, node]));
}

describe("a sub-workflow in the graph", () => {
  it("is the published version of the time at which the run was made, or the version that is named", async () => {
    const t = await setup();
    t.graph.version("greet-1", only(text("say", "Hello {{ input.who }}")));
    const published = only(sub({ workflow_id: "workflow-of-greet-1" }), sub({ workflow_version_id: "greet-1" }, "named"));
    const id = await t.create(published, { input: { who: "Ada" } });
    const greet = t.graph.workflows.get("workflow-of-greet-1")!;
    t.graph.version("greet-2", only(text("say", "Bye {{ input.who }}")));
    greet.publishedVersion = { ...t.graph.versions.get("greet-2")!, workflow: { id: greet.id, app: { id: "app-1" } } };
    expect(await t.ask(executeRun, { id })).toMatchObject({
      executeRun: { run: { status: "COMPLETED", outputJson: { sub: { result: "Hello Ada" }, named: { result: "Hello Ada" } } } },
    });
    const later = await t.create(published, { input: { who: "Ada" } });
    expect(await t.ask(executeRun, { id: later })).toMatchObject({
      executeRun: { run: { outputJson: { sub: { result: "Bye Ada" }, named: { result: "Hello Ada" } } } },
    });
    expect(await nodesOf(t, later)).toMatchObject({
      sub: { nodeType: "sub-workflow", parent: null, input: { input: { who: "Ada" } } },
      "sub/say": { parent: { path: "sub" }, input: { template: "Bye Ada" } },
    });
    const plans = await rows(t, "select count(*)::int as many from runtime.plan");
    expect(plans).toEqual([{ many: 2 }]);
  });

  it("holds the tools' versions of its own nodes, in bodies too", async () => {
    const t = await setup();
    t.graph.tools.set("t-1", { id: "t-1", code: "t", status: "ACTIVE", deletedAt: null, latestVersion: { id: "tv-1" } });
    t.graph.version("calls", only(side(2, { id: "call", type: "tool", config: { tool_id: "t-1" } })));
    await t.create(only(sub({ workflow_version_id: "calls" })));
    const [plan] = await rows(t, "select document::text as document from runtime.plan");
    expect(plan!["document"]).toContain('"tool_version_id":"tv-1"');
  });

  it.each<[string, TestDsl, object]>([
    [
      "that is not there",
      only(sub({ workflow_id: "w-none" })),
      { code: "NOT_FOUND", reason: "SUB_WORKFLOW_NOT_FOUND", id: "w-none", nodeId: "sub" },
    ],
    ["whose version is not there", only(sub({ workflow_version_id: "v-none" })), { reason: "SUB_WORKFLOW_NOT_FOUND", isVersion: true }],
    ["that is not published", only(sub({ workflow_id: "workflow-of-draft" })), { code: "CONFLICT", reason: "SUB_WORKFLOW_NOT_PUBLISHED" }],
    ["that is archived", only(sub({ workflow_version_id: "old" })), { code: "CONFLICT", reason: "SUB_WORKFLOW_ARCHIVED" }],
    [
      "that is part of itself",
      only(side(1, sub({ workflow_id: "workflow-of-ring-a" }))),
      { reason: "SUB_WORKFLOW_CYCLE", workflowIds: ["workflow-of-ring-a", "workflow-of-ring-b", "workflow-of-ring-a"], nodeId: "back" },
    ],
    ["with six within each other", only(sub({ workflow_version_id: "deep-1" })), { reason: "SUB_WORKFLOW_TOO_DEEP", limit: 5 }],
    [
      "with 32 × 64 items side by side",
      only(side(32, sub({ workflow_version_id: "wide" }))),
      { reason: "PARALLEL_TOO_LARGE", path: "side32/sub/side64", found: 2048, limit: 1000 },
    ],
    ["that lies nine deep", only(sub({ workflow_version_id: "nested-7" })), { reason: "PLAN_TOO_DEEP", found: 9, limit: 8 }],
  ])("%s is refused when the run is made", async (_, dsl, expected) => {
    const t = await setup();
    t.graph.version("draft", only(text("say", "x")), { status: "DRAFT" });
    t.graph.version("old", only(text("say", "x")), { status: "ARCHIVED" });
    t.graph.version("ring-a", only(sub({ workflow_id: "workflow-of-ring-b" }, "on")));
    t.graph.version("ring-b", only(side(1, sub({ workflow_id: "workflow-of-ring-a" }, "back"))));
    for (let level = 1; level < 6; level++) t.graph.version(`deep-${level}`, only(sub({ workflow_version_id: `deep-${level + 1}` })));
    t.graph.version("deep-6", only(text("say", "x")));
    t.graph.version("wide", only(side(64, text("say", "x"))));
    let nested = text("say", "x");
    for (let level = 0; level < 7; level++) nested = side(1, nested, "n");
    t.graph.version("nested-7", only(nested));
    expect(await refusalOf(t.create(dsl))).toMatchObject(expected);
    const made = await rows(t, "select count(*)::int as many from runtime.run");
    expect(made).toEqual([{ many: 0 }]);
  });

  it("makes no path of more than 600 bytes, as long as ids may ever be", () => {
    const id = "x".repeat(300);
    const nodes = [{ id, type: "sub-workflow", config: { workflow_version_id: "v" } }];
    const plan = compilePlan({ nodes, edges: [], workflows: { v: { nodes: [{ id, type: "any", config: {} }], edges: [] } } });
    expect(() => checkNest(plan)).toThrow("a path of the document has up to 601 bytes and may have 600");
    const items = (inner: string) => {
      const body = { nodes: [{ id: inner, type: "any", config: {} }], edges: [] };
      return compilePlan({ nodes: [{ id, type: "iteration", config: { body } }], edges: [] });
    };
    // Of an item its number has its place: "#9999", or that of a round.
    expect(() => checkNest(items("y".repeat(293)))).not.toThrow();
    expect(() => checkNest(items("y".repeat(294)))).toThrow("has up to 601 bytes");
  });

  it("may lie five deep, and be run by two nodes", async () => {
    const t = await setup();
    for (let level = 1; level < 5; level++)
      t.graph.version(
        `deep-${level}`,
        only(sub({ workflow_version_id: `deep-${level + 1}` }), sub({ workflow_version_id: "deep-5" }, "again")),
      );
    t.graph.version("deep-5", only(text("say", "{{ input.who }}")));
    const id = await t.create(only(sub({ workflow_version_id: "deep-1" })), { input: { who: "Ada" } });
    expect(await t.ask(executeRun, { id })).toMatchObject({ executeRun: { run: { status: "COMPLETED" } } });
    expect(await nodesOf(t, id)).toMatchObject({ "sub/sub/sub/sub/sub/say": { status: "COMPLETED", input: { template: "Ada" } } });
  });

  it("is found in its tenant only", async () => {
    const t = await setup();
    t.graph.version("greet", only(text("say", "x")));
    t.graph.version("outer", only(sub({ workflow_id: "workflow-of-greet" })));
    expect(await refusalOf(t.ask(create, { input: { workflowVersionId: "outer" } }, { tenantId: "t2" }))).toMatchObject({
      code: "NOT_FOUND",
      reason: "WORKFLOW_VERSION_NOT_FOUND",
    });
    const id = await t.create(only(sub({ workflow_id: "workflow-of-greet" })));
    await t.ask(executeRun, { id });
    expect(await t.ask(`query($id: ID!) { nodeRun(id: $id) { path } }`, { id: `${id}:sub/say` }, { tenantId: "t2" })).toEqual({
      nodeRun: null,
    });
  });

  it("is executed step by step: opening it costs no step", async () => {
    const t = await setup();
    t.graph.version("two", { nodes: [text("one", "1"), text("two", "2")], edges: [{ source: "one", target: "two" }] });
    const id = await t.create(only(sub({ workflow_version_id: "two" })), { execution: "MANUAL" });
    expect(Object.keys(await nodesOf(t, id))).toEqual(["sub"]);
    const steps: string[] = [];
    for (let step = await next(t, id); step !== null; step = await next(t, id)) steps.push(step);
    expect(steps).toEqual(["sub/one", "sub/two"]);
    expect((await t.ask<Listed>(list, { id })).run.status).toBe("COMPLETED");
  });
});

describe("a loop in the graph", () => {
  const rounds: TestDsl = {
    nodes: [
      {
        id: "loop",
        type: "loop",
        config: {
          variables: { tries: 0, from: "{{ input.who }}" },
          until: "loop.tries >= 2",
          body: {
            nodes: [
              text("say", "{{ loop.from }} {{ loop.tries }} {{ index }}"),
              {
                id: "count",
                type: "assigner",
                config: { assignments: { "loop.tries": "{{ loop.tries | plus: 1 }}", seen: "{{ index }}" } },
              },
            ],
            edges: [{ source: "say", target: "count" }],
          },
          output: "{{ nodes.say.text }}",
        },
      },
    ],
    edges: [],
  };

  it("is executed step by step, and shows its rounds and what each node was given", async () => {
    const t = await setup();
    const id = await t.create(rounds, { execution: "MANUAL", input: { who: "Ada" } });
    const steps: string[] = [];
    for (let step = await next(t, id); step !== null; step = await next(t, id)) {
      steps.push(step);
      const queued = Object.values(await nodesOf(t, id)).filter(({ status }) => status === "QUEUED");
      if (step === "loop#0/count") expect(queued).toMatchObject([{ path: "loop#1/say", input: { template: "Ada 1 1" } }]);
    }
    expect(steps).toEqual(["loop#0/say", "loop#0/count", "loop#1/say", "loop#1/count"]);
    const nodes = await nodesOf(t, id);
    expect(nodes).toMatchObject({
      loop: { nodeType: "loop", status: "COMPLETED", input: { variables: { tries: 0, from: "Ada" } } },
      "loop#0": { nodeType: "frame", parent: { path: "loop" }, input: { index: 0 } },
      "loop#1/say": { parent: { path: "loop#1" }, input: { template: "Ada 1 1" } },
      "loop#1/count": { input: { assignments: { "loop.tries": 2, seen: 1 } } },
    });
    const { run } = await t.ask<{ run: object }>(`query($id: ID!) { run(id: $id) { outputJson } }`, { id });
    expect(run).toEqual({ outputJson: { result: "Ada 1 1", rounds: 2, stopped: "until", variables: { tries: 2, from: "Ada" } } });
    expect(await rows(t, "select state from runtime.run where id = $1", [id])).toEqual([{ state: { seen: 1 } }]);
  });

  it("takes what an executor outside reports of an assigner in it", async () => {
    const t = await setup();
    const id = await t.create(rounds, { execution: "MANUAL", input: { who: "Ada" } });
    expect(await next(t, id)).toBe("loop#0/say");
    await t.ask(`mutation($id: ID!, $input: UpdateNodeRunStatusInput!) { updateNodeRunStatus(id: $id, input: $input) { path } }`, {
      id: `${id}:loop#0/count`,
      input: { status: "COMPLETED", outputJson: { state_updates: { "loop.tries": 9, seen: "outside" } } },
    });
    expect(await t.ask(executeRun, { id })).toMatchObject({ executeRun: { run: { outputJson: { rounds: 1, variables: { tries: 9 } } } } });
    expect(await rows(t, "select state from runtime.run where id = $1", [id])).toEqual([{ state: { seen: "outside" } }]);
  });
});

async function next(t: TestRuntime, id: string): Promise<string | null> {
  const { executeNextNode } = await t.ask<{ executeNextNode: { path: string } | null }>(executeNext, { id });
  return executeNextNode?.path ?? null;
}
