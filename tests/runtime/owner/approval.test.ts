import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

const approval = { decision: "APPROVE" as const, arguments: { n: 2 }, by: "ann" };
const outputOf = async (t: EngineFixture, runId: string) =>
  (
    await t.pool.query("select output_json, worker_key, answered_by, attempt from runtime.node_run where run_id = $1 and path = 'pay'", [
      runId,
    ])
  ).rows;

describe("a call that was approved of", () => {
  it("is made by another worker, where its owner has no slot, with what was decided", async () => {
    const t = await EngineFixture.open();
    const runId = await t.create(plan([node("pay", "approve"), node("busy", "hold")]));
    t.worker({ workerKey: "owner", slots: 1 });
    const busy = await t.calls.heldNode("busy");
    await t.until(runId, ({ nodes }) => nodes["pay"] === "WAITING");
    expect(t.calls.log).toEqual(["busy"]);
    const call = { tenantId: "acme", runId, path: "pay", approval, by: "ann" };
    expect(["applied", "accepted"]).toContain(await t.control.decideNode(call));
    expect(await t.control.decideNode({ ...call, approval: { decision: "REJECT" } })).toBe("conflict");
    await t.until(runId, ({ nodes }) => nodes["pay"] === "QUEUED");
    t.worker({ workerKey: "other" });
    await t.until(runId, ({ nodes }) => nodes["pay"] === "COMPLETED");
    busy.end();
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED" });
    expect(await outputOf(t, runId)).toEqual([{ output_json: { n: 2 }, worker_key: "other", answered_by: "ann", attempt: 1 }]);
  });

  it("waits for its decision over the death of its owner, and is then made once, an at_most_once one too", async () => {
    const t = await EngineFixture.open();
    const runId = await t.create(plan([node("pay", "approve", {}, { at_most_once: true })]));
    const first = t.worker({ workerKey: "first" });
    await t.until(runId, ({ status }) => status === "WAITING");
    await first.kill();
    // Nobody lives: the API stores the decision, and it is no call that has begun.
    expect(await t.control.decideNode({ tenantId: "acme", runId, path: "pay", approval, by: "ann" })).toBe("applied");
    expect(await t.view(runId)).toMatchObject({ status: "QUEUED", nodes: { pay: "WAITING" } });
    t.worker({ workerKey: "second" });
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED" });
    expect(await outputOf(t, runId)).toMatchObject([{ output_json: { n: 2 }, worker_key: "second" }]);
    expect(t.calls.log).toEqual(["pay"]);
  });

  it("is made at once where a thread finds that nobody is to be asked; one that was rejected is not made", async () => {
    const t = await EngineFixture.open();
    const allowed = await t.create(plan([node("pay", "approve", { ask: false })]));
    const asked = await t.create(plan([node("pay", "approve")]));
    t.worker();
    expect(await t.finished(allowed)).toMatchObject({ status: "COMPLETED", outputJson: "nobody was asked" });
    await t.until(asked, ({ status }) => status === "WAITING");
    await t.control.decideNode({ tenantId: "acme", runId: asked, path: "pay", approval: { decision: "REJECT", reason: "no" }, by: "ann" });
    expect(await t.finished(asked)).toMatchObject({ status: "FAILED", errorCode: "APPROVAL_REJECTED" });
    expect(t.calls.log).toEqual(["pay"]);
  });
});
