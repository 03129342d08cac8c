import { chain, setup, type TestRuntime } from "./setup.ts";

const setNode = `mutation($id: ID!, $input: UpdateNodeRunStatusInput!) { updateNodeRunStatus(id: $id, input: $input) {
  status workerKey waitReason outputText outputJson errorCode errorMessage run { status } } }`;
const setRun = `mutation($id: ID!, $status: RunStatus!) { updateRunStatus(id: $id, status: $status) { status endedAt } }`;
const cancel = `mutation($id: ID!) { cancelRun(id: $id, reason: "enough") { status cancelReason endedAt } }`;
const resume = `mutation($id: ID!, $input: ResumeNodeRunInput!) { resumeNodeRun(id: $id, input: $input) { status outputText outputJson run { status } } }`;
const retry = `mutation($id: ID!) { retryRun(id: $id) { id status originRun { id status } nodeRuns { edges { node { nodeId status outputText } } } } }`;
const execute = `mutation($id: ID!) { executeRun(id: $id, input: { workerKey: "w" }) { stopReason run { status outputText } } }`;

const queued = async (t: TestRuntime, id: string) => {
  const { run } = await t.ask<{ run: { nodeRuns: { edges: { node: { nodeId: string } }[] } } }>(
    `query($id: ID!) { run(id: $id) { nodeRuns(status: [QUEUED]) { edges { node { nodeId } } } } }`,
    { id },
  );
  return run.nodeRuns.edges.map(({ node }) => node.nodeId);
};

describe("executors outside", () => {
  it("S-28, S-31, S-33, S-42: take a node of a MANUAL run, complete it, and its successor is queued", async () => {
    const t = await setup();
    const id = await t.create(chain("a", "b"));
    const taken = await t.ask(setNode, { id: `${id}:a`, input: { status: "RUNNING", workerKey: "outside" } });
    expect(taken).toMatchObject({
      updateNodeRunStatus: { status: "RUNNING", workerKey: "outside", waitReason: null, run: { status: "RUNNING" } },
    });
    const done = await t.ask(setNode, {
      id: `${id}:a`,
      input: { status: "COMPLETED", workerKey: "outside", outputText: "t", outputJson: { x: 1 } },
    });
    expect(done).toMatchObject({
      updateNodeRunStatus: { status: "COMPLETED", workerKey: "outside", outputText: "t", outputJson: { x: 1 } },
    });
    expect(await queued(t, id)).toEqual(["b"]);
    expect(await t.ask(setNode, { id: `${id}:b`, input: { status: "COMPLETED" } })).toMatchObject({
      updateNodeRunStatus: { run: { status: "COMPLETED" } },
    });
  });

  it.each(["RUNNING", "COMPLETED", "FAILED", "SKIPPED"])(
    "S-28: of several that set a node to %s in one moment one has done it",
    async (status) => {
      const t = await setup();
      const id = await t.create(chain("a", "b"));
      const keys = ["k1", "k2", "k3"];
      const set = async (workerKey: string) => {
        const variables = { id: `${id}:a`, input: { status, workerKey } };
        const { data, errors } = await t.subgraph.execute({ query: setNode, variables, info: { tenantId: "t1", requestId: "r" } });
        return errors?.[0]?.extensions["reason"] ?? (data as { updateNodeRunStatus: { workerKey: string } }).updateNodeRunStatus.workerKey;
      };
      const told = await Promise.all(keys.map(set));
      const { nodeRun } = await t.ask<{ nodeRun: { workerKey: string } }>(`query($id: ID!) { nodeRun(id: $id) { workerKey } }`, {
        id: `${id}:a`,
      });
      expect(told).toEqual(keys.map((key) => (key === nodeRun.workerKey ? key : "NODE_RUN_NOT_SETTABLE")));
    },
  );

  it("S-34: the route of a branch that was decided outside is its outputJson.route", async () => {
    const t = await setup();
    const id = await t.create({
      nodes: [{ id: "check", type: "if-else", config: { expression: "true" } }, ...chain("yes", "no").nodes],
      edges: [
        { source: "check", target: "yes", condition: "true" },
        { source: "check", target: "no", condition: "false" },
      ],
    });
    await t.ask(setNode, { id: `${id}:check`, input: { status: "COMPLETED", outputJson: { condition_result: false, route: "false" } } });
    expect(await queued(t, id)).toEqual(["no"]);
  });

  it("a route that no edge has is refused, as is one that is no text; nodes without conditions ignore routes", async () => {
    const t = await setup();
    const branching = (conditions: string[]) => ({
      nodes: [{ id: "check", type: "wait" }, ...chain("then", "else").nodes],
      edges: conditions.map((condition, index) => ({ source: "check", target: ["then", "else"][index]!, condition })),
    });
    const facts = {
      code: "BAD_USER_INPUT",
      reason: "ROUTE_UNKNOWN",
      field: "outputJson.route",
      nodeId: "check",
      routes: ["left", "right"],
    };
    const input = (route: unknown) => ({ outputJson: { route } });
    const set = await t.create(branching(["left", "right"]));
    for (const route of ["yes", "", true])
      expect(await t.refusal(setNode, { id: `${set}:check`, input: { status: "COMPLETED", ...input(route) } })).toMatchObject({
        ...facts,
        route: String(route),
      });
    const resumed = await t.create(branching(["left", "right"]));
    await t.ask(`mutation($id: ID!) { executeNextNode(runId: $id, input: { workerKey: "w" }) { status } }`, { id: resumed });
    expect(await t.refusal(resume, { id: `${resumed}:check`, input: input("yes") })).toMatchObject(facts);
    await t.ask(resume, { id: `${resumed}:check`, input: input("right") });
    expect(await queued(t, resumed)).toEqual(["else"]);
    const plain = await t.create(chain("a", "b"));
    await t.ask(setNode, { id: `${plain}:a`, input: { status: "COMPLETED", ...input("yes") } });
    expect(await queued(t, plain)).toEqual(["b"]);
    expect(
      await t.refusal(setNode, { id: `${set}:check`, input: { status: "COMPLETED", ...input("yes") } }, { tenantId: "t2" }),
    ).toMatchObject({ reason: "NODE_RUN_NOT_FOUND" });
  });

  it.each(["inside", "outside"])("an if-else with one branch only ends the run on the other, decided %s", async (where) => {
    const t = await setup();
    const id = await t.create({
      nodes: [{ id: "check", type: "if-else", config: { expression: "false" } }, ...chain("yes").nodes],
      edges: [{ source: "check", target: "yes", condition: "true" }],
    });
    if (where === "inside") await t.ask(execute, { id });
    else await t.ask(setNode, { id: `${id}:check`, input: { status: "COMPLETED", outputJson: { route: "false" } } });
    expect(await t.ask(`query($id: ID!) { run(id: $id) { status } }`, { id })).toEqual({ run: { status: "COMPLETED" } });
  });

  it("S-50: what an assigner assigned outside is its outputJson.state_updates, and later nodes see it", async () => {
    const t = await setup();
    const id = await t.create({
      nodes: [
        { id: "set", type: "assigner", config: { assignments: { score: 1 } } },
        { id: "say", type: "answer", config: { answer: "{{ state.score }}" } },
      ],
      edges: [{ source: "set", target: "say" }],
    });
    await t.ask(setNode, { id: `${id}:set`, input: { status: "COMPLETED", outputJson: { state_updates: { score: 8 } } } });
    expect(await t.ask(execute, { id })).toMatchObject({ executeRun: { run: { status: "COMPLETED", outputText: "8" } } });
    expect(await t.ask(`query($id: ID!) { run(id: $id) { state } }`, { id })).toEqual({ run: { state: { score: 8 } } });
  });

  it("S-30: a node can be failed and skipped; QUEUED, WAITING and CANCELLED cannot be set", async () => {
    const t = await setup();
    const failed = await t.create(chain("a"));
    expect(await t.ask(setNode, { id: `${failed}:a`, input: { status: "FAILED", errorCode: "MINE", errorMessage: "no" } })).toMatchObject({
      updateNodeRunStatus: { status: "FAILED", errorCode: "MINE", errorMessage: "no", run: { status: "FAILED" } },
    });
    const skipped = await t.create(chain("a", "b"));
    expect(await t.ask(setNode, { id: `${skipped}:a`, input: { status: "SKIPPED" } })).toMatchObject({
      updateNodeRunStatus: { status: "SKIPPED", run: { status: "COMPLETED" } },
    });
    for (const status of ["QUEUED", "WAITING", "CANCELLED"]) {
      expect(await t.refusal(setNode, { id: `${skipped}:a`, input: { status } })).toMatchObject({
        code: "BAD_USER_INPUT",
        reason: "STATUS_NOT_SETTABLE",
      });
    }
  });

  it("are refused on finished nodes, on queued nodes of WORKERS runs, and on what is not there", async () => {
    const t = await setup();
    const id = await t.create(chain("a", "b"));
    await t.ask(setNode, { id: `${id}:a`, input: { status: "COMPLETED" } });
    const refused = async (nodeRunId: string, status = "FAILED") => {
      const { code, reason } = await t.refusal(setNode, { id: nodeRunId, input: { status } });
      return `${String(code)} ${String(reason)}`;
    };
    expect(await refused(`${id}:a`)).toBe("CONFLICT NODE_RUN_NOT_SETTABLE");
    expect(await refused(`${id}:a`, "RUNNING")).toBe("CONFLICT NODE_RUN_NOT_SETTABLE");
    const workers = await t.create(chain("a"), { execution: "WORKERS" });
    expect(await refused(`${workers}:a`)).toBe("CONFLICT NODE_RUN_NOT_SETTABLE");
    expect(await refused(`${id}:nope`)).toBe("NOT_FOUND NODE_RUN_NOT_FOUND");
    expect(await refused("nope")).toBe("NOT_FOUND NODE_RUN_NOT_FOUND");
  });

  it("S-29: set the status of a MANUAL run, until it has finished", async () => {
    const t = await setup();
    const id = await t.create(chain("a"));
    expect(await t.ask(setRun, { id, status: "RUNNING" })).toMatchObject({ updateRunStatus: { status: "RUNNING" } });
    expect(await t.ask(setRun, { id, status: "COMPLETED" })).toMatchObject({
      updateRunStatus: { status: "COMPLETED", endedAt: expect.anything() },
    });
    for (const status of ["RUNNING", "FAILED", "CANCELLED"]) {
      expect(await t.refusal(setRun, { id, status })).toMatchObject({ code: "CONFLICT", reason: "RUN_FINISHED" });
    }
    const workers = await t.create(chain("a"), { execution: "WORKERS" });
    expect(await t.refusal(setRun, { id: workers, status: "COMPLETED" })).toMatchObject({ code: "CONFLICT", reason: "RUN_NOT_MANUAL" });
    expect(await t.refusal(setRun, { id, status: "WAITING" })).toMatchObject({ code: "BAD_USER_INPUT" });
    expect(await t.refusal(setRun, { id: "nope", status: "FAILED" })).toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("resumeNodeRun", () => {
  it("completes a waiting node once: the second answer is CONFLICT", async () => {
    const t = await setup();
    const id = await t.create({ nodes: [{ id: "w", type: "wait" }, ...chain("a").nodes], edges: [{ source: "w", target: "a" }] });
    expect(await t.refusal(resume, { id: `${id}:w`, input: {} })).toMatchObject({
      code: "CONFLICT",
      reason: "NODE_RUN_NOT_WAITING",
      status: "QUEUED",
    });
    await t.ask(execute, { id });
    const answers = await Promise.allSettled(
      ["yes", "no"].map((outputText) => t.ask(resume, { id: `${id}:w`, input: { outputText, outputJson: { outputText } } })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await t.ask(execute, { id })).toMatchObject({ executeRun: { run: { status: "COMPLETED" } } });
    expect(await t.refusal(resume, { id: `${id}:nope`, input: {} })).toMatchObject({ code: "NOT_FOUND" });
    expect(await t.refusal(resume, { id: `${id}:w`, input: {} }, { tenantId: "t2" })).toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("a node run that waits for its next attempt", () => {
  it("waits for no answer, and the refusal says so; of a MANUAL run it may be set", async () => {
    const t = await setup({ flaky: { effect: "pure", run: () => ({ kind: "failed", code: "FLAKY", message: "no", retryable: true }) } });
    const flaky = { id: "f", type: "flaky", retry: { max_attempts: 2, backoff_seconds: 3_600 } };
    const id = await t.create({ nodes: [flaky], edges: [] }, { execution: "WORKERS" });
    expect(await t.ask(execute, { id })).toMatchObject({ executeRun: { stopReason: "WAITING" } });
    const facts = { code: "CONFLICT", waitReason: "RETRY", message: expect.stringContaining("waits for its next attempt") };
    expect(await t.refusal(resume, { id: `${id}:f`, input: {} })).toMatchObject({ ...facts, reason: "NODE_RUN_NOT_WAITING" });
    const input = { status: "COMPLETED" };
    expect(await t.refusal(setNode, { id: `${id}:f`, input })).toMatchObject({ ...facts, reason: "NODE_RUN_NOT_SETTABLE" });
    const manual = await t.create({ nodes: [flaky], edges: [] });
    await t.ask(execute, { id: manual });
    expect(await t.ask(setNode, { id: `${manual}:f`, input })).toMatchObject({ updateNodeRunStatus: input });
  });
});

describe("cancelRun", () => {
  it("cancels a run that nobody owns, with no worker alive; a finished one is CONFLICT", async () => {
    const t = await setup();
    const id = await t.create(
      { nodes: [{ id: "w", type: "wait" }, ...chain("a").nodes], edges: [{ source: "w", target: "a" }] },
      { execution: "WORKERS" },
    );
    expect(await t.ask(cancel, { id })).toMatchObject({
      cancelRun: { status: "CANCELLED", cancelReason: "enough", endedAt: expect.anything() },
    });
    expect(await t.refusal(cancel, { id })).toMatchObject({ code: "CONFLICT", reason: "RUN_FINISHED", status: "CANCELLED" });
    expect(await t.refusal(cancel, { id: "nope" })).toMatchObject({ code: "NOT_FOUND", reason: "RUN_NOT_FOUND" });
    expect(await t.refusal(cancel, { id }, { tenantId: "t2" })).toMatchObject({ code: "NOT_FOUND" });
  });

  // How soon: tests/e2e/cancel.test.ts.
  it("stops a node that runs in a worker, before it answers", async () => {
    let begun: () => void = () => {};
    let isStopped = false;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const t = await setup({
      endless: {
        effect: "outside",
        run: ({ signal }) =>
          new Promise((resolve) => {
            begun();
            signal.addEventListener("abort", () => {
              isStopped = true;
              resolve({ kind: "failed", code: "STOPPED", message: "", retryable: false });
            });
          }),
      },
    });
    const id = await t.create({ nodes: [{ id: "e", type: "endless" }], edges: [] }, { execution: "WORKERS" });
    t.startWorker();
    await hasBegun;
    expect(await t.ask(cancel, { id })).toMatchObject({ cancelRun: { status: "CANCELLED" } });
    expect(isStopped).toBe(true);
  });
});

describe("retryRun", () => {
  it("makes a new run that has what was completed; the old one stays FAILED", async () => {
    let fails = true;
    const t = await setup({
      once: {
        effect: "pure",
        run: () => (fails ? { kind: "failed", code: "ONCE", message: "", retryable: false } : { kind: "completed", outputText: "now" }),
      },
    });
    const id = await t.create({ nodes: [...chain("a").nodes, { id: "f", type: "once" }], edges: [{ source: "a", target: "f" }] });
    expect(await t.refusal(retry, { id })).toMatchObject({ code: "CONFLICT", reason: "RUN_NOT_FAILED", status: "QUEUED" });
    await t.ask(execute, { id });
    fails = false;
    const { retryRun } = await t.ask<{ retryRun: { id: string } }>(retry, { id });
    expect(retryRun).toMatchObject({
      status: "QUEUED",
      originRun: { id, status: "FAILED" },
      nodeRuns: {
        edges: [{ node: { nodeId: "a", status: "COMPLETED", outputText: "text of a" } }, { node: { nodeId: "f", status: "QUEUED" } }],
      },
    });
    expect(await t.ask(execute, { id: retryRun.id })).toMatchObject({ executeRun: { run: { status: "COMPLETED", outputText: "now" } } });
    expect(await t.refusal(retry, { id: "nope" })).toMatchObject({ code: "NOT_FOUND" });
  });
});
