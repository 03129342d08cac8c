import { once } from "node:events";
import type pg from "pg";
import { newId } from "#shared/ids.ts";
import type { NodeOutcome } from "../../../subgraphs/runtime/nodes/executor.ts";
import { NoTurn } from "#shared/turn-queue.ts";
import { outcomeMessage } from "../../../subgraphs/runtime/control/outside-report.ts";
import { runClaim } from "../../../subgraphs/runtime/queue/claim.sql.ts";
import { messagePost } from "../../../subgraphs/runtime/queue/post.sql.ts";
import { inboxKinds } from "../../../subgraphs/runtime/queue/statuses.ts";
import { freezePlan } from "../../../subgraphs/runtime/plan/frozen-plan.ts";
import type { Calls } from "../../testkit/engine/fake-nodes.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { eventually } from "../../testkit/eventually.ts";

afterEach(() => {
  jest.useRealTimers();
});

async function setup(): Promise<EngineFixture> {
  return EngineFixture.open();
}

const tenantId = "acme";
const workerKey = "me";
const manual = { execution: "MANUAL" } as const;
const chain = plan([node("a", "pure"), node("b", "call"), node("c", "pure")], ["a>b", "b>c"]);

describe("cancel", () => {
  // How soon: tests/e2e/cancel.test.ts.
  it("reaches a running node, which has been told when the cancel is said to be applied", async () => {
    const t = await setup();
    t.worker();
    const runId = await t.create(plan([node("h", "hold"), node("after", "pure")], ["h>after"]));
    const { context } = await t.calls.heldNode("h");
    expect(await t.control.cancel({ tenantId, runId, reason: "enough" })).toBe("applied");
    expect(context.signal.aborted).toBe(true);
    expect(await t.view(runId)).toMatchObject({ status: "CANCELLED", cancelReason: "enough", nodes: { h: "CANCELLED" } });
  });

  it("reaches a node that another worker executes for the owner", async () => {
    const t = await setup();
    t.worker({ slots: 1 });
    t.worker({ slots: 1 });
    const runId = await t.create(plan([node("h1", "hold"), node("h2", "hold")]));
    const calls = [await t.calls.heldNode("h1"), await t.calls.heldNode("h2")];
    expect(await t.control.cancel({ tenantId, runId })).toBe("applied");
    await t.until(runId, () => calls.every(({ context }) => context.signal.aborted));
    expect((await t.view(runId)).status).toBe("CANCELLED");
  });

  it("reaches it by a hint, without waiting for the next look", async () => {
    const t = await setup();
    // No look by time: intervals stand still.
    const doNotFake = ["setTimeout", "clearTimeout", "setImmediate", "clearImmediate", "performance", "hrtime", "Date"] as const;
    jest.useFakeTimers({ doNotFake: [...doNotFake, "nextTick", "queueMicrotask"] });
    t.worker({ slots: 1 });
    t.worker({ slots: 1 });
    const runId = await t.create(plan([node("h1", "hold"), node("h2", "hold")]));
    const calls = [await t.calls.heldNode("h1"), await t.calls.heldNode("h2")];
    const aborts = calls.map(({ context }) => once(context.signal, "abort"));
    await t.control.cancel({ tenantId, runId });
    await Promise.all(aborts);
    expect((await t.finished(runId)).status).toBe("CANCELLED");
    jest.useRealTimers();
  });

  it("works with no worker alive, on queued, waiting and MANUAL runs", async () => {
    const t = await setup();
    const runs = [await t.create(chain), await t.create(chain, manual)];
    for (const runId of runs) {
      expect(await t.control.cancel({ tenantId, runId })).toBe("applied");
      expect((await t.view(runId)).status).toBe("CANCELLED");
      expect(await t.control.cancel({ tenantId, runId })).toBe("conflict");
    }
  });

  it.each([
    ["between two statements, it reaches it", 2, "applied", "CANCELLED"],
    ["behind both, it says that there was none, and not that one has finished", 3, "unknown", "QUEUED"],
  ] as const)("looks for a run that is made meanwhile: %s", async (_, before, posted, status) => {
    const t = await setup();
    const id = newId();
    let asked = 0;
    // The first statement, the post, finds no run; the second looks whether there is one.
    const pool = Object.create(t.pool) as typeof t.pool;
    pool.query = (async (statement: pg.QueryConfig) => {
      if (++asked === before) await t.create(chain, { ...manual, id });
      return t.pool.query(statement);
    }) as typeof pool.query;
    expect(await t.newControl({ pool }).cancel({ tenantId, runId: id })).toBe(posted);
    if (asked < before) await t.create(chain, { ...manual, id });
    expect((await t.view(id)).status).toBe(status);
  });

  it("does not know another tenant's run", async () => {
    const t = await setup();
    const runId = await t.create(chain);
    expect(await t.control.cancel({ tenantId: "other", runId })).toBe("unknown");
    expect(await t.control.readEvents({ tenantId: "other", runId, after: 0 })).toBeNull();
  });
});

describe("answerNode", () => {
  it("completes a waiting node; of two answers one is accepted", async () => {
    const t = await setup();
    t.worker();
    const runId = await t.create(plan([node("w", "person"), node("see", "echo")], ["w>see"]));
    await t.until(runId, ({ status }) => status === "WAITING");
    const answers = await Promise.all(
      ["x", "y"].map((outputText) => t.control.answerNode({ tenantId, runId, path: "w", outcome: { kind: "completed", outputText } })),
    );
    expect(answers.filter((answer) => answer === "conflict")).toHaveLength(1);
    const view = await t.finished(runId);
    const winner = answers[0] === "conflict" ? "y" : "x";
    expect(view.outputJson).toMatchObject({ nodes: { w: { text: winner } } });
  });

  it("refuses a node that does not wait", async () => {
    const t = await setup();
    const runId = await t.create(chain);
    expect(await t.control.answerNode({ tenantId, runId, path: "a", outcome: { kind: "completed" } })).toBe("conflict");
  });
});

describe("a run whose owners have died so often that a worker would fail it", () => {
  /** One owner dies with it; before that as many others have as are given. */
  async function orphan(t: EngineFixture, crashes: number): Promise<string> {
    const worker = t.worker();
    const runId = await t.create(plan([node("ask", "person"), node("work", "hold")]));
    await t.calls.heldNode("work");
    await t.until(runId, ({ nodes }) => nodes["ask"] === "WAITING");
    await worker.kill();
    t.calls.held.clear();
    await t.leasesEnd(runId);
    await t.pool.query("update runtime.work set crashes = $1", [crashes]);
    return runId;
  }

  it.each([4, 5, 9])("is cancelled by the API, which gives up none: %i crashes", async (crashes) => {
    const t = await setup();
    const runId = await orphan(t, crashes);
    expect(await t.control.cancel({ tenantId, runId })).toBe("applied");
    expect(await t.view(runId)).toMatchObject({ status: "CANCELLED", errorCode: null });
  });

  it("takes an answer, and is for workers that may take it to go on with", async () => {
    const t = await setup();
    const runId = await orphan(t, 5);
    const posted = await t.control.answerNode({ tenantId, runId, path: "ask", outcome: { kind: "completed", outputText: "yes" } });
    expect(posted).toBe("applied");
    expect((await t.view(runId)).nodes["ask"]).toBe("COMPLETED");
    t.worker({ suspects: true, maxCrashes: 10 });
    (await t.calls.heldNode("work")).end();
    expect((await t.finished(runId)).status).toBe("COMPLETED");
  });

  it.each([
    [undefined, "FAILED"],
    [10, "RUNNING"],
  ])("fails its node that was executed alone at the crash that is given to workers too: %s", async (maxCrashes, status) => {
    const t = await setup();
    const runId = await orphan(t, 5);
    await t.pool.query("update runtime.node_run set alone = true where run_id = $1 and path = 'work'", [runId]);
    const answer = { tenantId, runId, path: "ask", outcome: { kind: "completed", outputText: "yes" } } as const;
    expect(await t.newControl({ maxCrashes }).answerNode(answer)).toBe("applied");
    expect((await t.view(runId)).nodes).toEqual({ ask: "COMPLETED", work: status });
  });
});

describe("a MANUAL run", () => {
  it("is left alone by workers", async () => {
    const t = await setup();
    await t.create(chain, manual);
    const { rows } = await t.pool.query("select * from runtime.work");
    expect(rows).toEqual([]);
  });

  it("S-35: executes one node, and only one that is queued", async () => {
    const t = await setup();
    const runId = await t.create(chain, manual);
    const own = (path: string) => t.control.ownRun({ tenantId, runId, workerKey, mode: { kind: "node", path } });
    expect(await own("b")).toEqual({ kind: "not-ready" });
    expect(await own("a")).toEqual({ kind: "done", executed: ["a"], stopReason: "MAX_STEPS" });
    expect(await t.view(runId)).toMatchObject({ status: "QUEUED", nodes: { a: "COMPLETED" } });
    expect(await own("b")).toEqual({ kind: "done", executed: ["b"], stopReason: "MAX_STEPS" });
    const { rows } = await t.pool.query("select worker_key from runtime.node_run where path = 'b'");
    expect(rows).toEqual([{ worker_key: workerKey }]);
  });

  it("S-37, S-38: executes up to a number of nodes and says why it stopped", async () => {
    const t = await setup();
    const runId = await t.create(chain, manual);
    const own = (max: number) => t.control.ownRun({ tenantId, runId, workerKey, mode: { kind: "steps", max } });
    expect(await own(2)).toEqual({ kind: "done", executed: ["a", "b"], stopReason: "MAX_STEPS" });
    expect(await own(16)).toEqual({ kind: "done", executed: ["c"], stopReason: "FINISHED" });
    expect(await own(16)).toEqual({ kind: "terminal" });
  });

  it("S-41: stops as WAITING at a node that waits, and goes on after the answer", async () => {
    const t = await setup();
    const runId = await t.create(plan([node("w", "person"), node("z", "pure")], ["w>z"]), manual);
    const own = () => t.control.ownRun({ tenantId, runId, workerKey, mode: { kind: "steps", max: 16 } });
    expect(await own()).toEqual({ kind: "done", executed: ["w"], stopReason: "WAITING" });
    expect(await t.control.answerNode({ tenantId, runId, path: "w", outcome: { kind: "completed" } })).toBe("applied");
    expect(await t.view(runId)).toMatchObject({ status: "QUEUED", nodes: { w: "COMPLETED" } });
    expect(await own()).toEqual({ kind: "done", executed: ["z"], stopReason: "FINISHED" });
  });

  it("starts nothing more for a caller that has gone, and is given back when what had begun has ended", async () => {
    const t = await setup();
    const runId = await t.create(plan([node("h", "hold"), node("z", "pure")], ["h>z"]), manual);
    const caller = new AbortController();
    const own = t.control.ownRun({ tenantId, runId, workerKey, mode: { kind: "steps", max: 16 }, signal: caller.signal });
    const call = await t.calls.heldNode("h");
    caller.abort();
    call.end();
    expect(await own).toEqual({ kind: "done", executed: ["h"], stopReason: "MAX_STEPS" });
    expect(await t.view(runId)).toMatchObject({ status: "QUEUED", nodes: { h: "COMPLETED" } });
    expect(t.calls.log).toEqual(["h"]);
  });

  it("takes no report for a path that none of its nodes has, however its end is called", async () => {
    const t = await setup();
    const runId = await t.create(chain, manual);
    const update = (path: string) => t.control.updateNode({ tenantId, runId, path, status: "COMPLETED" });
    for (const path of ["loop#0/a", "a#1", "a/a"]) expect([path, await update(path)]).toEqual([path, "conflict"]);
    expect((await t.view(runId)).nodes).toEqual({});
    expect(await update("a")).toBe("applied");
  });

  it("S-28: is moved by an executor outside, node by node", async () => {
    const t = await setup();
    const runId = await t.create(chain, manual);
    const update = (path: string, status: "RUNNING" | "COMPLETED" | "FAILED", more = {}) =>
      t.control.updateNode({ tenantId, runId, path, status, workerKey: "outside", ...more });
    expect(await update("a", "RUNNING")).toBe("applied");
    expect(await t.view(runId)).toMatchObject({ status: "RUNNING", nodes: { a: "RUNNING" } });
    expect(await update("a", "RUNNING")).toBe("conflict");
    expect(await update("c", "COMPLETED")).toBe("conflict");
    expect(await update("a", "COMPLETED", { outputText: "done outside" })).toBe("applied");
    expect(await update("a", "COMPLETED")).toBe("conflict");
    expect(await update("b", "COMPLETED")).toBe("applied");
    expect(await update("c", "FAILED", { errorCode: "NO", errorMessage: "no" })).toBe("applied");
    expect(await t.view(runId)).toMatchObject({
      status: "FAILED",
      errorCode: "NO",
      nodes: { a: "COMPLETED", b: "COMPLETED", c: "FAILED" },
    });
    // S-42: also of nodes that were ended without having been begun.
    const { rows } = await t.pool.query("select path, worker_key from runtime.node_run where run_id = $1 order by path", [runId]);
    expect(rows).toEqual(["a", "b", "c"].map((path) => ({ path, worker_key: "outside" })));
  });

  it("S-28: takes a report of each of many nodes in one moment, through two processes", async () => {
    const t = await setup();
    const paths = Array.from({ length: 100 }, (_, index) => `n${index}`);
    const runId = await t.create(plan([...paths.map((path) => node(path, "pure")), node("end", "pure")]), manual);
    const controls = [t.control, t.newControl()];
    const told = await Promise.all(
      paths.map((path, index) => controls[index % 2]!.updateNode({ tenantId, runId, path, status: "COMPLETED" })),
    );
    expect(told).toEqual(paths.map(() => "applied"));
    expect((await t.view(runId)).nodes).toEqual(Object.fromEntries(paths.map((path) => [path, "COMPLETED"])));
  });

  it("S-28: applies what a process has posted that was killed then, and asks to come again while it cannot", async () => {
    const t = await EngineFixture.open({ applyWaitMs: 50 });
    const runId = await t.create(chain, manual);
    const rival = (path: string) => {
      const body = outcomeMessage({ kind: "completed", outputText: "first" }, "rival");
      return messagePost(t.pool, { tenantId, runId, kind: inboxKinds.outcome, path, body, manualOnly: true });
    };
    const update = (path: string) => t.control.updateNode({ tenantId, runId, path, status: "FAILED" });
    await rival("a");
    expect(await update("a")).toBe("conflict");
    expect((await t.view(runId)).nodes).toMatchObject({ a: "COMPLETED" });
    // It was killed while it owned the run.
    await runClaim(t.pool, { runId, tenantId, worker: "dead", leaseMs: 3_600_000, orphansAllowed: false, anyPlace: true });
    await rival("b");
    expect(await update("b")).toBeInstanceOf(NoTurn);
    await t.leasesEnd(runId);
    expect(await update("b")).toBe("conflict");
    expect((await t.view(runId)).nodes).toMatchObject({ a: "COMPLETED", b: "COMPLETED" });
  });

  it("S-39: holds a run for the lease that the caller asked for, and renews it before it ends", async () => {
    const t = await setup();
    const runId = await t.create(plan([node("h", "hold")]));
    const next = t.control.executeNextNodeRun({ tenantId, workerKey, leaseMs: 6_000 });
    const call = await t.calls.heldNode("h");
    const leaseEnd = async () => {
      const { rows } = await t.pool.query<{ left: number; ends: string }>(
        "select extract(epoch from visible_at - now())::float8 as left, visible_at::text as ends from runtime.work where key = $1",
        [runId],
      );
      return rows[0]!;
    };
    const first = await leaseEnd();
    expect(first.left).toBeLessThanOrEqual(6);
    const renewed = await eventually(leaseEnd, ({ ends }) => ends !== first.ends);
    expect(renewed.left).toBeGreaterThan(0);
    expect(renewed.left).toBeLessThanOrEqual(6);
    call.end();
    expect(await next).toEqual({ runId, path: "h" });
  });

  it("S-29: takes a status from outside; a run of the workers does not", async () => {
    const t = await setup();
    const runId = await t.create(chain, manual);
    expect(await t.control.updateRun({ tenantId, runId, status: "RUNNING" })).toBe("applied");
    expect(await t.control.updateRun({ tenantId, runId, status: "WAITING" })).toBe("conflict");
    expect(await t.control.updateRun({ tenantId, runId, status: "COMPLETED" })).toBe("applied");
    expect((await t.view(runId)).status).toBe("COMPLETED");
    expect(await t.control.updateRun({ tenantId, runId: await t.create(chain), status: "RUNNING" })).toBe("conflict");
  });

  it("S-29: takes one of several statuses that would end it in one moment", async () => {
    const t = await setup();
    const runId = await t.create(chain, manual);
    const statuses = ["COMPLETED", "FAILED", "CANCELLED"] as const;
    const told = await Promise.all(statuses.map((status) => t.control.updateRun({ tenantId, runId, status })));
    const { status } = await t.view(runId);
    expect(told).toEqual(statuses.map((one) => (one === status ? "applied" : "conflict")));
  });
});

describe("a run of the workers", () => {
  it("is refused to the API while a worker owns it, and executed by it while none does", async () => {
    const t = await setup();
    const runId = await t.create(chain);
    const own = () => t.control.ownRun({ tenantId, runId, workerKey, mode: { kind: "steps", max: 1 } });
    expect(await own()).toEqual({ kind: "done", executed: ["a"], stopReason: "MAX_STEPS" });
    expect((await t.view(runId)).status).toBe("QUEUED");
    t.worker();
    expect((await t.finished(runId)).status).toBe("COMPLETED");
    const held = await t.create(plan([node("h", "hold")]));
    await t.calls.heldNode("h");
    expect(await t.control.ownRun({ tenantId, runId: held, workerKey, mode: { kind: "steps", max: 1 } })).toEqual({ kind: "owned" });
  });

  it("S-39: begins nothing of any run for a caller that has gone, who asked for what is next", async () => {
    const t = await setup();
    const runId = await t.create(plan([node("a", "pure")]));
    const next = (signal: AbortSignal) => t.control.executeNextNodeRun({ tenantId, workerKey, leaseMs: 30_000, signal });
    expect(await next(AbortSignal.abort())).toBeNull();
    expect(await t.view(runId)).toMatchObject({ status: "QUEUED", nodes: {} });
    expect(await next(new AbortController().signal)).toEqual({ runId, path: "a" });
  });

  it("S-39: is executed node by node across runs by executeNextNodeRun, of one tenant only", async () => {
    const t = await setup();
    const first = await t.create(plan([node("a", "pure"), node("b", "pure")], ["a>b"]));
    await t.create(plan([node("x", "pure")]), { tenantId: "other" });
    const next = () => t.control.executeNextNodeRun({ tenantId, workerKey, leaseMs: 30_000 });
    expect(await next()).toEqual({ runId: first, path: "a" });
    expect(await next()).toEqual({ runId: first, path: "b" });
    expect(await next()).toBeNull();
  });
});

describe("createRuns", () => {
  it("creates a run once: by its id, and by its idempotency key", async () => {
    const t = await setup();
    const run = { id: newId(), tenantId, requestId: "r", plan: freezePlan(tenantId, chain), idempotency: { key: "k", inputHash: "h" } };
    expect(await t.control.createRuns([run])).toMatchObject([{ kind: "created", id: run.id }]);
    expect(await t.control.createRuns([run])).toEqual([{ kind: "existing", id: run.id }]);
    expect(await t.control.createRuns([{ ...run, id: newId() }])).toEqual([{ kind: "existing", id: run.id }]);
    expect(await t.control.createRuns([{ ...run, id: newId(), idempotency: { key: "k", inputHash: "other" } }])).toEqual([
      { kind: "key-reused", id: run.id },
    ]);
    const theirs = { ...run, id: newId(), tenantId: "other", plan: freezePlan("other", chain) };
    expect(await t.control.createRuns([theirs])).toMatchObject([{ kind: "created", id: theirs.id }]);
  });

  it("completes an empty workflow's run at once", async () => {
    const t = await setup();
    const runId = await t.create(plan([]));
    expect((await t.view(runId)).status).toBe("COMPLETED");
    expect(await t.control.readEvents({ tenantId, runId, after: 0 })).toMatchObject({
      done: true,
      events: [{ runStatus: "QUEUED" }, { runStatus: "COMPLETED" }],
    });
  });

  it("starts at the initial node and makes no node runs of what cannot be reached", async () => {
    const t = await setup();
    t.worker();
    const view = await t.finished(await t.create(chain, { initialNode: "b" }));
    expect(view.nodes).toEqual({ b: "COMPLETED", c: "COMPLETED" });
  });
});

describe("retryRun", () => {
  it("makes a new run with what was finished, keeps the effect key where the old outcome is unknown, and only then", async () => {
    const t = await setup();
    t.worker();
    const nodes = [node("a", "pure"), node("slow", "hold", {}, { timeout_seconds: 0.05 }), node("end", "pure")];
    const runId = await t.create(plan(nodes, ["a>slow", "slow>end"]));
    await t.finished(runId);
    const newRunId = newId();
    const second = endsAtOnce(t.calls, "slow", { kind: "failed", code: "DEFINITE", message: "no", retryable: false });
    expect(await t.control.retryRun({ tenantId, runId, newRunId })).toBe("created");
    expect(await second).toBe(`${runId}:slow`);
    await t.finished(newRunId);
    const third = newId();
    const last = endsAtOnce(t.calls, "slow");
    expect(await t.control.retryRun({ tenantId, runId: newRunId, newRunId: third })).toBe("created");
    expect(await last).toBe(`${third}:slow`);
    expect(await t.finished(third)).toMatchObject({ status: "COMPLETED", nodes: { a: "COMPLETED", slow: "COMPLETED", end: "COMPLETED" } });
    expect(t.calls.log.filter((id) => id === "a")).toHaveLength(1);
    expect(await t.control.retryRun({ tenantId, runId: third, newRunId: newId() })).toBe("other-status");
  });
});

/** Ends the next call of a node as soon as it is made, before its time-out can. @returns the call's effect key. */
async function endsAtOnce(calls: Calls, nodeId: string, outcome?: NodeOutcome): Promise<string> {
  const { context, end } = await calls.heldNode(nodeId);
  end(outcome);
  return context.effectKey;
}
