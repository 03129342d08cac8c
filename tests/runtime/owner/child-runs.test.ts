import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { childNode, childOf, parentOf, TestPump } from "../../testkit/engine/child-runs.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { outboxKinds } from "../../../subgraphs/runtime/queue/statuses.ts";

const { ended, cancel, create } = outboxKinds;
const hold = plan([node("work", "hold")]);
const fail = plan([node("work", "fail")]);
const answer = plan([node("say", "answer", { answer: "Hello" }), node("set", "assign", { updates: { seen: true } })], ["say>set"]);

const waiting = (t: EngineFixture, id: string) => t.until(id, ({ status }) => status === "WAITING");
const inbox = (t: EngineFixture) => t.pool.query("select kind, path from runtime.inbox").then(({ rows }) => rows);

describe("a run that another has made", () => {
  it("is made by the outbox, and its end is its node's", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    t.worker();
    const id = await t.create(parentOf(answer), { traceId: "a".repeat(32) } as object);
    await waiting(t, id);
    const child = (await childOf(t, id))!;
    expect(await pump.run()).toEqual([create]);
    await t.finished(child);
    expect(await pump.run()).toEqual([ended]);
    expect(await t.finished(id)).toMatchObject({ status: "COMPLETED", outputText: "Hello", nodes: { sub: "COMPLETED" } });
    expect((await t.view(id)).outputJson).toEqual({ result: "Hello", state: { seen: true } });
    const { rows } = await t.pool.query(
      "select c.parent_run_id, c.parent_path, c.depth, c.detached, c.input, c.trace_id = p.trace_id as same, c.parent_span_id = runtime.node_span_id(p.id, 'sub', 1) as beneath from runtime.run c join runtime.run p on p.id = c.parent_run_id where c.id = $1",
      [child],
    );
    expect(rows).toEqual([
      { parent_run_id: id, parent_path: "sub", depth: 1, detached: false, input: { who: "Ada" }, same: true, beneath: true },
    ]);
  });

  it("that nobody waits for lives alone", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    t.worker();
    const id = await t.create(parentOf(hold, childNode("sub", {}, { detached: true })));
    expect(await t.finished(id)).toMatchObject({ status: "COMPLETED", nodes: { sub: "COMPLETED" } });
    const child = (await childOf(t, id))!;
    expect((await t.view(id)).outputJson).toEqual({ runId: child });
    expect(await pump.run()).toEqual([create]);
    (await t.calls.heldNode("work")).end();
    expect(await t.finished(child)).toMatchObject({ status: "COMPLETED" });
    expect(await pump.run()).toEqual([]);
  });

  it("that fails fails its node, which may handle it", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    t.worker();
    const id = await t.create(parentOf(fail, childNode("sub", { on_error: "branch" }), node("sorry", "echo")));
    await waiting(t, id);
    await pump.run();
    const child = (await childOf(t, id))!;
    await t.finished(child);
    await pump.run();
    const { rows } = await t.pool.query("select error_code, error_message, output_json from runtime.node_run where path = 'sub'");
    expect(await t.finished(id)).toMatchObject({ status: "COMPLETED" });
    expect(rows[0] ?? (await t.pool.query("select error_code, error_message from runtime.node_run where path = 'sub'")).rows[0]).toBeDefined();
    const after = await t.pool.query("select error_code, error_message from runtime.node_run where path = 'sub'");
    expect(after.rows).toEqual([{ error_code: "CHILD_RUN_FAILED", error_message: `Run ${child} failed: BROKEN: The node work failed: as told` }]);
  });

  it("is made anew for each attempt", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    t.worker();
    const id = await t.create(parentOf(plan([node("work", "flaky", { failures: 1, byPath: true })]), childNode("sub", { retry: { max_attempts: 2, backoff_seconds: 0 } })));
    await waiting(t, id);
    const first = (await childOf(t, id))!;
    await pump.run();
    await t.finished(first);
    await pump.run();
    await t.until(id, () => true);
    const second = await eventuallyOther(t, id, first);
    await pump.run();
    expect(await t.finished(second)).toMatchObject({ status: "COMPLETED" });
    await pump.run();
    expect(await t.finished(id)).toMatchObject({ status: "COMPLETED" });
  });
});

describe("the end of a node that waits for a run", () => {
  it.each<[string, "before" | "after"]>([
    ["before the run is made: it is made CANCELLED", "before"],
    ["after it was made: it is cancelled", "after"],
  ])("by a cancel comes %s", async (_, when) => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    t.worker();
    const id = await t.create(parentOf(hold));
    await waiting(t, id);
    const child = (await childOf(t, id))!;
    if (when === "after") {
      await pump.run();
      await t.calls.heldNode("work");
    }
    await t.control.cancel({ tenantId: "acme", runId: id });
    await t.finished(id);
    const kinds = await pump.run();
    expect(kinds).toContain(cancel);
    expect(await t.finished(child)).toMatchObject({ status: "CANCELLED", nodes: when === "before" ? {} : { work: "CANCELLED" } });
    await pump.run();
    expect(await inbox(t)).toEqual([]);
  });

  it.each<[string, number]>([
    ["is made once by two pumps that have it in hand", 1],
    ["is cancelled, whatever a pump does later that had its making in hand", 2],
  ])("that %s", async (_, which) => {
    const t = await EngineFixture.open();
    const [one, other] = [new TestPump(t), new TestPump(t)];
    t.worker();
    const id = await t.create(parentOf(hold));
    await waiting(t, id);
    const child = (await childOf(t, id))!;
    const taken = await one.take();
    await other.due();
    if (which === 2) {
      await t.control.cancel({ tenantId: "acme", runId: id });
      await t.finished(id);
    }
    await other.run();
    await one.deliver(taken);
    const { rows } = await t.pool.query("select count(*)::int as many from runtime.run");
    expect(rows).toEqual([{ many: 2 }]);
    if (which === 1) await t.control.cancel({ tenantId: "acme", runId: id });
    await t.finished(id);
    await one.run();
    expect(await t.finished(child)).toMatchObject({ status: "CANCELLED" });
    await one.run();
  });

  it("by its time-out cancels it, and makes another where it is tried again", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    t.worker();
    const id = await t.create(parentOf(hold, childNode("sub", { timeout_seconds: 0.2, retry: { max_attempts: 2, backoff_seconds: 0 } })));
    await waiting(t, id);
    const first = (await childOf(t, id))!;
    const second = await eventuallyOther(t, id, first);
    expect(await t.finished(id)).toMatchObject({ status: "FAILED", errorCode: "NODE_TIMEOUT" });
    await pump.run();
    expect([(await t.finished(first)).status, (await t.finished(second)).status]).toEqual(["CANCELLED", "CANCELLED"]);
  });

  it("that ended while nobody owned the run that waits is read by its next owner", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    const worker = t.worker();
    const id = await t.create(parentOf(plan([node("work", "hold")])));
    await waiting(t, id);
    await pump.run();
    const call = await t.calls.heldNode("work");
    call.end();
    const child = (await childOf(t, id))!;
    await t.finished(child);
    await worker.kill();
    const taken = await pump.take();
    await pump.deliver(taken);
    await pump.deliver(taken);
    t.worker();
    expect(await t.finished(id)).toMatchObject({ status: "COMPLETED" });
    await pump.due();
    await pump.run();
  });

  it("by a failure beside it cancels it", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    t.worker();
    const id = await t.create(parentOf(hold, childNode(), node("beside", "hold")));
    const call = await t.calls.heldNode("beside");
    await t.until(id, ({ nodes }) => nodes["sub"] === "WAITING");
    const child = (await childOf(t, id))!;
    call.end({ kind: "failed", code: "BROKEN", message: "as told", retryable: false });
    expect(await t.finished(id)).toMatchObject({ status: "FAILED", nodes: { sub: "CANCELLED" } });
    await pump.run();
    expect(await t.finished(child)).toMatchObject({ status: "CANCELLED" });
  });
});

async function eventuallyOther(t: EngineFixture, id: string, first: string): Promise<string> {
  let made: string | undefined;
  await t.until(id, () => true);
  for (;;) {
    made = await childOf(t, id);
    if (made !== undefined && made !== first) return made;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
