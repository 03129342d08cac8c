import { EventEmitter, once } from "node:events";
import type { PlanDocument } from "../../../subgraphs/runtime/engine/plan.ts";
import { eventually } from "../../testkit/eventually.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

async function setup(): Promise<EngineFixture> {
  return EngineFixture.open();
}

const within = (seconds: number, document: PlanDocument): PlanDocument => ({ ...document, timeout_seconds: seconds });

/** As if the run had begun so long ago. */
const begunBefore = (t: EngineFixture, runId: string, seconds: number) =>
  t.pool.query("update runtime.run set started_at = started_at - $2::float8 * interval '1 second' where id = $1", [runId, seconds]);
const due = async (t: EngineFixture, runId: string): Promise<boolean> => {
  const { rows } = await t.pool.query("select visible_at < now() + interval '1 hour' as due from runtime.work where key = $1", [runId]);
  return rows[0]?.due === true;
};

describe("a document's timeout_seconds", () => {
  it("ends the run as FAILED with RUN_TIMEOUT, aborts its calls and cancels its nodes", async () => {
    const t = await setup();
    t.worker();
    const nodes = [node("a", "pure"), node("slow", "hold"), node("after", "pure"), node("ask", "person")];
    const runId = await t.create(within(2, plan(nodes, ["a>slow", "slow>after"])));
    const { context } = await t.calls.heldNode("slow");
    const view = await t.finished(runId);
    expect(view).toMatchObject({
      status: "FAILED",
      errorCode: "RUN_TIMEOUT",
      nodes: { a: "COMPLETED", slow: "CANCELLED", ask: "CANCELLED" },
    });
    expect(context.signal.aborted).toBe(true);
    const { rows } = await t.pool.query("select error_code from runtime.node_run where run_id = $1 and path = 'slow'", [runId]);
    expect(rows).toEqual([{ error_code: "RUN_ENDED" }]);
    const run = await t.pool.query("select error_message from runtime.run where id = $1", [runId]);
    expect(run.rows[0].error_message).toContain("2 s");
  });

  it("ends a run that waits, with nothing but its row to wake it", async () => {
    const t = await setup();
    t.worker();
    const runId = await t.create(within(0.4, plan([node("ask", "person"), node("later", "timer", { ms: 3_600_000 })])));
    expect(await t.finished(runId)).toMatchObject({
      status: "FAILED",
      errorCode: "RUN_TIMEOUT",
      nodes: { ask: "CANCELLED", later: "CANCELLED" },
    });
  });

  it("counts from the stored time of its beginning, whoever owns it: a takeover gives it no more", async () => {
    const t = await setup();
    const first = t.worker();
    const runId = await t.create(within(1_000, plan([node("slow", "hold")])));
    await t.calls.heldNode("slow");
    await first.kill();
    await begunBefore(t, runId, 1_001);
    await t.leasesEnd(runId);
    t.worker();
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", errorCode: "RUN_TIMEOUT" });
    expect(t.calls.log).toEqual(["slow"]);
  });

  it("is applied by the next worker where none was alive at its end", async () => {
    const t = await setup();
    const first = t.worker();
    const runId = await t.create(within(1_000, plan([node("ask", "person")])));
    await t.until(runId, ({ status }) => status === "WAITING");
    await first.kill();
    expect(await due(t, runId)).toBe(true);
    await begunBefore(t, runId, 1_001);
    await t.pool.query("update runtime.work set visible_at = now() where key = $1", [runId]);
    t.worker();
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", errorCode: "RUN_TIMEOUT" });
  });

  it("ends a run whose nodes others execute", async () => {
    const t = await setup();
    t.worker({ slots: 1 });
    await t.create(plan([node("all-day", "hold")]));
    await t.calls.heldNode("all-day");
    const runId = await t.create(within(0.3, plan([node("offered", "call")])));
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", errorCode: "RUN_TIMEOUT", nodes: { offered: "CANCELLED" } });
  });

  it("says nothing where the run ends by itself, by a failure or by a cancel", async () => {
    const t = await setup();
    t.worker();
    const done = await t.create(within(1_000, plan([node("a", "pure")])));
    expect(await t.finished(done)).toMatchObject({ status: "COMPLETED" });
    const bad = await t.create(within(1_000, plan([node("a", "fail")])));
    expect(await t.finished(bad)).toMatchObject({ status: "FAILED", errorCode: "BROKEN" });
    const cancelled = await t.create(within(1_000, plan([node("ask", "person")])));
    await t.until(cancelled, ({ status }) => status === "WAITING");
    await t.control.cancel({ tenantId: "acme", runId: cancelled, reason: "enough" });
    expect(await t.finished(cancelled)).toMatchObject({ status: "CANCELLED", errorCode: null, cancelReason: "enough" });
  });

  it("loses to a cancel that was accepted before its end was stored", async () => {
    const t = await setup();
    const first = t.worker();
    const runId = await t.create(within(1_000, plan([node("ask", "person")])));
    await t.until(runId, ({ status }) => status === "WAITING");
    await first.kill();
    await begunBefore(t, runId, 1_001);
    await t.pool.query("update runtime.work set visible_at = now() where key = $1", [runId]);
    let isPosted = false;
    const flushed = new EventEmitter();
    const decided = once(flushed, "decided");
    const sends = ({ name }: { name: string }): void => {
      if (isPosted || !name.startsWith("flush")) return;
      flushed.emit("decided");
      throw new Error("the statement was lost");
    };
    t.worker({ sends });
    // Its end is decided and on its way.
    await decided;
    const cancelled = t.control.cancel({ tenantId: "acme", runId, reason: "enough" });
    const unread = async () => (await t.pool.query("select from runtime.inbox where run_id = $1", [runId])).rowCount;
    await eventually(unread, (count) => count === 1);
    isPosted = true;
    await cancelled;
    expect(await t.finished(runId)).toMatchObject({ status: "CANCELLED", errorCode: null, cancelReason: "enough" });
  });

  it("is none before the first node begins: what waits for a worker has spent nothing", async () => {
    const t = await setup();
    const runId = await t.create(within(0.001, plan([node("a", "pure")])), { execution: "MANUAL" });
    expect((await t.view(runId)).status).toBe("QUEUED");
    const ended = await t.control.ownRun({ tenantId: "acme", runId, workerKey: "me", mode: { kind: "inbox" } });
    expect(ended.kind).toBeDefined();
    expect((await t.view(runId)).status).toBe("QUEUED");
  });

  it("ends a MANUAL run that nobody touches", async () => {
    const t = await setup();
    t.worker();
    const runId = await t.create(within(0.4, plan([node("ask", "person"), node("next", "pure")])), { execution: "MANUAL" });
    await t.control.ownRun({ tenantId: "acme", runId, workerKey: "me", mode: { kind: "steps", max: 1 } });
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", errorCode: "RUN_TIMEOUT" });
    expect(t.calls.log).toEqual(["ask"]);
  });
});
