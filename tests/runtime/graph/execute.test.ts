import DataLoader from "dataloader";
import type { NodeRun } from "../../../subgraphs/runtime/graph/node-runs/node-run.entity.ts";
import { nodeRunLoader } from "../../../subgraphs/runtime/graph/node-runs/node-run.loaders.ts";
import { chain, setup, type TestDsl } from "./setup.ts";

const nodeFields = `id nodeId status attempt workerKey outputText outputJson errorCode waitReason startedAt endedAt leaseExpiresAt`;
const executeRun = `mutation($id: ID!, $steps: Int) { executeRun(id: $id, input: { workerKey: "w", maxSteps: $steps }) {
  stopReason executed { ${nodeFields} } run { status outputText outputJson state errorCode errorMessage endedAt usage { modelCalls } } } }`;
const executeNode = `mutation($id: ID!) { executeNodeRun(id: $id, input: { workerKey: "w" }) { ${nodeFields} } }`;
const executeNext = `mutation($id: ID!) { executeNextNode(runId: $id, input: { workerKey: "w" }) { ${nodeFields} } }`;
const executeAny = `mutation { executeNextNodeRun(input: { workerKey: "w" }) { nodeId status run { id status } } }`;
const nodeRuns = `query($id: ID!, $status: [NodeRunStatus!], $first: Int, $after: String, $last: Int, $before: String) {
  run(id: $id) { status nodeRuns(status: $status, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { nodeId status } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`;

interface Executed {
  executeRun: { stopReason: string; executed: { nodeId: string; status: string }[]; run: { status: string } };
}
interface Listed {
  run: {
    nodeRuns: {
      edges: { cursor: string; node: { nodeId: string; status: string } }[];
      pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
    };
  };
}

const branches: TestDsl = {
  nodes: [
    { id: "score", type: "assigner", config: { assignments: { score: 7 } } },
    { id: "check", type: "if-else", config: { expression: "state.score >= 5" } },
    { id: "high", type: "answer", config: { answer: "high {{ state.score }}" } },
    { id: "low", type: "answer", config: { answer: "low" } },
  ],
  edges: [
    { source: "score", target: "check" },
    { source: "check", target: "high", condition: "true" },
    { source: "check", target: "low", condition: "false" },
  ],
};

describe("executing by mutation", () => {
  it("hides a node from nobody who asks for it in the very moment", async () => {
    const t = await setup();
    const runId = await t.create(branches);
    const id = `${runId}:score`;
    const { db } = t.subgraph.context({ tenantId: "t1", requestId: "r" });
    // Started behind the first read, and before the second.
    const queued = new DataLoader<string, NodeRun[]>(async (runIds) => {
      await t.ask(executeNode, { id });
      return runIds.map(() => []);
    });
    const found = await nodeRunLoader(db, queued).loadMany([id, `${runId}:none`, "none"]);
    expect(found).toMatchObject([{ nodeId: "score" }, null, null]);
  });

  it("S-35: executes one queued node run and stores who did it", async () => {
    const t = await setup();
    const id = await t.create(chain("a", "b"));
    const { executeNodeRun } = await t.ask(executeNode, { id: `${id}:a` });
    expect(executeNodeRun).toMatchObject({
      id: `${id}:a`,
      status: "COMPLETED",
      workerKey: "w",
      outputText: "text of a",
      attempt: 1,
      leaseExpiresAt: null,
    });
    expect(await t.refusal(executeNode, { id: `${id}:a` })).toMatchObject({
      code: "CONFLICT",
      reason: "NODE_RUN_NOT_QUEUED",
      status: "COMPLETED",
    });
    expect(await t.refusal(executeNode, { id: `${id}:nope` })).toMatchObject({ code: "NOT_FOUND", reason: "NODE_RUN_NOT_FOUND" });
    expect(await t.refusal(executeNode, { id: `${id}:b` }, { tenantId: "t2" })).toMatchObject({ code: "NOT_FOUND" });
  });

  it("S-36: executes the next queued node, null when none is queued", async () => {
    const t = await setup();
    const id = await t.create(chain("a", "b"));
    expect(await t.ask(executeNext, { id })).toMatchObject({ executeNextNode: { nodeId: "a", status: "COMPLETED" } });
    expect(await t.ask(executeNext, { id })).toMatchObject({ executeNextNode: { nodeId: "b", status: "COMPLETED" } });
    expect(await t.ask(executeNext, { id })).toEqual({ executeNextNode: null });
    expect(await t.refusal(executeNext, { id: "nope" })).toMatchObject({ code: "NOT_FOUND", reason: "RUN_NOT_FOUND" });
    expect(await t.refusal(executeNode, { id: `${id}:a` })).toMatchObject({
      code: "CONFLICT",
      reason: "RUN_FINISHED",
      status: "COMPLETED",
    });
    expect(await t.ask(executeRun, { id })).toMatchObject({ executeRun: { stopReason: "FINISHED", executed: [] } });
  });

  it("S-37, S-38, S-41: executes a run until maxSteps, until it waits, until it has finished", async () => {
    const t = await setup();
    const id = await t.create({
      nodes: [...chain("a", "b", "c").nodes, { id: "w", type: "wait" }],
      edges: chain("a", "b", "c", "w").edges,
    });
    const first = await t.ask<Executed>(executeRun, { id, steps: 2 });
    expect(first.executeRun).toMatchObject({
      stopReason: "MAX_STEPS",
      executed: [{ nodeId: "a" }, { nodeId: "b" }],
      run: { status: "QUEUED" },
    });
    const second = await t.ask<Executed>(executeRun, { id });
    expect(second.executeRun).toMatchObject({
      stopReason: "WAITING",
      executed: [{ nodeId: "c" }, { nodeId: "w", status: "WAITING", waitReason: "PERSON" }],
      run: { status: "WAITING" },
    });
    await t.ask(`mutation($id: ID!) { resumeNodeRun(id: $id, input: { outputText: "yes" }) { status } }`, { id: `${id}:w` });
    const third = await t.ask<Executed>(executeRun, { id });
    expect(third.executeRun).toMatchObject({ stopReason: "FINISHED", executed: [], run: { status: "COMPLETED" } });
    expect(await t.refusal(executeRun, { id, steps: 0 })).toMatchObject({ code: "BAD_USER_INPUT", reason: "NUMBER_OUT_OF_RANGE" });
  });

  it("S-38: executes 16 nodes unless told otherwise", async () => {
    const t = await setup();
    const id = await t.create(chain(...Array.from({ length: 17 }, (_, index) => `n${index}`)));
    const { executeRun: first } = await t.ask<Executed>(executeRun, { id, steps: null });
    expect([first.stopReason, first.executed.length]).toEqual(["MAX_STEPS", 16]);
    expect((await t.ask<Executed>(executeRun, { id })).executeRun).toMatchObject({ stopReason: "FINISHED", executed: [{ nodeId: "n16" }] });
  });

  it("S-32, S-34, S-50, S-51: takes the branch of the route, skips the other, and answers", async () => {
    const t = await setup();
    const id = await t.create(branches);
    const { executeRun: done } = await t.ask<Executed>(executeRun, { id });
    expect(done.run).toMatchObject({ status: "COMPLETED", outputText: "high 7", state: { score: 7 }, endedAt: expect.anything() });
    const { run } = await t.ask<Listed>(nodeRuns, { id });
    expect(run.nodeRuns.edges.map(({ node }) => `${node.nodeId} ${node.status}`)).toEqual([
      "score COMPLETED",
      "check COMPLETED",
      "low SKIPPED",
      "high COMPLETED",
    ]);
  });

  it("S-32: a node that fails fails the run, with its code", async () => {
    const t = await setup();
    const id = await t.create({ nodes: [{ id: "f", type: "fail" }, ...chain("a").nodes], edges: [{ source: "f", target: "a" }] });
    const { executeRun: done } = await t.ask<Executed>(executeRun, { id });
    expect(done).toMatchObject({ stopReason: "FINISHED", run: { status: "FAILED", errorCode: "TEST_FAILURE" } });
    expect(done.executed).toMatchObject([{ nodeId: "f", status: "FAILED", errorCode: "TEST_FAILURE" }]);
  });

  it("S-39, S-40: takes a queued node run of any run of the tenant, null when the queue is empty", async () => {
    const t = await setup();
    const id = await t.create(chain("a", "b"), { execution: "WORKERS" });
    await t.create(chain("manual"));
    expect(await t.ask(executeAny, {}, { tenantId: "t2" })).toEqual({ executeNextNodeRun: null });
    expect(await t.ask(executeAny)).toMatchObject({ executeNextNodeRun: { nodeId: "a", status: "COMPLETED", run: { id } } });
    expect(await t.ask(executeAny)).toMatchObject({ executeNextNodeRun: { nodeId: "b", run: { status: "COMPLETED" } } });
    expect(await t.ask(executeAny)).toEqual({ executeNextNodeRun: null });
  });

  it("S-39, S-42: holds the run for leaseSeconds, 300 unless told otherwise, in the name of the caller", async () => {
    const gate = Promise.withResolvers<void>();
    const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let calls = 0;
    const t = await setup({
      slow: {
        effect: "outside",
        run: async () => {
          begun[calls++]!.resolve();
          await gate.promise;
          return { kind: "completed" };
        },
      },
    });
    const next = `mutation($input: ClaimInput!) { executeNextNodeRun(input: $input) { id status workerKey } }`;
    const running = `query($id: ID!) { nodeRun(id: $id) { status workerKey leaseExpiresAt } }`;
    const executing = [];
    for (const [index, [leaseSeconds, lasts]] of [
      [undefined, 300],
      [40, 40],
    ].entries()) {
      const id = await t.create({ nodes: [{ id: "s", type: "slow" }], edges: [] }, { execution: "WORKERS" });
      const beforeMs = Date.now();
      executing.push(t.ask(next, { input: { workerKey: `mine-${index}`, leaseSeconds } }));
      await begun[index]!.promise;
      const { nodeRun } = await t.ask<{ nodeRun: { leaseExpiresAt: string } }>(running, { id: `${id}:s` });
      expect(nodeRun).toMatchObject({ status: "RUNNING", workerKey: `mine-${index}` });
      const leasedAtMs = Date.parse(nodeRun.leaseExpiresAt) - lasts! * 1_000;
      expect([beforeMs <= leasedAtMs, leasedAtMs <= Date.now() + 1]).toEqual([true, true]);
    }
    for (const leaseSeconds of [0, 3_601])
      expect(await t.refusal(next, { input: { workerKey: "w", leaseSeconds } })).toMatchObject({ reason: "NUMBER_OUT_OF_RANGE" });
    expect(await t.refusal(next, { input: { workerKey: "" } })).toMatchObject({ code: "BAD_USER_INPUT", field: "workerKey" });
    gate.resolve();
    expect(await Promise.all(executing)).toMatchObject([
      { executeNextNodeRun: { status: "COMPLETED", workerKey: "mine-0" } },
      { executeNextNodeRun: { status: "COMPLETED", workerKey: "mine-1" } },
    ]);
  });

  it("a run that a worker owns is CONFLICT, RUN_OWNED", async () => {
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    let begun: () => void = () => {};
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const t = await setup({
      slow: {
        effect: "outside",
        run: async () => {
          begun();
          await gate;
          return { kind: "completed", outputText: "slow" };
        },
      },
    });
    const id = await t.create({ nodes: [{ id: "s", type: "slow" }], edges: [] }, { execution: "WORKERS" });
    const beforeMs = Date.now();
    t.startWorker();
    await hasBegun;
    expect(await t.refusal(executeRun, { id })).toMatchObject({ code: "CONFLICT", reason: "RUN_OWNED" });
    const running = `query($id: ID!) { nodeRun(id: $id) { status leaseExpiresAt workerKey } }`;
    const { nodeRun } = await t.ask<{ nodeRun: { status: string; leaseExpiresAt: string } }>(running, { id: `${id}:s` });
    expect(nodeRun).toMatchObject({ status: "RUNNING", workerKey: "test worker" });
    // 30 s from the claim on, or from a renewal.
    const leasedAtMs = Date.parse(nodeRun.leaseExpiresAt) - 30_000;
    expect([beforeMs <= leasedAtMs, leasedAtMs <= Date.now() + 1]).toEqual([true, true]);
    release();
  });
});

describe("Run.nodeRuns", () => {
  it("S-27: pages in the order of creation, both ways, queued nodes without a row last", async () => {
    const t = await setup();
    const ids = ["a", "b", "c", "d", "e"];
    const id = await t.create({ nodes: chain(...ids).nodes, edges: [{ source: "a", target: "d" }] });
    for (const node of ["c", "a"]) await t.ask(executeNode, { id: `${id}:${node}` });
    const page = async (args: object) => (await t.ask<Listed>(nodeRuns, { id, ...args })).run.nodeRuns;
    const names = (connection: Listed["run"]["nodeRuns"]) => connection.edges.map(({ node }) => node.nodeId).join("");
    expect(names(await page({}))).toBe("cabde");
    expect(names(await page({ last: 3 }))).toBe("bde");
    const first = await page({ first: 3 });
    expect(names(first)).toBe("cab");
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const rest = await page({ first: 3, after: first.pageInfo.endCursor });
    expect(names(rest)).toBe("de");
    expect(rest.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect(names(await page({ last: 2, before: rest.pageInfo.startCursor }))).toBe("ab");
    expect(names(await page({ status: ["QUEUED"] }))).toBe("bde");
    expect(names(await page({ status: ["COMPLETED"] }))).toBe("ca");
    expect(names(await page({ status: ["FAILED"] }))).toBe("");
    expect(await t.refusal(nodeRuns, { id, first: 100_000 })).toMatchObject({ reason: "PAGE_SIZE_INVALID" });
    expect(await t.refusal(nodeRuns, { id, after: "bad" })).toMatchObject({ reason: "CURSOR_INVALID" });
  });
});
