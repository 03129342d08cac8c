import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { freeLeases } from "../../../cli/compose/dead-worker.ts";
import { PartProcess } from "../../../cli/process/part-process.ts";
import { EngineFixture, node, plan } from "../../testkit/engine.ts";

const file = fileURLToPath(new URL("../../runtime/guarded-worker.ts", import.meta.url));
const log = pino({ level: "silent" });
const processes: PartProcess[] = [];

afterEach(async () => {
  for (const { child } of processes) child.kill("SIGKILL");
  await Promise.all(processes.splice(0).map(({ ended }) => ended));
  await EngineFixture.closeLeft();
});

/** An engine, and workers as the platform's parts. Leases last 30 s: who waits for one to run out is seen. */
async function setup() {
  const t = await EngineFixture.open();
  const worker = (role: "first" | "next"): PartProcess => {
    const stdio = ["ignore", "ignore", "inherit", "ipc", "pipe"] as const;
    const started = new PartProcess(fork(file, [t.url, role], { execArgv: ["--import", "tsx"], stdio: [...stdio] }), () => {});
    processes.push(started);
    return started;
  };
  const work = async () =>
    (await t.pool.query<{ key: string; crashes: number; isOwned: boolean; leftMs: number }>(
      `select key, crashes, lease is not null as "isOwned", (extract(epoch from visible_at - now()) * 1000)::float8 as "leftMs" from runtime.work`,
    )).rows;
  const crashesOf = async (runId: string) => (await work()).find(({ key }) => key === runId)?.crashes;
  return { ...t, t, worker, work, crashesOf };
}

describe("the runs of a worker that died", () => {
  it("are due at once, each with its crash counted at the next claim", async () => {
    const { t, worker, work } = await setup();
    const runs = [await t.create(plan([node("a", "call")])), await t.create(plan([node("a", "call")]))];
    const first = worker("first");
    await once(first.child, "message");
    await t.until(runs[0]!, ({ nodes }) => nodes["a"] === "RUNNING");
    await t.until(runs[1]!, ({ nodes }) => nodes["a"] === "RUNNING");
    first.child.kill("SIGKILL");
    const { held } = await first.ended;
    expect(held.map(([key]) => key).sort()).toEqual([...runs].sort());
    const freeing = freeLeases(t.url, { held, blamedRunId: undefined }, log);
    await t.until(runs[0]!, async () => (await work()).every(({ leftMs }) => leftMs <= 0));
    expect((await work()).map(({ crashes, isOwned }) => ({ crashes, isOwned }))).toEqual(Array(2).fill({ crashes: 0, isOwned: true }));
    worker("next");
    for (const runId of runs) expect((await t.finished(runId)).status).toBe("COMPLETED");
    await freeing;
  });
});
