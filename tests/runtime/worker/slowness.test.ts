import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { isMarkGone } from "../../../subgraphs/runtime/queue/presence.sql.ts";
import { eventually } from "../../testkit/eventually.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { loader } from "../../testkit/loader.ts";

const file = fileURLToPath(new URL("../holding-worker.ts", import.meta.url));
const processes: ChildProcess[] = [];

afterEach(async () => {
  for (const child of processes.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
});

async function setup(): Promise<EngineFixture> {
  return EngineFixture.open();
}

/** A worker process that calls nodes of type hold for ever, once it does so. */
async function holdingProcess(t: EngineFixture, leaseMs: number): Promise<ChildProcess> {
  const child = fork(file, [t.url, String(leaseMs)], { execArgv: loader, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  processes.push(child);
  await once(child, "message");
  return child;
}

const work = async (t: EngineFixture) =>
  (await t.pool.query<{ crashes: number; orphaned: boolean }>("select crashes, orphaned from runtime.work order by key")).rows;

const leasesRunOut = (t: EngineFixture) =>
  eventually(
    async () => (await t.pool.query("select from runtime.work where lease is not null and visible_at > now()")).rowCount,
    (left) => left === 0,
  );

describe("a lease that ran out", () => {
  it("counts no crash, however often, where its owner lives and was slow", async () => {
    const t = await setup();
    const runId = await t.create(plan([node("a", "hold")]));
    for (let owner = 0; owner < 4; owner++) {
      t.worker();
      await t.calls.heldNode("a");
      t.calls.held.clear();
      await t.leasesEnd(runId);
    }
    t.worker();
    const held = await t.calls.heldNode("a");
    expect(await work(t)).toEqual([{ crashes: 0, orphaned: true }]);
    held.end();
    expect((await t.finished(runId)).status).toBe("COMPLETED");
  });

  it("counts none where its owner's process was stopped for longer", async () => {
    const t = await setup();
    const runId = await t.create(plan([node("a", "hold")]));
    const child = await holdingProcess(t, 2_000);
    child.kill("SIGSTOP");
    await leasesRunOut(t);
    t.worker();
    const held = await t.calls.heldNode("a");
    expect(await work(t)).toEqual([{ crashes: 0, orphaned: true }]);
    held.end();
    child.kill("SIGCONT");
    expect((await t.finished(runId)).status).toBe("COMPLETED");
  });

  it("counts none where the database stood still for longer, for any run of any worker", async () => {
    const t = await setup();
    const leaseMs = 1_500;
    const workers = [t.worker({ leaseMs }), t.worker({ leaseMs })];
    const runs = await Promise.all(["a", "b", "c", "d"].map((id) => t.create(plan([node(id, "hold"), node("z", "pure")], [`${id}>z`]))));
    for (const id of ["a", "b", "c", "d"]) await t.calls.heldNode(id);
    const stall = new pg.Client({ connectionString: t.adminUrl });
    await stall.connect();
    // No renewal gets at its row, and none waits for it.
    await stall.query("begin; select from runtime.work for update");
    await leasesRunOut(t);
    const taken = Promise.race(workers.map((worker) => once(worker.signals, "claimed")));
    await stall.query("commit");
    t.hints.publish("work", "runs");
    await taken;
    await stall.end();
    const { rows } = await t.pool.query("select distinct crashes from runtime.work");
    expect(rows).toEqual([{ crashes: 0 }]);
    // Whoever has them now.
    for (const id of ["a", "b", "c", "d"]) (await t.calls.heldNode(id)).end();
    for (const runId of runs)
      await eventually(
        async () => {
          for (const call of t.calls.held.values()) call.end();
          return (await t.view(runId)).status;
        },
        (status) => status === "COMPLETED",
      );
  });

  it("counts none where its owner's connections were cut and are there again", async () => {
    const t = await setup();
    const runId = await t.create(plan([node("a", "hold")]));
    t.worker({ workerKey: "cut" });
    await t.calls.heldNode("a");
    t.calls.held.clear();
    const admin = new pg.Client({ connectionString: t.adminUrl });
    await admin.connect();
    await eventually(
      () => isMarkGone(t.pool, "cut"),
      (isGone) => !isGone,
    );
    await admin.query(
      "select pg_terminate_backend(pid, 10000) from pg_stat_activity where application_name in ('cut', 'agent-platform renewals') and datname = current_database()",
    );
    await admin.end();
    await eventually(
      () => isMarkGone(t.pool, "cut"),
      (isGone) => !isGone,
    );
    await t.leasesEnd(runId);
    t.worker();
    const held = await t.calls.heldNode("a");
    expect(await work(t)).toEqual([{ crashes: 0, orphaned: true }]);
    held.end();
    expect((await t.finished(runId)).status).toBe("COMPLETED");
  });

  it("counts one where its owner's process has died, with nobody to say so", async () => {
    const t = await setup();
    const runId = await t.create(plan([node("a", "hold")]));
    const child = await holdingProcess(t, 2_000);
    child.kill("SIGKILL");
    await leasesRunOut(t);
    t.worker();
    (await t.calls.heldNode("a")).end();
    expect(await work(t)).toEqual([{ crashes: 1, orphaned: true }]);
    expect((await t.finished(runId)).status).toBe("COMPLETED");
  });

  it("leaves it to a person whether an offered call was made that must not be made twice, though no crash is counted", async () => {
    const t = await setup();
    // No slot of its own: it offers.
    t.worker({ slots: 0 });
    const runId = await t.create(plan([node("pay", "hold", {}, { at_most_once: true })]));
    t.worker({ only: ["hold"], slots: 4 });
    await t.calls.heldNode("pay");
    await t.leasesEnd(runId);
    t.worker({ only: ["hold"], slots: 4 });
    await t.until(runId, ({ nodes }) => nodes["pay"] === "WAITING");
    const { rows } = await t.pool.query("select wait_reason from runtime.node_run where path = 'pay'");
    expect(rows).toEqual([{ wait_reason: "OUTCOME_UNKNOWN" }]);
    expect(t.calls.log.filter((id) => id === "pay")).toHaveLength(1);
  });
});
