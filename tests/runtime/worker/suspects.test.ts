import { once } from "node:events";
import type { Worker } from "../../../subgraphs/runtime/worker/worker.ts";
import { EngineFixture, type SentStatement } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { eventually } from "../../testkit/eventually.ts";

async function setup(): Promise<EngineFixture> {
  return EngineFixture.open();
}

/** Two workers take the run, call its node, and die. */
async function twoOwnersDie(t: EngineFixture, runId: string, nodeId: string, options: Parameters<EngineFixture["worker"]>[0] = {}) {
  for (let crash = 0; crash < 2; crash++) {
    const worker = t.worker(options);
    await t.calls.heldNode(nodeId);
    await worker.kill();
    t.calls.held.clear();
    await t.leasesEnd(runId);
  }
}

/** Runs of a node each that two owners have died with, all at once. */
async function suspects(t: EngineFixture, nodeIds: readonly string[]): Promise<string[]> {
  const runs: string[] = [];
  for (const nodeId of nodeIds) runs.push(await t.create(plan([node(nodeId, "hold")])));
  for (let crash = 0; crash < 2; crash++) {
    const worker = t.worker();
    await Promise.all(nodeIds.map((nodeId) => t.calls.heldNode(nodeId)));
    await worker.kill();
    t.calls.held.clear();
    for (const runId of runs) await t.leasesEnd(runId);
  }
  return runs;
}

async function aloneMarks(t: EngineFixture): Promise<number> {
  return (await t.pool.query("select from runtime.node_run where alone")).rowCount ?? 0;
}

async function crashesOf(t: EngineFixture, keys: readonly string[]): Promise<string> {
  const { rows } = await t.pool.query<{ crashes: number }>("select distinct crashes from runtime.work where key = any($1)", [keys]);
  return rows.map(({ crashes }) => crashes).join();
}

/** What a worker does with runs, in order. */
function story(worker: Worker, mustStart = false): string[] {
  const told: string[] = [];
  worker.signals.on("claimed", (keys) => told.push(...keys.map((key) => `claimed ${key}`)));
  worker.signals.on("released", (runId) => told.push(`released ${runId}`));
  if (mustStart) worker.start();
  return told;
}

describe("a run whose takeover has ended all who tried", () => {
  it("is failed unloaded, keeps none that is claimed with it waiting, and is renewed meanwhile", async () => {
    const t = await setup();
    const hopeless = await t.create(plan([node("a", "call")]));
    const other = await t.create(plan([node("b", "call")]));
    await t.pool.query("update runtime.work set crashes = case when key = $1 then 5 else 2 end", [hopeless]);
    const mayFail = Promise.withResolvers<void>();
    const sends = ({ name }: SentStatement) => (name === "dead_letter" ? mayFail.promise : undefined);
    t.worker({ suspects: true, leaseMs: 2_000, sends });
    expect((await t.finished(other)).status).toBe("COMPLETED");
    const until = async () =>
      (await t.pool.query<{ at: Date }>("select visible_at as at from runtime.work where key = $1", [hopeless])).rows[0]!.at;
    const first = await until();
    await eventually(until, (at) => at > first);
    mayFail.resolve();
    expect(await t.finished(hopeless)).toMatchObject({ status: "FAILED", errorCode: "WORKER_CRASHED" });
    expect(t.calls.log).toEqual(["b"]);
  });
});

describe("what has outlived two owners", () => {
  it("is left alone by all workers, which say that it is due, and taken by one for suspects", async () => {
    const t = await setup();
    const runId = await t.create(plan([node("poison", "hold")]));
    await twoOwnersDie(t, runId, "poison");
    const ordinary = t.worker();
    await once(ordinary.signals, "suspect");
    expect((await t.pool.query("select crashes from runtime.work")).rows).toEqual([{ crashes: 1 }]);
    t.worker({ suspects: true, workerKey: "suspects" });
    await t.calls.heldNode("poison");
    expect((await t.pool.query("select crashes, worker from runtime.work")).rows).toEqual([{ crashes: 2, worker: "suspects" }]);
    (await t.calls.heldNode("poison")).end();
    expect((await t.finished(runId)).status).toBe("COMPLETED");
  });

  it("is executed together with others of its kind, none of which is proved guilty by the death of their owner", async () => {
    const t = await setup();
    const ids = ["a", "b", "c", "d"];
    const runs = await suspects(t, ids);
    const levels: string[] = [];
    // All four, then one half, then the other, then half of a half, which is the first that is marked as alone.
    for (let deaths = 0; deaths < 4; deaths++) {
      const worker = t.worker({ suspects: true });
      const claimed = await once(worker.signals, "claimed").then(([keys]) => keys as unknown as string[]);
      await Promise.all(claimed.map((runId) => t.calls.heldNode(ids[runs.indexOf(runId)]!)));
      levels.push(`${claimed.length} together, ${await aloneMarks(t)} alone, crashes ${await crashesOf(t, claimed)}`);
      await worker.kill();
      t.calls.held.clear();
      for (const runId of claimed) await t.leasesEnd(runId);
    }
    expect(levels).toEqual([4, 2, 2, 1].map((count) => `${count} together, ${count === 1 ? 1 : 0} alone, crashes 2`));
    // All go on: the one that was alone has failed, the others are no worse than before.
    t.worker({ suspects: true });
    t.worker();
    const guilty = (await t.pool.query<{ run_id: string }>("select run_id from runtime.node_run where alone")).rows[0]!.run_id;
    for (const runId of runs.filter((id) => id !== guilty)) (await t.calls.heldNode(ids[runs.indexOf(runId)]!)).end();
    for (const runId of runs)
      expect(await t.finished(runId)).toMatchObject(
        runId === guilty ? { status: "FAILED", errorCode: "WORKER_CRASHED" } : { status: "COMPLETED" },
      );
  });

  it("makes room for the next as soon as one of them leaves, and no more than there may be", async () => {
    const t = await setup();
    const ids = ["a", "b", "c"];
    await suspects(t, ids);
    // Of two slots a tenant has both.
    t.worker({ suspects: true, slots: 2 });
    await t.calls.heldNode("a");
    await t.calls.heldNode("b");
    expect([...t.calls.held.values()].map(({ context }) => context.nodeId).sort()).toEqual(["a", "b"]);
    (await t.calls.heldNode("a")).end();
    (await t.calls.heldNode("c")).end();
    (await t.calls.heldNode("b")).end();
  });

  it("is alone where a call must not be made twice, which the death of another would leave in doubt", async () => {
    const t = await setup();
    const once = { at_most_once: true };
    const careful = await t.create(plan([node("first", "hold"), node("pay", "hold", {}, once)], ["first>pay"]));
    const other = await t.create(plan([node("other", "hold")]));
    for (let crash = 0; crash < 2; crash++) {
      const worker = t.worker();
      await Promise.all(["first", "other"].map((id) => t.calls.heldNode(id)));
      await worker.kill();
      t.calls.held.clear();
      for (const runId of [careful, other]) await t.leasesEnd(runId);
    }
    const told = story(t.worker({ suspects: true, start: false }), true);
    (await t.calls.heldNode("first")).end();
    (await t.calls.heldNode("pay")).end();
    (await t.calls.heldNode("other")).end();
    for (const runId of [careful, other]) expect((await t.finished(runId)).status).toBe("COMPLETED");
    expect(told.filter((line) => line.startsWith("claimed"))).toHaveLength(2);
    expect(told[0]).toBe(`claimed ${careful}`);
    expect(told[1]).toBe(`released ${careful}`);
  });

  it("goes back to all workers as soon as it has outlived this owner, with its crashes forgiven", async () => {
    const t = await setup();
    const chain = plan([node("a", "hold"), node("b", "hold"), node("c", "hold")], ["a>b", "b>c"]);
    const runId = await t.create(chain);
    await twoOwnersDie(t, runId, "a");
    const suspects = t.worker({ suspects: true, workerKey: "suspects" });
    const released = once(suspects.signals, "released");
    (await t.calls.heldNode("a")).end();
    (await t.calls.heldNode("b")).end();
    expect((await released)[1]).toMatchObject({ kind: "rested", rest: "requeue", hasReady: true });
    expect((await t.pool.query("select crashes from runtime.work")).rows).toEqual([{ crashes: 0 }]);
    t.worker({ workerKey: "ordinary" });
    (await t.calls.heldNode("c")).end();
    expect((await t.finished(runId)).status).toBe("COMPLETED");
    const { rows } = await t.pool.query("select path, worker_key from runtime.node_run order by path");
    expect(rows).toEqual([
      { path: "a", worker_key: "suspects" },
      { path: "b", worker_key: "suspects" },
      { path: "c", worker_key: "ordinary" },
    ]);
  });

  it("is failed with WORKER_CRASHED when the third owner dies with it, also when it is an offered node", async () => {
    const t = await setup();
    const runId = await t.create(plan([node("poison", "hold"), node("fine", "pure")]));
    // It has no slot of its own, so it offers what touches the outside.
    t.worker({ slots: 0 });
    const only = { only: ["hold"], slots: 4 };
    await twoOwnersDie(t, runId, "poison", only);
    const suspects = t.worker({ ...only, suspects: true });
    await t.calls.heldNode("poison");
    await suspects.kill();
    t.calls.held.clear();
    await t.leasesEnd(runId);
    t.worker({ ...only, suspects: true });
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "FAILED", errorCode: "WORKER_CRASHED", nodes: { poison: "FAILED", fine: "COMPLETED" } });
  });
});
