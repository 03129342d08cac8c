import { setup, type TestDsl, type TestRuntime } from "./setup.ts";

const create = `mutation($input: CreateRunInput!) { createRun(input: $input) { id } }`;
const execute = `mutation($id: ID!) { executeRun(id: $id, input: { workerKey: "w", maxSteps: 100 }) { stopReason run { status outputText outputJson state errorCode
  nodeRuns(first: 100) { edges { node { path nodeType status isMocked outputText outputJson errorCode } } } } } }`;
const retry = `mutation($id: ID!) { retryRun(id: $id) { id } }`;

interface Executed {
  executeRun: {
    stopReason: string;
    run: {
      status: string;
      outputText: string | null;
      outputJson: unknown;
      state: object;
      nodeRuns: {
        edges: {
          node: { path: string; nodeType: string; status: string; isMocked: boolean; outputText: string | null; outputJson: unknown };
        }[];
      };
    };
  };
}

const say = (id: string, answer: string) => ({ id, type: "answer", config: { answer } });
/** Would fail if it ran. */
const never = (id: string, more: object = {}) => ({ id, type: "fail", ...more });

async function ran(t: TestRuntime, dsl: TestDsl, { mocks, input = {} }: { mocks: object; input?: object }) {
  const id = await t.create(dsl, { mocks, input });
  const { executeRun } = await t.ask<Executed>(execute, { id });
  const nodes = executeRun.run.nodeRuns.edges.map(({ node }) => node);
  return { ...executeRun, nodes, mocked: nodes.filter(({ isMocked }) => isMocked).map(({ path }) => path) };
}

const two: TestDsl = {
  nodes: [never("fetch"), say("end", "{{ nodes.fetch.text }}|{{ nodes.fetch.output | json }}")],
  edges: [{ source: "fetch", target: "end" }],
};

describe("a node with a mock", () => {
  it("does not run, and gives its output", async () => {
    const t = await setup();
    for (const [, mock, text] of outputs) {
      const { run, mocked, nodes } = await ran(t, two, { mocks: { fetch: mock } });
      expect({ status: run.status, text: run.outputText, mocked }).toEqual({ status: "COMPLETED", text, mocked: ["fetch"] });
      expect(nodes[0]).toMatchObject({ path: "fetch", nodeType: "fail", status: "COMPLETED" });
    }
  });
  const outputs: [string, unknown, string][] = [
    ["a text is both", "hello", 'hello|"hello"'],
    ["an object is its output, and its text is", { text: "hi", n: 1 }, 'hi|{"text":"hi","n":1}'],
    ["as expressions see it", { output: [1], text: "one" }, "one|[1]"],
    ["as on_error has it", { output_text: "one", output_json: { a: 1 } }, 'one|{"a":1}'],
    ["a list", [1, 2], "|[1,2]"],
    ["null", null, "|null"],
    ["false", false, "|false"],
  ];

  it("fails where the mock says so, and its failure is handled as any other", async () => {
    const failing = { fetch: { error: { code: "TOOL_HTTP_ERROR", message: "500" } } };
    const t = await setup();
    const { run, nodes } = await ran(t, two, { mocks: failing });
    expect(run).toMatchObject({ status: "FAILED", errorCode: "TOOL_HTTP_ERROR" });
    expect(nodes[0]).toMatchObject({ status: "FAILED", isMocked: true });
    const handled = { ...two, nodes: [never("fetch", { on_error: { default: { output_text: "instead" } } }), two.nodes[1]!] };
    expect((await ran(t, handled, { mocks: failing })).run).toMatchObject({
      status: "COMPLETED",
      outputText: expect.stringMatching(/^instead/),
    });
  });

  it.each(["INTERNAL", "NODE_TYPE_UNKNOWN", "WORKER_CRASHED"])(
    "fails as its node may where it says %s: that is a word, and neither a fault of the platform's own nor a crash",
    async (code) => {
      const t = await setup();
      const mocks = { "each/a": { error: { code, message: "as told" } } };
      const body = { nodes: [never("a")] };
      const items = { id: "each", type: "iteration", config: { items: [1, 2, 3, 4], body, on_item_error: "continue" } };
      const { run, nodes } = await ran(t, { nodes: [items], edges: [] }, { mocks });
      expect(run).toMatchObject({ status: "COMPLETED" });
      expect(nodes.filter(({ status }) => status === "FAILED").map(({ path }) => path)).toHaveLength(8);
      const handled = { edges: [], nodes: [never("a", { on_error: { default: { output_text: "instead" } } })] };
      expect((await ran(t, handled, { mocks: { a: mocks["each/a"] } })).run).toMatchObject({ status: "COMPLETED", outputText: "instead" });
    },
  );

  const branching: TestDsl = {
    nodes: [
      { id: "check", type: "if-else", config: { expression: "input.n > 1" } },
      say("yes", "yes"),
      say("no", "no {{ nodes.check.output.route }}"),
    ],
    edges: [
      { source: "check", target: "yes", condition: "true" },
      { source: "check", target: "no", condition: "false" },
    ],
  };
  it("that branches goes the way that the mock says", async () => {
    const t = await setup();
    const ways = [
      false,
      "false",
      { route: "false" },
      { condition_result: false, route: "false" },
      { output: { route: "false" }, text: null },
    ];
    for (const check of ways)
      expect((await ran(t, branching, { mocks: { check }, input: { n: 5 } })).run).toMatchObject({
        status: "COMPLETED",
        outputText: "no false",
      });
  });

  it("that asks a person has the action in its output, however the mock says it", async () => {
    const dsl: TestDsl = {
      nodes: [
        { id: "ask", type: "human-input", config: { text: "?", actions: [{ id: "yes" }, { id: "no" }] } },
        say("done", "{{ nodes.ask.output | json }}"),
      ],
      edges: [{ source: "ask", target: "done", condition: "yes" }],
    };
    const t = await setup();
    const ways: [unknown, object][] = [
      ["yes", { action: "yes" }],
      [
        { route: "yes", amount: 5 },
        { amount: 5, action: "yes" },
      ],
      [
        { action: "yes", amount: 5 },
        { action: "yes", amount: 5 },
      ],
      [{ output: { route: "yes" }, text: "t" }, { action: "yes" }],
    ];
    for (const [ask, output] of ways) expect(JSON.parse((await ran(t, dsl, { mocks: { ask } })).run.outputText ?? "")).toEqual(output);
  });

  it("that writes state writes what the mock says", async () => {
    const dsl = { nodes: [{ id: "a", type: "assigner", config: { assignments: { n: 1 } } }], edges: [] };
    expect((await ran(await setup(), dsl, { mocks: { a: { state_updates: { n: 2 } } } })).run).toMatchObject({
      status: "COMPLETED",
      state: { n: 2 },
    });
  });

  const items: TestDsl = {
    nodes: [
      {
        id: "each",
        type: "iteration",
        config: {
          items: "{{ input.items }}",
          output: "{{ nodes.look.output }}",
          body: { nodes: [never("look", { on_error: { default: { output_json: "failed" } } })], edges: [] },
        },
      },
    ],
    edges: [],
  };
  const kinds: [string, object, unknown, string[]][] = [
    ["all items by the path alone", { "each/look": "a" }, ["a", "a", "a"], ["each#0/look", "each#1/look", "each#2/look"]],
    ["one item by its number", { "each#1/look": "b" }, ["failed", "b", "failed"], ["each#1/look"]],
    ["one, and all others", { "each/look": "a", "each#2/look": "c" }, ["a", "a", "c"], ["each#0/look", "each#1/look", "each#2/look"]],
    ["the whole iteration", { each: ["x"] }, ["x"], ["each"]],
  ];
  it("in an iteration is that of all items, or of one by its number", async () => {
    const t = await setup();
    for (const [name, mocks, output, mocked] of kinds) {
      const given = await ran(t, items, { mocks, input: { items: [1, 2, 3] } });
      expect([name, given.run.status, given.run.outputJson, given.mocked.toSorted()]).toEqual([name, "COMPLETED", output, mocked]);
    }
  });

  it("is found through loops and sub-workflows, in one place of several", async () => {
    const t = await setup();
    t.graph.version("inner", { nodes: [never("deep"), say("told", "{{ nodes.deep.text }}")], edges: [{ source: "deep", target: "told" }] });
    const sub = (id: string) => ({
      id,
      type: "sub-workflow",
      config: { workflow_version_id: "inner" },
      on_error: { default: { output_text: "failed" } },
    });
    const loop = {
      id: "again",
      type: "loop",
      config: { max_rounds: 2, body: { nodes: [sub("in")], edges: [] }, output: "{{ nodes.in.text }}" },
    };
    const dsl = {
      nodes: [sub("one"), sub("two"), loop, say("end", "{{ nodes.one.text }} {{ nodes.two.text }} {{ nodes.again.output.result }}")],
      edges: ["one", "two", "again"].map((source) => ({ source, target: "end" })),
    };
    const id = await t.create(dsl, { mocks: { "two/deep": "2", "again#1/in/deep": "last" } });
    const { run } = (await t.ask<Executed>(execute, { id })).executeRun;
    expect(run).toMatchObject({ status: "COMPLETED", outputText: "failed 2 last" });
  });

  it("stays so when another owner goes on, one node at a time, and in a run that is made of it", async () => {
    const t = await setup();
    const dsl: TestDsl = {
      nodes: [never("a"), { id: "b", type: "wait" }, never("c"), never("d"), say("end", "{{ nodes.a.text }}{{ nodes.c.text }}")],
      edges: [
        ["a", "b"],
        ["b", "c"],
        ["c", "d"],
        ["d", "end"],
      ].map(([source, target]) => ({ source: source!, target: target! })),
    };
    const id = await t.create(dsl, { mocks: { a: "1", c: "2" } });
    expect((await t.ask<Executed>(execute, { id })).executeRun).toMatchObject({ stopReason: "WAITING" });
    await t.ask(`mutation($id: ID!) { resumeNodeRun(id: $id, input: {}) { id } }`, { id: `${id}:b` });
    const failed = (await t.ask<Executed>(execute, { id })).executeRun.run;
    expect(failed).toMatchObject({ status: "FAILED", errorCode: "TEST_FAILURE" });
    const { retryRun } = await t.ask<{ retryRun: { id: string } }>(retry, { id });
    const again = (await t.ask<Executed>(execute, { id: retryRun.id })).executeRun.run;
    expect(again.nodeRuns.edges.map(({ node }) => `${node.path} ${node.status} ${node.isMocked}`)).toEqual([
      "a COMPLETED true",
      "b COMPLETED false",
      "c COMPLETED true",
      "d FAILED false",
    ]);
  });

  const refusals: [string, object, string, string][] = [
    ["a slip", { fetsh: 1 }, "MOCK_PATH_UNKNOWN", "did you mean fetch"],
    ["a node of an iteration, named without it", { look: 1 }, "MOCK_PATH_UNKNOWN", "did you mean each/look"],
    ["a slip in an iteration", { "each/lok": 1 }, "MOCK_PATH_UNKNOWN", "did you mean each/look"],
    ["a slip around it", { "eech/look": 1 }, "MOCK_PATH_UNKNOWN", "did you mean each/look"],
    ["a number of what has none", { "fetch#0": 1 }, "MOCK_PATH_UNKNOWN", "leave the number out"],
    ["an item", { "each#0": 1 }, "MOCK_PATH_UNKNOWN", "each#0/look"],
    ["no number", { "each#x/look": 1 }, "MOCK_PATH_UNKNOWN", "each#0"],
    ["beneath a node without nodes", { "fetch/x": 1 }, "MOCK_PATH_UNKNOWN", "no nodes of its own"],
    ["nothing", { "": 1 }, "MOCK_PATH_UNKNOWN", "it has fetch, each, check"],
    ["a way that there is not", { check: { route: "maybe" } }, "MOCK_INVALID", '"true" or "false"'],
    ["no way", { check: {} }, "MOCK_INVALID", '"true" or "false"'],
    ["a failure without a code", { fetch: { error: { message: "x" } } }, "MOCK_INVALID", "code"],
    ["too many", Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`each#${n}/look`, 1])), "MOCKS_TOO_MANY", "1000"],
  ];
  it("is refused where it is none, and the nearest is named", async () => {
    const t = await setup();
    t.graph.version("v1", { nodes: [never("fetch"), ...items.nodes, ...branching.nodes], edges: branching.edges });
    for (const [, mocks, reason, words] of refusals) {
      const refused = await t.refusal(create, { input: { workflowVersionId: "v1", mocks } });
      expect(refused).toMatchObject({ code: "BAD_USER_INPUT", reason, field: "mocks" });
      expect(JSON.stringify(refused)).toContain(JSON.stringify(words).slice(1, -1));
    }
  });
});
