import { once } from "node:events";
import type { Worker } from "../../../subgraphs/runtime/worker/worker.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

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

/** What a worker does with runs, in order. */
function story(worker: Worker): string[] {
  const told: string[] = [];
  worker.signals.on("claimed", (keys) => told.push(...keys.map((key) => `claimed ${key}`)));
  worker.signals.on("released", (runId) => told.push(`released ${runId}`));
  return told;
}

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

  it("is executed one row at a time, so that it kills no other", async () => {
    const t = await setup();
    const runs: string[] = [];
    for (const nodeId of ["a", "b"]) {
      const runId = await t.create(plan([node(nodeId, "hold")]));
      runs.push(runId);
      await twoOwnersDie(t, runId, nodeId);
    }
    const worker = t.worker({ suspects: true });
    const told = story(worker);
    (await t.calls.heldNode("a")).end();
    (await t.calls.heldNode("b")).end();
    await Promise.all(runs.map((runId) => t.finished(runId)));
    expect(told.slice(0, 3)).toEqual([`claimed ${runs[0]}`, `released ${runs[0]}`, `claimed ${runs[1]}`]);
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
