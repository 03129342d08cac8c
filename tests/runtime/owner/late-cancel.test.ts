import type { NodeExecutor } from "../../../subgraphs/runtime/nodes/executor.ts";
import { messagePost } from "../../../subgraphs/runtime/queue/post.sql.ts";
import { inboxKinds } from "../../../subgraphs/runtime/queue/statuses.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

async function setup(options: { applyWaitMs?: number } = {}): Promise<EngineFixture> {
  return EngineFixture.open(options);
}

describe("a cancel between the last look at the mail and a flush that offers nodes", () => {
  it("ends the run and leaves no offer behind", async () => {
    const t = await setup();
    // Nobody is told of the message: the flush is the first to find it.
    t.hints.isSilent = true;
    const cancelling: NodeExecutor = {
      effect: "pure",
      async run({ runId, tenantId }) {
        await messagePost(t.pool, { runId, tenantId, kind: inboxKinds.cancel, body: { reason: "late" } });
        return { kind: "completed" };
      },
    };
    t.worker({ slots: 0, executors: (type) => (type === "cancelling" ? cancelling : t.executors(type)) });
    const runId = await t.create(plan([node("c", "cancelling"), node("offered", "call")], ["c>offered"]));
    expect(await t.finished(runId)).toMatchObject({ status: "CANCELLED", cancelReason: "late" });
    const { rows } = await t.pool.query("select key from runtime.work");
    expect(rows).toEqual([]);
  });
});

describe("a cancel of a run whose owner died during a call", () => {
  it("ends the node run that the dead owner had begun", async () => {
    const t = await setup();
    const runId = await heldByTheDead(t);
    await messagePost(t.pool, { runId, tenantId: "acme", kind: inboxKinds.cancel, body: { reason: null } });
    await t.leasesEnd(runId);
    t.worker();
    expect(await t.finished(runId)).toMatchObject({ status: "CANCELLED" });
    const { rows } = await t.pool.query("select status, error_code from runtime.node_run where run_id = $1", [runId]);
    expect(rows).toEqual([{ status: 5, error_code: "RUN_CANCELLED" }]);
  });

  it("works with no worker alive, once the dead owner's lease has run out", async () => {
    const t = await setup({ applyWaitMs: 0 });
    const runId = await heldByTheDead(t);
    expect(await t.control.cancel({ runId, tenantId: "acme" })).toBe("accepted");
    await t.leasesEnd(runId);
    expect(await t.control.cancel({ runId, tenantId: "acme" })).toBe("applied");
    expect(await t.view(runId)).toMatchObject({ status: "CANCELLED", nodes: { h: "CANCELLED" } });
  });
});

/** A run whose only worker was killed in the middle of its call. */
async function heldByTheDead(t: EngineFixture): Promise<string> {
  const dead = t.worker();
  const runId = await t.create(plan([node("h", "hold")]));
  await t.calls.heldNode("h");
  await dead.kill();
  return runId;
}
