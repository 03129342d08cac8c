import { fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { freeLeases } from "../../../cli/compose/dead-worker.ts";
import { PartProcess } from "../../../cli/process/part-process.ts";
import { eventually } from "../../testkit/eventually.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { leasesLast } from "../../testkit/lasting-leases.ts";
import { loader } from "../../testkit/loader.ts";

const file = fileURLToPath(new URL("../../runtime/guarded-worker.ts", import.meta.url));
const log = pino({ level: "silent" });
const processes: PartProcess[] = [];

afterEach(processesEnd);

/** Before the database that they work on is dropped. */
async function processesEnd(): Promise<void> {
  for (const { child } of processes) child.kill("SIGKILL");
  await Promise.all(processes.splice(0).map(({ ended }) => ended));
}

/** An engine, and workers as the platform's parts. */
async function setup() {
  const t = await EngineFixture.open();
  const worker = (role: "first" | "next"): PartProcess => {
    const stdio = ["ignore", "ignore", "inherit", "ipc", "pipe"] as const;
    const started = new PartProcess(fork(file, [t.url, role], { execArgv: loader, stdio: [...stdio] }), () => {});
    processes.push(started);
    return started;
  };
  const work = async () => {
    const { rows } = await t.pool.query<{ key: string; crashes: number; isOwned: boolean; isDue: boolean }>(
      `select key, crashes, lease is not null as "isOwned", visible_at <= now() as "isDue" from runtime.work order by key`,
    );
    return rows;
  };
  return { t, worker, work };
}

const calling = plan([node("a", "call")]);

describe("the runs of a worker that died", () => {
  it("are due at once, each with its crash counted by the next claim", async () => {
    const { t, worker, work } = await setup();
    const runs = [await t.create(calling), await t.create(calling, { tenantId: "other" })].sort();
    const first = worker("first");
    for (const runId of runs) await t.until(runId, ({ nodes }) => nodes["a"] === "RUNNING");
    first.child.kill("SIGKILL");
    const { claimMark = "", stuck } = await first.ended;
    expect((await work()).map(({ isDue }) => isDue)).toEqual([false, false]);
    await leasesLast(t.adminUrl);
    const freeing = freeLeases(t.url, { claimMark, blamedRunId: stuck?.runId }, log);
    const freed = await eventually(work, (rows) => rows.every(({ isDue }) => isDue));
    expect(freed).toEqual(runs.map((key) => ({ key, crashes: 0, isOwned: true, isDue: true })));
    worker("next");
    for (const runId of runs) expect((await t.finished(runId)).status).toBe("COMPLETED");
    await freeing;
    await processesEnd();
  });

  it("count no crash but for the one that its main loop did not come back from, when it was ended for that", async () => {
    const { t, worker, work } = await setup();
    const neighbour = await t.create(calling, { tenantId: "other" });
    const first = worker("first");
    await t.until(neighbour, ({ nodes }) => nodes["a"] === "RUNNING");
    const blocking = await t.create(plan([node("a", "block")]));
    const { claimMark = "", stuck, signal } = await first.ended;
    expect({ stuck, signal }).toEqual({ stuck: { runId: blocking }, signal: "SIGKILL" });
    await leasesLast(t.adminUrl);
    const freeing = freeLeases(t.url, { claimMark, blamedRunId: stuck?.runId }, log);
    const freed = await eventually(work, (rows) => rows.every(({ isDue }) => isDue));
    const owned = Object.fromEntries(freed.map(({ key, isOwned }) => [key, isOwned]));
    // The next claim counts a crash where a lease was not given back.
    expect(owned).toEqual({ [neighbour]: false, [blocking]: true });
    worker("next");
    for (const runId of [neighbour, blocking]) expect((await t.finished(runId)).status).toBe("COMPLETED");
    await freeing;
    await processesEnd();
  });

  it("are found by the mark that their worker made up, and by nothing that a user knows", async () => {
    const { t, worker, work } = await setup();
    const runId = await t.create(calling);
    const first = worker("first");
    await t.until(runId, ({ nodes }) => nodes["a"] === "RUNNING");
    const before = await work();
    // The worker key is shown to users, who choose some of their own; the mark is not.
    const others = ["", randomUUID(), `first-${first.child.pid}`];
    await Promise.all(others.map((claimMark) => freeLeases(t.url, { claimMark, blamedRunId: undefined }, log)));
    expect(await work()).toEqual(before);
    await processesEnd();
  });
});
