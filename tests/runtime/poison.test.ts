import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { superviseWorkers } from "../../cli/process/worker-processes.ts";
import { eventually } from "../testkit/eventually.ts";
import { EngineFixture } from "../testkit/engine/fixture.ts";
import { node, plan } from "../testkit/engine/plan.ts";
import { loader } from "../testkit/loader.ts";

const file = fileURLToPath(new URL("./poison-worker.ts", import.meta.url));

describe("a node that kills its worker", () => {
  it("fails alone, with WORKER_CRASHED, and none of the runs that died beside it does", async () => {
    const t = await EngineFixture.open();
    const poisonous = plan(
      [node("call", "call", { ms: 50 }), node("poison", "poison"), node("after", "call", { ms: 1 })],
      ["call>poison", "poison>after"],
    );
    const innocent = plan([node("a", "call", { ms: 200 }), node("b", "call", { ms: 400 }), node("c", "call", { ms: 100 })], ["a>b", "b>c"]);
    const poisoned = await Promise.all([1, 2].map(() => t.create(poisonous)));
    const innocents = await Promise.all(Array.from({ length: 8 }, () => t.create(innocent)));
    const workers = superviseWorkers({
      count: 2,
      fork: () => fork(file, [t.url], { execArgv: loader, stdio: ["ignore", "ignore", "inherit", "ipc"] }),
      stopDeadlineMs: 0,
    });
    try {
      const left = async () => (await t.pool.query("select 1 from runtime.run where status < 3")).rowCount;
      await eventually(left, (count) => count === 0, { withinMs: 300_000 });
    } finally {
      await workers.stop();
    }
    for (const runId of poisoned) {
      const view = await t.view(runId);
      expect(view).toMatchObject({ status: "FAILED", errorCode: "WORKER_CRASHED", nodes: { call: "COMPLETED", poison: "FAILED" } });
      expect(view.nodes["after"]).toBeUndefined();
    }
    const statuses = await Promise.all(innocents.map(async (runId) => (await t.view(runId)).status));
    expect(new Set(statuses)).toEqual(new Set(["COMPLETED"]));
  }, 360_000);
});
