/** What waits for somebody, through the runtime's own graph: whoever is alive, wherever it stands, whosever it is. */
import { open, take } from "./event-stream.ts";
import { chain, rows, setup, type TestDsl, type TestRuntime } from "./setup.ts";

const run = `mutation($id: ID!) { executeRun(id: $id, input: { workerKey: "w", maxSteps: 50 }) { stopReason run { status } executed { path } } }`;
const executeNode = `mutation($id: ID!) { executeNodeRun(id: $id, input: { workerKey: "w" }) { path status } }`;
const resume = `mutation($id: ID!, $input: ResumeNodeRunInput!) { resumeNodeRun(id: $id, input: $input) { status waitReason answeredBy } }`;
const setNode = `mutation($id: ID!, $input: UpdateNodeRunStatusInput!) { updateNodeRunStatus(id: $id, input: $input) { status } }`;
const seen = `query($id: ID!) { run(id: $id) { status outputText nodeRuns(first: 50) { nodes { path status waitReason answeredBy errorCode outputJson } } } }`;
const inbox = `query($filter: WaitingNodeRunFilter, $first: Int, $after: String, $last: Int, $before: String) {
  waitingNodeRuns(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
    nodes { id waiting { reason link callbackUrl } } pageInfo { hasNextPage endCursor hasPreviousPage startCursor } } }`;

interface Inbox {
  waitingNodeRuns: {
    nodes: { id: string; waiting: { reason: string; link: string | null } | null }[];
    pageInfo: { hasNextPage: boolean; endCursor: string; startCursor: string };
  };
}
interface Seen {
  run: { status: string; outputText: string | null; nodeRuns: { nodes: { path: string; status: string; waitReason: string | null }[] } };
}

const human = (id: string, config: object = {}) => ({ id, type: "human-input", config: { text: "Yes?", ...config } });
const asking: TestDsl = {
  nodes: [human("ask", { actions: [{ id: "yes" }, { id: "no" }] }), ...chain("good").nodes, ...chain("bad").nodes],
  edges: [
    { source: "ask", target: "good", condition: "yes" },
    { source: "ask", target: "bad", condition: "no" },
  ],
};
const calling = (config: object = {}, more: object = {}): TestDsl => ({
  nodes: [{ id: "pay", type: "tool", config: { tool_id: "tool-1", arguments: { amount: "{{ input.amount }}" }, ...config }, ...more }],
  edges: [],
});

const tool = { id: "tool-1", code: "pay", status: "ACTIVE", deletedAt: null, latestVersion: { id: "version-1" } };

async function started(t: TestRuntime, dsl: TestDsl, more: object = {}): Promise<string> {
  const id = await t.create(dsl, { execution: "WORKERS", ...more });
  await t.ask(run, { id });
  return id;
}

const list = async (t: TestRuntime, variables: object = {}, tenantId = "t1") =>
  (await t.ask<Inbox>(inbox, variables as Record<string, unknown>, { tenantId })).waitingNodeRuns;
const idsOf = ({ nodes }: Inbox["waitingNodeRuns"]) => nodes.map(({ id }) => id);

/** With a worker, until it has ended. */
async function finished(t: TestRuntime, id: string): Promise<Seen["run"]> {
  const stream = await open(t, `subscription($id: ID!) { runEvents(runId: $id) { type } }`, { id });
  await take(stream);
  return (await t.ask<Seen>(seen, { id })).run;
}

describe("an answer", () => {
  it("is taken while no worker lives, and the run goes on with the next that comes", async () => {
    const t = await setup();
    const id = await started(t, asking);
    const info = { subject: "key:ann" };
    expect(await t.ask(resume, { id: `${id}:ask`, input: { action: "no" } }, info)).toMatchObject({
      resumeNodeRun: { status: "COMPLETED", answeredBy: "key:ann" },
    });
    expect((await t.ask<Seen>(seen, { id })).run).toMatchObject({ status: "QUEUED" });
    expect(await t.refusal(resume, { id: `${id}:ask`, input: { action: "yes" } })).toMatchObject({
      code: "CONFLICT",
      answeredBy: "key:ann",
      message: expect.stringContaining("was answered by key:ann at 20"),
    });
    t.startWorker();
    const { nodeRuns, ...ended } = await finished(t, id);
    expect(ended).toEqual({ status: "COMPLETED", outputText: "text of bad" });
    expect(nodeRuns.nodes.find(({ path }) => path === "good")?.status).toBe("SKIPPED");
  });

  it("from an outside executor takes a route that the node has, and is checked as any other", async () => {
    const t = await setup();
    const form = { type: "object", properties: { n: { type: "integer" } }, additionalProperties: false };
    const id = await started(t, {
      ...asking,
      nodes: [human("ask", { form, actions: [{ id: "yes" }, { id: "no" }] }), ...asking.nodes.slice(1)],
    });
    const complete = (outputJson: object) => ({ id: `${id}:ask`, input: { status: "COMPLETED", outputJson } });
    expect(await t.refusal(setNode, complete({ n: 1 }))).toMatchObject({ reason: "ACTION_UNKNOWN" });
    expect(await t.refusal(setNode, complete({ n: "x", route: "yes" }))).toMatchObject({ reason: "ANSWER_INVALID" });
    expect(await t.ask(setNode, complete({ n: 1, route: "yes" }))).toMatchObject({ updateNodeRunStatus: { status: "COMPLETED" } });
    expect(await t.ask(seen, { id })).toMatchObject({
      run: { nodeRuns: { nodes: expect.arrayContaining([expect.objectContaining({ path: "ask", outputJson: { n: 1, action: "yes" } })]) } },
    });
  });

  it("keeps what was filled in, and takes no second word for the action", async () => {
    const t = await setup();
    const form = { type: "object", $ref: "#/$defs/way", $defs: { way: { properties: { route: { type: "string" } } } } };
    const dsl: TestDsl = { nodes: [human("ask", { form, actions: [{ id: "yes" }, { id: "no" }] })], edges: [] };
    const ask = `${await started(t, dsl)}:ask`;
    const wrong: [object, object][] = [
      [{ outputJson: { route: "yes" } }, { reason: "ACTION_UNKNOWN" }],
      [
        { action: "yes", outputJson: { action: "no" } },
        { reason: "ANSWER_INVALID", problems: [{ field: "/action" }] },
      ],
    ];
    for (const [input, refusal] of wrong) expect(await t.refusal(resume, { id: ask, input })).toMatchObject(refusal);
    await t.ask(resume, { id: ask, input: { action: "yes", outputJson: { route: "no", action: "yes" } } });
    const output = `query($id: ID!) { nodeRun(id: $id) { outputJson } }`;
    expect(await t.ask(output, { id: ask })).toEqual({ nodeRun: { outputJson: { route: "no", action: "yes" } } });
  });

  it("is for one item of an iteration, and its run rests until each has its own", async () => {
    const t = await setup();
    const body = {
      nodes: [human("ask", { text: "{{ item }}?", form: { type: "object", properties: { n: { type: "integer" } } } })],
      edges: [],
    };
    const each: TestDsl = { nodes: [{ id: "each", type: "iteration", config: { items: ["a", "b"], parallel: 2, body } }], edges: [] };
    const id = await started(t, each);
    expect((await t.ask<Seen>(seen, { id })).run.status).toBe("WAITING");
    expect(idsOf(await list(t, { filter: { runId: id } })).toSorted()).toEqual([`${id}:each#0/ask`, `${id}:each#1/ask`]);
    await t.ask(resume, { id: `${id}:each#1/ask`, input: { outputJson: { n: 2 } } });
    expect(idsOf(await list(t))).toEqual([`${id}:each#0/ask`]);
    await t.ask(resume, { id: `${id}:each#0/ask`, input: { outputJson: { n: 1 } } });
    await t.ask(run, { id });
    expect(await t.ask(`query($id: ID!) { run(id: $id) { status outputJson } }`, { id })).toEqual({
      run: { status: "COMPLETED", outputJson: [{ n: 1 }, { n: 2 }] },
    });
  });

  it("is no more wanted of a run that was cancelled, and is kept by the run that is made of a failed one", async () => {
    const t = await setup();
    const cancelled = await started(t, asking);
    await t.ask(`mutation($id: ID!) { cancelRun(id: $id) { id } }`, { id: cancelled });
    expect(idsOf(await list(t))).toEqual([]);
    expect(await t.refusal(resume, { id: `${cancelled}:ask`, input: { action: "yes" } })).toMatchObject({
      code: "CONFLICT",
      answeredBy: null,
    });
    const failing: TestDsl = {
      nodes: [human("ask", { form: { type: "object" } }), { id: "f", type: "fail" }],
      edges: [{ source: "ask", target: "f" }],
    };
    const id = await started(t, failing);
    await t.ask(resume, { id: `${id}:ask`, input: { outputJson: { kept: 1 } } });
    await t.ask(run, { id });
    const { retryRun } = await t.ask<{ retryRun: { id: string } }>(`mutation($id: ID!) { retryRun(id: $id) { id } }`, { id });
    expect(await t.ask(seen, { id: retryRun.id })).toMatchObject({
      run: {
        nodeRuns: {
          nodes: expect.arrayContaining([
            expect.objectContaining({ path: "ask", status: "COMPLETED", outputJson: { kept: 1 }, answeredBy: "anonymous" }),
          ]),
        },
      },
    });
  });
});

describe("the inbox", () => {
  it("is the tenant's own, paged and filtered, the longest waiting first", async () => {
    const t = await setup();
    t.graph.tools.set("tool-1", tool);
    const ids: string[] = [];
    for (const assignee of ["ann", "bob", "ann"])
      ids.push(`${await started(t, { nodes: [human("ask", { assignees: [assignee] })], edges: [] })}:ask`);
    ids.push(`${await started(t, calling({ requires_approval: true }), { input: { amount: 1 } })}:pay`);
    ids.push(`${await started(t, { nodes: [{ id: "wait", type: "callback", config: { wait_seconds: 3_600 } }], edges: [] })}:wait`);
    // Nobody outside can answer a timer.
    await started(t, { nodes: [{ id: "pause", type: "delay", config: { seconds: 3_600 } }], edges: [] });
    expect(idsOf(await list(t))).toEqual(ids);
    const first = await list(t, { first: 2 });
    expect(first.pageInfo.hasNextPage).toBe(true);
    expect(idsOf(await list(t, { first: 9, after: first.pageInfo.endCursor }))).toEqual(ids.slice(2));
    expect(idsOf(await list(t, { last: 2 }))).toEqual(ids.slice(3));
    expect(idsOf(await list(t, { last: 2, before: first.pageInfo.endCursor }))).toEqual(ids.slice(0, 1));
    expect(await t.refusal(inbox, { after: "nonsense" })).toMatchObject({ reason: "CURSOR_INVALID" });
    const filtered = async (filter: object) => idsOf(await list(t, { filter }));
    expect(await filtered({ assignee: "ann" })).toEqual([ids[0], ids[2]]);
    expect(await filtered({ reasons: ["APPROVAL", "CALLBACK"] })).toEqual(ids.slice(3));
    expect(await filtered({ reasons: [] })).toEqual([]);
    expect(await filtered({ appId: "app-1" })).toEqual(ids);
    expect(await filtered({ appId: "app-2" })).toEqual([]);
    expect(await filtered({ deadlineBefore: new Date(Date.now() + 7_200_000) })).toEqual([ids[4]]);
    expect(await filtered({ deadlineBefore: new Date() })).toEqual([]);
    expect(await filtered({ assignee: "a\u0000" })).toEqual([]);
    expect(idsOf(await list(t, {}, "t2"))).toEqual([]);
    // A link is for whoever may answer.
    const reader = { scopes: ["run:read"], subject: "key:reader" };
    expect(await t.refusal(inbox, {}, reader)).toMatchObject({ code: "FORBIDDEN", reason: "LINK_SCOPE_MISSING", scope: "run:write" });
  });

  it("tells whoever listens of what comes, once, and of no other tenant's", async () => {
    const t = await setup();
    await started(t, asking);
    const added = `subscription($filter: WaitingNodeRunFilter) { waitingNodeRunAdded(filter: $filter) { id status waiting { reason } } }`;
    const all = await open(t, added, {});
    const anns = await open(t, added, { filter: { assignee: "ann" } });
    const others = await open(t, added, {}, "t2");
    const one = await started(t, asking);
    const two = await started(t, { nodes: [human("ask", { assignees: ["ann"] })], edges: [] });
    expect(await take(all, 2)).toEqual([one, two].map((id) => ({ id: `${id}:ask`, status: "WAITING", waiting: { reason: "PERSON" } })));
    expect(await take<{ id: string }>(anns, 1)).toMatchObject([{ id: `${two}:ask` }]);
    const silent = others.next();
    await Promise.all([all.return?.(), anns.return?.(), others.return?.()]);
    expect(await silent).toMatchObject({ done: true });
  });
});

describe("a call that waits for an approval", () => {
  const approved = { status: "WAITING", waitReason: "APPROVED", answeredBy: "anonymous" };

  it("is stored as decided first, with no worker alive, and is made once by the next that comes, with what was decided, over a failure too", async () => {
    const t = await setup();
    t.graph.tools.set("tool-1", tool);
    t.graph.inputSchemas.set("version-1", { type: "object", properties: { amount: { type: "integer" } } });
    t.graph.toolStatuses.push(503);
    const dsl = calling({ requires_approval: "arguments.amount > 10" }, { retry: { max_attempts: 2, backoff_seconds: 0 } });
    const id = await started(t, dsl, { input: { amount: 50 } });
    const answer = (input: object) => ({ id: `${id}:pay`, input });
    expect(await t.refusal(resume, answer({ decision: "APPROVE", arguments: { amount: "x" } }))).toMatchObject({
      reason: "ANSWER_INVALID",
      field: "arguments",
      problems: [{ field: "/amount" }],
    });
    expect(await t.refusal(resume, answer({ decision: "REJECT", arguments: { amount: 1 } }))).toMatchObject({ reason: "OUTPUT_NOT_ASKED" });
    expect(await t.ask(resume, answer({ decision: "APPROVE", arguments: { amount: 40 } }))).toEqual({ resumeNodeRun: approved });
    expect(t.graph.toolCalls).toEqual([]);
    expect(await rows(t, "select approval, wait_reason from runtime.node_run where run_id = $1", [id])).toMatchObject([
      { wait_reason: "APPROVED", approval: { decision: "APPROVE", arguments: { amount: 40 }, by: "anonymous" } },
    ]);
    expect(idsOf(await list(t))).toEqual([]);
    expect(await t.refusal(resume, answer({ decision: "REJECT" }))).toMatchObject({ code: "CONFLICT", answeredBy: "anonymous" });
    t.startWorker();
    expect((await finished(t, id)).status).toBe("COMPLETED");
    expect(t.graph.toolCalls.map((call) => call.arguments)).toEqual([{ amount: 40 }, { amount: 40 }]);
    expect(new Set(t.graph.toolCalls.map((call) => call.idempotencyKey)).size).toBe(1);
  });

  it("is asked for where the binding says so, whatever the node says, and a node that names the version is asked too", async () => {
    const t = await setup();
    t.graph.bindings.set("b", {
      id: "b",
      deletedAt: null,
      config: { requires_approval: "arguments.amount > 10" },
      tool,
      toolVersion: null,
    });
    for (const more of [
      {},
      { requires_approval: false },
      { requires_approval: "arguments.amount > 100" },
      { tool_version_id: "version-1" },
    ]) {
      const id = await started(t, calling({ tool_id: undefined, tool_binding_id: "b", ...more }), { input: { amount: 20 } });
      expect((await t.ask<Seen>(seen, { id })).run.nodeRuns.nodes).toMatchObject([{ path: "pay", waitReason: "APPROVAL" }]);
    }
    const free = await started(t, calling({ tool_id: undefined, tool_binding_id: "b" }), { input: { amount: 5 } });
    expect((await t.ask<Seen>(seen, { id: free })).run.status).toBe("COMPLETED");
    expect(t.graph.toolCalls).toHaveLength(1);
  });

  it.each([
    ["its id", { tool_id: "tool-1" }],
    ["its code", { tool_id: undefined, tool_code: "pay" }],
    ["a binding", { tool_id: undefined, tool_binding_id: "b" }],
    ["a version of it", { tool_id: undefined, tool_version_id: "version-1" }],
    ["its id, and by another's code, which is not called", { tool_id: "tool-1", tool_code: "harmless" }],
  ])("says the code of the tool, which a node names by %s", async (_what, named) => {
    const t = await setup();
    t.graph.tools.set("tool-1", tool);
    t.graph.bindings.set("b", { id: "b", deletedAt: null, config: {}, tool: tool, toolVersion: null });
    const id = await started(t, calling({ ...named, requires_approval: true }), { input: { amount: 20 } });
    const shown = "query($id: ID!) { nodeRun(id: $id) { waiting { toolName } } }";
    expect(await t.ask(shown, { id: `${id}:pay` })).toEqual({ nodeRun: { waiting: { toolName: "pay" } } });
    await t.ask(resume, { id: `${id}:pay`, input: { decision: "APPROVE" } });
    await t.ask(run, { id });
    expect(t.graph.toolCalls).toHaveLength(1);
  });

  it("of a plain request shows no credential, changes parts of that request alone, and what was hidden is left or written whole", async () => {
    const t = await setup();
    const url = "http://127.0.0.1:1/x?api_key=S3CRET";
    const plain = {
      tool_id: undefined,
      arguments: undefined,
      url: "http://127.0.0.1:1/x?api_key={{ input.k }}",
      method: "POST",
      body: { a: 1 },
    };
    const id = await started(t, calling({ ...plain, requires_approval: true }), { input: { k: "S3CRET" } });
    const { waiting } = (
      await t.ask<{ nodeRun: { waiting: { toolName: string; arguments: { url: string } } } }>(
        `query($id: ID!) { nodeRun(id: $id) { waiting { toolName arguments } } }`,
        { id: `${id}:pay` },
      )
    ).nodeRun;
    expect(waiting.toolName).toBe("http://127.0.0.1:1/x?api_key=***");
    const approve = (args: object) => ({ id: `${id}:pay`, input: { decision: "APPROVE", arguments: args } });
    for (const [field, args] of [
      ["/tool_binding_id", { url, tool_binding_id: "b" }],
      ["/headers", { headers: { "x-a": "b" } }],
      ["/zz", { zz: 1 }],
      ["/method", { method: "NOPE" }],
      ["/url", { url: "" }],
      ["/url", { url: "http://127.0.0.1:1/other?api_key=***" }],
      ["/query", { query: { token: "***" } }],
      ["/url", { url: "http://127.0.0.2:1/x" }],
      ["/url", { url: "//127.0.0.2:1/x" }],
      ["/url", { url: "/x" }],
      ["/url", { url: "http://u:p@127.0.0.1:1/x" }],
      ["/path", { path: "/y" }],
      ["/base_url", { base_url: "http://127.0.0.1:1" }],
    ] as const)
      expect(await t.refusal(resume, approve(args))).toMatchObject({ reason: "ANSWER_INVALID", field: "arguments", problems: [{ field }] });
    await t.ask(resume, approve({ ...waiting.arguments, body: { a: 2 } }));
    await t.ask(run, { id });
    expect(t.graph.toolCalls).toMatchObject([{ config: { url, method: "POST", body: { a: 2 } } }]);
    expect(t.graph.toolCalls[0]).not.toHaveProperty("toolBindingId");
  });

  it("of a base_url and a path takes either of them, or a url instead, and no path that climbs", async () => {
    const t = await setup();
    const [base_url, path] = ["http://127.0.0.1:1/v1", "/orders"];
    const id = await started(t, calling({ tool_id: undefined, arguments: undefined, base_url, path, requires_approval: true }));
    const approve = (args: object) => ({ id: `${id}:pay`, input: { decision: "APPROVE", arguments: args } });
    for (const [field, args] of [
      ["/path", { url: `${base_url}/a`, path: "/b" }],
      ["/base_url", { url: `${base_url}/a`, base_url: "http://127.0.0.1:1/v2" }],
      ["/path", { path: "/../users" }],
      ["/path", { path: "a/%2e%2E\\b?x=1" }],
    ] as const)
      expect(await t.refusal(resume, approve(args))).toMatchObject({ reason: "ANSWER_INVALID", field: "arguments", problems: [{ field }] });
    await t.ask(resume, approve({ base_url, path: "/refunds?up=.." }));
    await t.ask(run, { id });
    expect(t.graph.toolCalls).toMatchObject([{ config: { base_url, path: "/refunds?up=.." } }]);
  });

  it("is made with the request that was shown, whatever its templates would give by then; of a tool without arguments that is changed", async () => {
    const t = await setup();
    t.graph.tools.set("tool-1", tool);
    t.graph.inputSchemas.set("version-1", { type: "object", required: ["amount"] });
    const given = { id: "before", type: "assigner", config: { assignments: { p: "BEFORE" } } };
    const request = { path: "/pay/{{ state.p }}", body: { to: "{{ state.p }}" }, requires_approval: true };
    const waits = calling(request).nodes[0]!;
    const bare = { ...calling({ ...request, arguments: undefined }).nodes[0]!, id: "bare" };
    const nodes = [given, waits, bare, human("hold"), { id: "after", type: "assigner", config: { assignments: { p: "AFTER" } } }];
    const edges = [...["pay", "bare", "hold"].map((target) => ({ source: "before", target })), { source: "hold", target: "after" }];
    const id = await started(t, { nodes, edges }, { input: { amount: 5 } });
    await t.ask(resume, { id: `${id}:hold`, input: {} });
    await t.ask(run, { id });
    const text = await t.ask<{ nodeRun: unknown }>(`query($id: ID!) { nodeRun(id: $id) { waiting { text arguments } } }`, {
      id: `${id}:pay`,
    });
    expect(text.nodeRun).toEqual({ waiting: { text: expect.stringContaining('"/pay/BEFORE"'), arguments: { amount: 5 } } });
    await t.ask(resume, { id: `${id}:pay`, input: { decision: "APPROVE" } });
    await t.ask(resume, { id: `${id}:bare`, input: { decision: "APPROVE", arguments: { body: { to: "ann" } } } });
    await t.ask(run, { id });
    expect(t.graph.toolCalls).toHaveLength(2);
    expect(t.graph.toolCalls).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ arguments: { amount: 5 }, config: { path: "/pay/BEFORE", body: { to: "BEFORE" } } }),
        expect.objectContaining({ config: { path: "/pay/BEFORE", body: { to: "ann" } } }),
      ]),
    );
  });

  it("is not made by the back door of a MANUAL run, nor in an item of an iteration before it was approved of; being asked is no step", async () => {
    const t = await setup();
    t.graph.tools.set("tool-1", tool);
    const manual = await t.create(calling({ requires_approval: true }), { input: { amount: 1 } });
    await t.ask(executeNode, { id: `${manual}:pay` });
    expect(await t.refusal(setNode, { id: `${manual}:pay`, input: { status: "COMPLETED" } })).toMatchObject({ code: "CONFLICT" });
    expect((await t.ask<Seen>(seen, { id: manual })).run.status).toBe("WAITING");
    expect(await t.ask(resume, { id: `${manual}:pay`, input: { decision: "APPROVE" } })).toEqual({ resumeNodeRun: approved });
    expect(await t.ask(executeNode, { id: `${manual}:pay` })).toMatchObject({ executeNodeRun: { status: "COMPLETED" } });
    expect(t.graph.toolCalls.map((call) => call.arguments)).toEqual([{ amount: 1 }]);

    const allowed = await t.create(calling({ requires_approval: "arguments.amount > 10" }), { input: { amount: 2 } });
    expect(await t.ask(executeNode, { id: `${allowed}:pay` })).toMatchObject({ executeNodeRun: { status: "COMPLETED" } });

    const body = { nodes: calling({ requires_approval: true, arguments: { amount: "{{ item }}" } }).nodes, edges: [] };
    const id = await started(t, { nodes: [{ id: "each", type: "iteration", config: { items: [7, 8], parallel: 2, body } }], edges: [] });
    await t.ask(resume, { id: `${id}:each#1/pay`, input: { decision: "APPROVE" } });
    await t.ask(run, { id });
    expect(t.graph.toolCalls.map((call) => call.arguments)).toEqual([{ amount: 1 }, { amount: 2 }, { amount: 8 }]);
    expect(await t.ask(resume, { id: `${id}:each#0/pay`, input: { decision: "REJECT" } })).toMatchObject({
      resumeNodeRun: { status: "FAILED" },
    });
  });
});
