import { openPool } from "#shared/db/pool.ts";
import { eventually } from "../../testkit/eventually.ts";
import { rows, setup, type TestDsl, type TestRuntime } from "./setup.ts";

const execute = `mutation($id: ID!) { executeRun(id: $id, input: { workerKey: "w", maxSteps: 100 }) { run { status outputText state errorCode } } }`;
const fork = `mutation($id: ID!, $fromNode: String!, $version: ID, $patch: ForkPatchInput) {
  forkRun(id: $id, fromNode: $fromNode, workflowVersionId: $version, patch: $patch) { id status originRun { id } workflowVersion { id } input state
    usage { modelCalls promptTokens } reusedUsage { modelCalls promptTokens completionTokens }
    nodeRuns(first: 50) { edges { node { path status } } } } }`;
const inputOf = `query($id: ID!) { nodeRun(id: $id) { input } }`;

interface Forked {
  forkRun: {
    id: string;
    originRun: { id: string };
    workflowVersion: { id: string };
    input: object;
    state: object;
    reusedUsage: object;
    nodeRuns: { edges: { node: { path: string; status: string } }[] };
  };
}
const paths = ({ forkRun }: Forked) => forkRun.nodeRuns.edges.map(({ node }) => `${node.path} ${node.status}`);

const edges = (...pairs: string[]) => pairs.map((pair) => ({ source: pair.split(" ")[0]!, target: pair.split(" ")[1]! }));
const assign = (id: string, assignments: object) => ({ id, type: "assigner", config: { assignments } });
const say = (id: string, answer: string) => ({ id, type: "answer", config: { answer } });
/** Costs a model call, and gives how often it was called. */
const calls = new Map<string, number>();
const counted = {
  effect: "pure" as const,
  run({ nodeId, runId, config }: { nodeId: string; runId: string; config: object }) {
    calls.set(nodeId, (calls.get(nodeId) ?? 0) + 1);
    if ((config as { fails?: boolean }).fails === true) return { kind: "failed" as const, code: "TEST", message: "no", retryable: false };
    return {
      kind: "completed" as const,
      outputText: `${nodeId} of ${runId.slice(-4)}`,
      usage: { modelCalls: 1, promptTokens: 10, completionTokens: 5 },
    };
  },
};

const flow: TestDsl = {
  nodes: [
    assign("set", { n: "{{ input.n }}" }),
    { id: "ask", type: "counted" },
    assign("more", { n: "{{ state.n }}{{ state.n }}" }),
    { id: "beside", type: "counted" },
    say("end", "{{ nodes.ask.text | split: ' ' | first }} {{ state.n }} {{ nodes.beside.text | split: ' ' | first }}"),
  ],
  edges: edges("set ask", "ask more", "more end", "beside end"),
};

async function finished(t: TestRuntime, dsl: TestDsl, input: object = {}) {
  const id = await t.create(dsl, { input });
  return {
    id,
    ...(await t.ask<{ executeRun: { run: { status: string; outputText: string; state: object } } }>(execute, { id })).executeRun.run,
  };
}
const asked = () => [calls.get("ask") ?? 0, calls.get("beside") ?? 0];

describe("forkRun", () => {
  beforeEach(() => calls.clear());

  it("makes two at a time of one tenant: ten of large runs side by side would all reach their time-out", async () => {
    const t = await setup({ counted });
    const { id } = await finished(t, flow, { n: "1" });
    const pool = openPool({ url: t.databaseUrl, scope: "engine", max: 1 });
    const holder = await pool.connect();
    // However slow the machine: the holder is not ended, and a fork that has waited for long is asked for again.
    await holder.query("set idle_in_transaction_session_timeout = 0");
    await holder.query("begin");
    const forked = (): Promise<Forked> =>
      t.ask<Forked>(fork, { id, fromNode: "more" }).catch((error: unknown) => {
        if (/Somebody else is changing|ROW_BUSY|FORKS_BUSY/.test(String(error))) return forked();
        throw error;
      });
    // Forks wait for their old run.
    await holder.query("select from runtime.run where id = $1 for update", [id]);
    const made = Promise.all(Array.from({ length: 5 }, forked));
    const waiting = () =>
      rows(
        t,
        "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%recursive o as%'",
      );
    await eventually(waiting, (found) => found.length >= 2);
    // Whoever else had come to it by now would wait there too.
    for (let asked = 0; asked < 5; asked++) await t.ask(inputOf, { id: `${id}:end` });
    expect((await waiting()).length).toBeLessThanOrEqual(2);
    await holder.query("rollback");
    holder.release();
    await pool.end();
    expect(new Set((await made).map(({ forkRun }) => forkRun.id)).size).toBe(5);
  });

  it("does anew the node and what it leads to, takes over the rest, and says what is not paid again", async () => {
    const t = await setup({ counted });
    const old = await finished(t, flow, { n: "1" });
    expect(old).toMatchObject({ status: "COMPLETED", outputText: "ask 11 beside" });
    const forked = await t.ask<Forked>(fork, { id: old.id, fromNode: "more" });
    expect(paths(forked)).toEqual(
      ["set COMPLETED", "beside COMPLETED", "ask COMPLETED", "more QUEUED"].toSorted((a, b) => order(forked, a) - order(forked, b)),
    );
    expect(forked.forkRun).toMatchObject({
      originRun: { id: old.id },
      input: { n: "1" },
      state: { n: "1" },
      usage: { modelCalls: 2 },
      reusedUsage: { modelCalls: 2, promptTokens: 20, completionTokens: 10 },
    });
    const { executeRun } = await t.ask<{ executeRun: object }>(execute, { id: forked.forkRun.id });
    expect(executeRun).toEqual({ run: { status: "COMPLETED", outputText: "ask 11 beside", state: { n: "11" }, errorCode: null } });
    expect(asked()).toEqual([1, 1]);
    // The whole of it again, of the forked one.
    const whole = await t.ask<Forked>(fork, { id: forked.forkRun.id, fromNode: "set" });
    expect(paths(whole)).toEqual(["beside COMPLETED", "set QUEUED"]);
    expect(whole.forkRun).toMatchObject({ state: {}, reusedUsage: { modelCalls: 1 } });
  });

  it("takes a patch of input and state, which NodeRun.input shows, in a retry of it too", async () => {
    const t = await setup({ counted });
    const failing = { ...flow, nodes: [...flow.nodes, { id: "last", type: "fail" }], edges: [...flow.edges, ...edges("end last")] };
    const old = await finished(t, failing, { n: "1", other: true });
    expect(old.status).toBe("FAILED");
    const patch = { input: { n: "2" }, state: { n: "7", extra: [1] } };
    const { forkRun } = await t.ask<Forked>(fork, { id: old.id, fromNode: "more", patch });
    expect(forkRun).toMatchObject({ input: { n: "2", other: true }, state: { n: "7", extra: [1] } });
    await t.ask(execute, { id: forkRun.id });
    const shown = { nodeRun: { input: { assignments: { n: "77" } } } };
    expect(await t.ask(inputOf, { id: `${forkRun.id}:more` })).toEqual(shown);
    const { retryRun } = await t.ask<{ retryRun: { id: string; state: object } }>(`mutation($id: ID!) { retryRun(id: $id) { id state } }`, {
      id: forkRun.id,
    });
    expect(retryRun.state).toEqual({ n: "77", extra: [1] });
    expect(await t.ask(inputOf, { id: `${retryRun.id}:more` })).toEqual(shown);
    expect(await t.ask(inputOf, { id: `${retryRun.id}:set` })).toEqual({ nodeRun: { input: { assignments: { n: "2" } } } });
  });

  it("keeps an iteration with what failed in it, or does it anew as a whole", async () => {
    const t = await setup({ counted });
    const body = { nodes: [{ id: "item", type: "counted", config: { fails: true } }], edges: [] };
    const dsl: TestDsl = {
      nodes: [
        { id: "each", type: "iteration", config: { items: [1, 2], on_item_error: "continue", body } },
        say("end", "{{ nodes.each.output | json }}"),
      ],
      edges: edges("each end"),
    };
    const old = await finished(t, dsl);
    expect(old).toMatchObject({ status: "COMPLETED", outputText: "[null,null]" });
    const after = await t.ask<Forked>(fork, { id: old.id, fromNode: "end" });
    expect(paths(after).toSorted()).toEqual([
      "each COMPLETED",
      "each#0 FAILED",
      "each#0/item FAILED",
      "each#1 FAILED",
      "each#1/item FAILED",
      "end QUEUED",
    ]);
    expect((await t.ask<{ executeRun: { run: object } }>(execute, { id: after.forkRun.id })).executeRun.run).toMatchObject({
      status: "COMPLETED",
      outputText: "[null,null]",
    });
    expect(calls.get("item")).toBe(2);
    const anew = await t.ask<Forked>(fork, { id: old.id, fromNode: "each" });
    expect(paths(anew)).toEqual(["each QUEUED"]);
    await t.ask(execute, { id: anew.forkRun.id });
    expect(calls.get("item")).toBe(4);
  });

  it("goes on on another version: what is beside and changed is done anew, what is before and changed is refused with all reasons", async () => {
    const t = await setup({ counted });
    const old = await finished(t, flow, { n: "1" });
    const change = (id: string, change: object, more: object[] = []) =>
      ({ ...flow, nodes: [...flow.nodes.map((node) => (node.id === id ? { ...node, ...change } : node)), ...more] }) as TestDsl;
    const workflow = { workflow: { id: "workflow-of-v-0", app: { id: "app-1" } } };
    const version = (id: string, dsl: TestDsl) => {
      t.graph.version(id, dsl);
      Object.assign(t.graph.versions.get(id)!, workflow);
      return id;
    };
    const newEnd = version("new-end", {
      ...change("end", say("end", "new {{ nodes.check.text }}{{ state.n }}"), [{ id: "check", type: "counted" }]),
      edges: [...flow.edges, ...edges("ask check", "check end")],
    });
    const forked = await t.ask<Forked>(fork, { id: old.id, fromNode: "end", version: newEnd });
    expect(forked.forkRun.workflowVersion).toEqual({ id: newEnd });
    expect(paths(forked).toSorted()).toEqual(["ask COMPLETED", "beside COMPLETED", "check QUEUED", "more COMPLETED", "set COMPLETED"]);
    const { executeRun } = await t.ask<{ executeRun: { run: { outputText: string } } }>(execute, { id: forked.forkRun.id });
    expect(executeRun.run.outputText).toMatch(/^new check of .{4}11$/);

    const besideNew = await t.ask<Forked>(fork, {
      id: old.id,
      fromNode: "more",
      version: version("beside", change("beside", { config: { x: 1 } })),
    });
    expect(paths(besideNew).toSorted()).toEqual(["ask COMPLETED", "beside QUEUED", "more QUEUED", "set COMPLETED"]);
    const tries = await t.ask<Forked>(fork, {
      id: old.id,
      fromNode: "more",
      version: version("retry", change("ask", { retry: { max_attempts: 3 } })),
    });
    expect(paths(tries)).toContain("ask COMPLETED");

    const refused: [string, TestDsl, Record<string, string>][] = [
      ["config", change("set", assign("set", { n: "x" })), { set: "config.assignments" }],
      ["type", change("ask", { type: "fail" }), { ask: "was counted and is fail" }],
      [
        "gone",
        { nodes: flow.nodes.filter(({ id }) => id !== "set"), edges: flow.edges.filter(({ source }) => source !== "set") },
        { set: "gone", ask: "other edges" },
      ],
      [
        "a node between",
        { nodes: [...flow.nodes, say("new", "x")], edges: [...edges("set new", "new ask"), ...flow.edges.slice(1)] },
        { ask: "other edges" },
      ],
      [
        "itself gone",
        { nodes: flow.nodes.filter(({ id }) => id !== "more"), edges: edges("set ask", "ask end", "beside end") },
        { more: "gone" },
      ],
    ];
    for (const [name, dsl, words] of refused) {
      const { code, reason, problems } = await t.refusal(fork, { id: old.id, fromNode: "more", version: version(name, dsl) });
      expect([name, code, reason]).toEqual([name, "CONFLICT", "FORK_INCOMPATIBLE"]);
      const found = Object.fromEntries((problems as { nodeId: string; message: string }[]).map(({ nodeId, message }) => [nodeId, message]));
      expect(Object.keys(found).toSorted()).toEqual(Object.keys(words).toSorted());
      for (const [id, word] of Object.entries(words)) expect(found[id]).toContain(word);
    }
    t.graph.version("of another workflow", flow);
    expect(await t.refusal(fork, { id: old.id, fromNode: "more", version: "of another workflow" })).toMatchObject({
      reason: "WORKFLOW_VERSION_OF_OTHER_WORKFLOW",
    });
  });

  it("names the whole of a mock's path that another version does not have, which its patch takes", async () => {
    const t = await setup({ counted });
    const long = "beside".repeat(10);
    const inner = { nodes: [{ id: `x${long}`, type: "transform", config: { template: "1" } }], edges: [] };
    const each = { id: `e${long}`, type: "iteration", config: { items: [1], body: inner } };
    const beside = { nodes: [...flow.nodes, each], edges: flow.edges };
    const path = `e${long}/x${long}`;
    const old = await t.create(beside, { mocks: { ask: "mocked", [path]: "b" } });
    await t.ask(execute, { id: old });
    t.graph.version("without", flow);
    Object.assign(t.graph.versions.get("without")!, { workflow: { id: "workflow-of-v-0", app: { id: "app-1" } } });
    const asking = { id: old, fromNode: "more", version: "without" };
    const { reason, problems, message } = await t.refusal(fork, asking);
    expect([reason, problems]).toEqual(["FORK_MOCKS_MISFIT", [{ path, message: expect.any(String) }]]);
    expect(message).toContain(`${path.slice(0, 80)}: the run has no node there`);
    const dropMocks = (problems as { path: string }[]).map((problem) => problem.path);
    expect(await t.ask<Forked>(fork, { ...asking, patch: { dropMocks } })).toMatchObject({ forkRun: { id: expect.any(String) } });
  });

  it("takes its mocks along, but for those that are left out, as their nodes are gone in the other version", async () => {
    const t = await setup({ counted });
    const old = await t.create(flow, { mocks: { ask: "mocked", beside: "b" } });
    await t.ask(execute, { id: old });
    const without = { nodes: flow.nodes.filter(({ id }) => id !== "beside"), edges: edges("set ask", "ask more", "more end") };
    t.graph.version("without", without);
    Object.assign(t.graph.versions.get("without")!, { workflow: { id: "workflow-of-v-0", app: { id: "app-1" } } });
    const asking = { id: old, fromNode: "more", version: "without" };
    expect(await t.refusal(fork, asking)).toMatchObject({
      code: "CONFLICT",
      reason: "FORK_MOCKS_MISFIT",
      problems: [{ path: "beside" }],
      message: expect.stringMatching(/beside: the run has no node there.*give their paths in patch\.dropMocks/),
    });
    expect(await t.refusal(fork, { ...asking, patch: { dropMocks: ["besid"] } })).toMatchObject({
      reason: "FORK_MOCK_UNKNOWN",
      message: expect.stringContaining("did you mean beside"),
    });
    expect(await t.refusal(fork, { ...asking, patch: { dropMocks: Array.from({ length: 1_001 }, () => "beside") } })).toMatchObject({
      reason: "MOCKS_TOO_MANY",
      message: expect.stringContaining("patch.dropMocks has 1001 paths"),
    });
    expect(await t.refusal(fork, { ...asking, version: null, patch: { dropMocks: ["beside"] } })).toMatchObject({
      reason: "FORK_MOCKS_FROZEN",
    });
    const { forkRun } = await t.ask<Forked>(fork, { ...asking, patch: { dropMocks: ["beside"] } });
    await t.ask(execute, { id: forkRun.id });
    const mocked = `query($id: ID!) { run(id: $id) { status nodeRuns(first: 50) { nodes { path isMocked } } } }`;
    const { run } = await t.ask<{ run: { status: string; nodeRuns: { nodes: { path: string; isMocked: boolean }[] } } }>(mocked, {
      id: forkRun.id,
    });
    expect(run.status).toBe("COMPLETED");
    expect(run.nodeRuns.nodes.filter(({ isMocked }) => isMocked)).toEqual([{ path: "ask", isMocked: true }]);
  });

  it("is refused, with a reason, where there is nothing to fork", async () => {
    const t = await setup({ counted });
    const branch: TestDsl = {
      nodes: [
        { id: "check", type: "if-else", config: { expression: "true" } },
        say("yes", "yes"),
        say("no", "no"),
        { id: "each", type: "iteration", config: { items: [1], body: { nodes: [say("in", "x")], edges: [] } } },
        { id: "stop", type: "fail" },
        say("never", "never"),
      ],
      edges: [
        { source: "check", target: "yes", condition: "true" },
        { source: "check", target: "no", condition: "false" },
        ...edges("each stop", "stop never"),
      ],
    };
    const { id } = await finished(t, branch);
    const open = await t.create(branch);
    for (const [asked, code, reason, words] of [
      [{ id, fromNode: "no" }, "CONFLICT", "FORK_NODE_NOT_RUN", "skipped"],
      [{ id, fromNode: "never" }, "CONFLICT", "FORK_NODE_NOT_RUN", "has not run"],
      [{ id, fromNode: "chek" }, "BAD_USER_INPUT", "FORK_NODE_UNKNOWN", "did you mean check"],
      [{ id, fromNode: "each#0/in" }, "BAD_USER_INPUT", "FORK_NODE_NESTED", "give each"],
      [{ id, fromNode: "each/in" }, "BAD_USER_INPUT", "FORK_NODE_NESTED", "give each"],
      [{ id: open, fromNode: "check" }, "CONFLICT", "RUN_NOT_FORKABLE", "QUEUED"],
      [{ id: "none", fromNode: "check" }, "NOT_FOUND", "RUN_NOT_FOUND", "none"],
    ] as const)
      expect(await t.refusal(fork, asked)).toMatchObject({ code, reason, message: expect.stringContaining(words) });
    expect(await t.refusal(fork, { id, fromNode: "check" }, { tenantId: "t2" })).toMatchObject({ reason: "RUN_NOT_FOUND" });
    expect(paths(await t.ask<Forked>(fork, { id, fromNode: "stop" })).toSorted()).toEqual([
      ...["check COMPLETED", "each COMPLETED", "each#0 COMPLETED", "each#0/in COMPLETED", "no SKIPPED", "stop QUEUED", "yes COMPLETED"],
    ]);
  });
});

describe("executeNode", () => {
  const alone = `mutation($version: ID!, $node: String!, $scope: NodeScopeInput) { executeNode(workflowVersionId: $version, nodeId: $node, scope: $scope) {
    path status outputText errorCode input run { status execution nodeRuns { edges { node { path isMocked } } } } } }`;

  it("executes one node over what it is said to see, and no other", async () => {
    const t = await setup({ counted });
    calls.clear();
    t.graph.version("v1", flow);
    const scope = { input: { n: 1 }, state: { n: "5" }, nodes: { ask: "asked", beside: { output: 1, text: "b c" } } };
    const { executeNode } = await t.ask<{ executeNode: object }>(alone, { version: "v1", node: "end", scope });
    expect(executeNode).toMatchObject({
      path: "end",
      status: "COMPLETED",
      outputText: "asked 5 b",
      run: { status: "COMPLETED", execution: "MANUAL" },
    });
    expect((executeNode as { run: { nodeRuns: { edges: unknown[] } } }).run.nodeRuns.edges).toEqual(
      [
        ["ask", true],
        ["beside", true],
        ["end", false],
      ].map(([path, isMocked]) => ({ node: { path, isMocked } })),
    );
    expect(asked()).toEqual([0, 0]);
    expect(await t.ask(alone, { version: "v1", node: "more", scope: { state: { n: "ab" } } })).toMatchObject({
      executeNode: { input: { assignments: { n: "abab" } } },
    });
    // What failed before it is there to be seen, whether its own document handles that or not.
    const failed = { nodes: { ask: { error: { code: "TOOL_HTTP_ERROR", message: "500" } } } };
    const seeing = (more: object) => ({
      nodes: [{ id: "ask", type: "fail", ...more }, say("told", "{{ nodes.ask.error.code }}|{{ nodes.ask.text }}")],
      edges: edges("ask told"),
    });
    for (const [version, more, outputText] of [
      ["plain", {}, "TOOL_HTTP_ERROR|"],
      ["branches", { on_error: "branch" }, "TOOL_HTTP_ERROR|"],
      ["default", { on_error: { default: { output_text: "instead" } } }, "TOOL_HTTP_ERROR|instead"],
    ] as const) {
      t.graph.version(version, seeing(more));
      expect(await t.ask(alone, { version, node: "told", scope: failed })).toMatchObject({
        executeNode: { path: "told", status: "COMPLETED", outputText, run: { status: "COMPLETED" } },
      });
    }
    for (const [asked, reason, words] of [
      [{ version: "v1", node: "ent" }, "EXECUTED_NODE_UNKNOWN", "did you mean end"],
      [{ version: "v1", node: "end", scope: { nodes: { aks: 1 } } }, "MOCK_PATH_UNKNOWN", "scope.nodes"],
      [{ version: "v1", node: "end", scope: { nodes: { end: 1 } } }, "EXECUTED_NODE_MOCKED", "Leave it out"],
      [{ version: "none", node: "end" }, "WORKFLOW_VERSION_NOT_FOUND", "none"],
    ] as const)
      expect(await t.refusal(alone, asked)).toMatchObject({ reason, message: expect.stringContaining(words) });
  });
});

describe("run and session in scope", () => {
  const seen = "{{ run.id }}|{{ run.now }}|{{ session.id }}|{{ session.history | json }}";
  const inner: TestDsl = { nodes: [say("in", "{{ run.id }}|{{ run.now }}")], edges: [] };
  const dsl: TestDsl = {
    nodes: [
      say("a", seen),
      { id: "check", type: "if-else", config: { expression: "session.history.size() == 2 && run.id != ''" } },
      { id: "sub", type: "sub-workflow", config: { workflow_version_id: "inner" } },
      { id: "stop", type: "fail" },
      say("b", seen),
    ],
    edges: [...edges("a check", "sub stop", "stop b"), { source: "check", target: "sub", condition: "true" }],
    session_history: { messages: 2 },
  };

  it("are read once, when the run is created, and the same for every owner, in NodeRun.input and in a new run of it", async () => {
    const t = await setup({ counted });
    t.graph.version("inner", inner);
    const said = ["USER one", "ASSISTANT two", "TOOL x", "USER three", "ASSISTANT four", "USER what?"];
    t.graph.history.push(
      ...said.map((text, n) => ({ id: String(n), role: text.split(" ")[0]!, content: text.split(" ").slice(1).join(" ") })),
    );
    const id = await t.create(dsl, { sessionId: "s1", input: { query: "what?" } });
    t.graph.history.push({ id: "later", role: "ASSISTANT", content: "later" });
    const { run } = (await t.ask<{ executeRun: { run: { status: string; errorCode: string } } }>(execute, { id })).executeRun;
    expect(run).toMatchObject({ status: "FAILED", errorCode: "TEST_FAILURE" });
    const [{ created_at: createdAt } = {}] = await rows(t, "select created_at from runtime.run where id = $1", [id]);
    const now = new Date(createdAt as string).toISOString();
    const history = JSON.stringify([
      { role: "user", content: "three" },
      { role: "assistant", content: "four" },
    ]);
    const texts = async (runId: string, ...paths: string[]) =>
      Promise.all(
        paths.map(
          async (path) =>
            (
              await t.ask<{ nodeRun: { outputText: string } }>(`query($id: ID!) { nodeRun(id: $id) { outputText } }`, {
                id: `${runId}:${path}`,
              })
            ).nodeRun.outputText,
        ),
      );
    expect(await texts(id, "a", "sub/in")).toEqual([`${id}|${now}|s1|${history}`, `${id}|${now}`]);
    expect(await t.ask(inputOf, { id: `${id}:a` })).toEqual({ nodeRun: { input: { answer: `${id}|${now}|s1|${history}` } } });
    const { forkRun } = await t.ask<Forked>(fork, { id, fromNode: "sub" });
    await t.ask(execute, { id: forkRun.id });
    expect(await texts(forkRun.id, "sub/in")).toEqual([`${forkRun.id}|${now}`]);
    expect(await t.ask(inputOf, { id: `${forkRun.id}:b` })).toEqual({ nodeRun: null });
  });

  it("are of a session whose messages are too large to be read together, as many as can be", async () => {
    const t = await setup();
    t.graph.history.push(...Array.from({ length: 40 }, (_, n) => ({ id: String(n), role: "USER", content: `m${n}` })));
    t.graph.mostRead = 3;
    const answer = "{{ session.history | map: 'content' | json }}";
    const id = await t.create({ nodes: [say("a", answer)], edges: [], session_history: { messages: 30 } }, { sessionId: "s1" });
    expect((await t.ask<{ executeRun: { run: object } }>(execute, { id })).executeRun.run).toMatchObject({
      outputText: '["m37","m38","m39"]',
    });
    t.graph.mostRead = 0;
    const none = await t.create({ nodes: [say("a", answer)], edges: [], session_history: { messages: 30 } }, { sessionId: "s1" });
    expect((await t.ask<{ executeRun: { run: object } }>(execute, { id: none })).executeRun.run).toMatchObject({ outputText: "[]" });
  });

  it.each<[string, object | undefined, string[], string]>([
    ["without session_history there is none", undefined, ["USER a"], "[]"],
    ["tokens count four characters", { tokens: 2 }, ["USER 12345678", "ASSISTANT 1234", "USER 4567"], '["1234","4567"]'],
    ["at most 256 KiB", { messages: 200, tokens: 65536 }, ["USER old", `ASSISTANT ${"é".repeat(132_000)}`, "USER new"], '["new"]'],
    ["an answered question is part of it", {}, ["USER q", "ASSISTANT a"], '["q","a"]'],
    ["an empty answer is none of it, and answers all the same", {}, ["USER q", "ASSISTANT "], '["q"]'],
  ])("%s", async (_, session_history, said, contents) => {
    const t = await setup();
    t.graph.history.push(
      ...said.map((text, n) => ({ id: String(n), role: text.split(" ")[0]!, content: text.split(" ").slice(1).join(" ") })),
    );
    const answer = "{{ session.history | map: 'content' | json }}";
    const id = await t.create(
      { nodes: [say("a", answer)], edges: [], ...(session_history && { session_history }) },
      { sessionId: "s1", input: { query: "q" } },
    );
    expect((await t.ask<{ executeRun: { run: object } }>(execute, { id })).executeRun.run).toMatchObject({ outputText: contents });
  });
});

function order({ forkRun }: Forked, text: string): number {
  return forkRun.nodeRuns.edges.findIndex(({ node }) => `${node.path} ${node.status}` === text);
}
