import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { PlanDocument } from "../../../subgraphs/runtime/engine/plan.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { loader } from "../../testkit/loader.ts";

const file = fileURLToPath(new URL("../holding-worker.ts", import.meta.url));

/** A worker process that is killed while it calls the node of type hold, when all before that is stored. */
async function killedHolding(t: EngineFixture, document: PlanDocument): Promise<string> {
  const runId = await t.create(document);
  const child: ChildProcess = fork(file, [t.url, "2000"], { execArgv: loader, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const exit = once(child, "exit");
  await once(child, "message");
  child.kill("SIGKILL");
  await exit;
  return runId;
}

describe("kill -9 of the worker", () => {
  it("between a failure and what its branch does: another goes on there, the failure is counted once and its node called no more", async () => {
    const t = await EngineFixture.open();
    const nodes = [node("bad", "fail", {}, { on_error: "branch" }), node("ok", "pure"), node("saved", "hold"), node("end", "echo")];
    const runId = await killedHolding(t, plan(nodes, ["bad>ok", "bad>saved?error", "saved>end"]));
    expect(await t.view(runId)).toMatchObject({
      status: "RUNNING",
      handledErrors: 1,
      nodes: { bad: "FAILED", ok: "SKIPPED", saved: "RUNNING" },
    });
    t.worker();
    (await t.calls.heldNode("saved")).end();
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "COMPLETED", handledErrors: 1, nodes: { bad: "FAILED", ok: "SKIPPED", saved: "COMPLETED" } });
    expect(view.outputJson).toMatchObject({ nodes: { bad: { error: { code: "BROKEN", message: "as told" } } } });
    expect(t.calls.log).toEqual(["saved", "end"]);
  });

  it("while a run's time runs: it ends when it would have ended, by whoever takes it over", async () => {
    const t = await EngineFixture.open();
    const runId = await killedHolding(t, { ...plan([node("slow", "hold")]), timeout_seconds: 600 });
    const begun = "update runtime.run set started_at = started_at - interval '601 seconds' where id = $1";
    await t.pool.query(begun, [runId]);
    t.worker();
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", errorCode: "RUN_TIMEOUT", nodes: { slow: "CANCELLED" } });
    expect(t.calls.log).toEqual([]);
  });
});
