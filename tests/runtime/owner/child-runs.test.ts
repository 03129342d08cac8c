import { eventually } from "../../testkit/eventually.ts";
import { AppError } from "#shared/errors.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { childNode, childOf, parentOf, TestPump } from "../../testkit/engine/child-runs.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { pino } from "pino";
import { AwaitedRuns } from "../../../subgraphs/runtime/control/awaited-runs.ts";
import { runClaim } from "../../../subgraphs/runtime/queue/claim.sql.ts";
import { runFailUnstored } from "../../../subgraphs/runtime/queue/dead-letter.sql.ts";
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
    const id = await t.create(parentOf(answer));
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
    expect(await t.finished(id)).toMatchObject({ status: "COMPLETED", handledErrors: 1 });
    const { rows } = await t.pool.query("select error_code, error_message, output_json from runtime.node_run where path = 'sub'");
    expect(rows).toEqual([
      {
        error_code: "CHILD_RUN_FAILED",
        error_message: `Run ${child} failed: BROKEN: The node work failed: as told`,
        output_json: { runId: child, errorCode: "BROKEN", errorMessage: "The node work failed: as told" },
      },
    ]);
  });

  it("is made anew for each attempt", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    t.worker();
    const id = await t.create(
      parentOf(
        plan([node("work", "flaky", { failures: 1, byPath: true })]),
        childNode("sub", { retry: { max_attempts: 2, backoff_seconds: 0 } }),
      ),
    );
    await waiting(t, id);
    const first = (await childOf(t, id))!;
    await pump.run();
    await t.finished(first);
    await pump.run();
    const second = await eventuallyOther(t, id, first);
    await pump.run();
    expect(await t.finished(second)).toMatchObject({ status: "COMPLETED" });
    await pump.run();
    expect(await t.finished(id)).toMatchObject({ status: "COMPLETED" });
  });
});

describe("what runs tell others", () => {
  it("waits while the tenant may have no more runs", async () => {
    const t = await EngineFixture.open();
    const full = new TestPump(t, { admit: () => Promise.reject(new AppError("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "No more runs.")) });
    t.worker();
    const id = await t.create(parentOf(answer));
    await waiting(t, id);
    expect(await full.run()).toEqual([create]);
    expect((await t.pool.query("select attempts from runtime.outbox")).rows).toEqual([{ attempts: 1 }]);
    const pump = new TestPump(t);
    await pump.due();
    await pump.run();
    await t.finished((await childOf(t, id))!);
    await pump.run();
    expect(await t.finished(id)).toMatchObject({ status: "COMPLETED" });
  });

  it("is taken of each tenant, whatever others have", async () => {
    const t = await EngineFixture.open({ madeUp: true });
    const message =
      "insert into runtime.outbox (run_id, tenant_id, kind, target_run_id, body) select $1 || g, $1, 4, 'r' || g, '{}' from generate_series(1, $2::int) g";
    await t.pool.query(message, ["loud", 500]);
    await t.pool.query(message, ["quiet", 1]);
    const taken = await new TestPump(t).take();
    expect(new Set(taken.map(({ tenantId }) => tenantId))).toEqual(new Set(["loud", "quiet"]));
  });

  it("stands in the statements too that fail a run without its owner", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    const worker = t.worker();
    const middle = { ...plan([childNode()]), on_failure: "tell" };
    const id = await t.create({ ...plan([childNode("sub", {}, { workflow_version_id: "middle" })]), workflows: { child: hold, middle } });
    await waiting(t, id);
    await pump.run();
    const middleId = (await childOf(t, id))!;
    await waiting(t, middleId);
    await pump.run();
    const inner = (await childOf(t, middleId))!;
    await worker.kill();
    const claim = await runClaim(t.pool, { runId: middleId, tenantId: "acme", worker: "w", leaseMs: 30_000, orphansAllowed: true });
    await runFailUnstored(t.pool, { runId: middleId, lease: claim!.lease });
    const { rows } = await t.pool.query("select kind, target_run_id from runtime.outbox where run_id = $1 order by kind", [middleId]);
    expect(rows).toMatchObject([{ kind: ended, target_run_id: id }, { kind: cancel, target_run_id: inner }, { kind: create }]);
    t.worker();
    await pump.run();
    expect(await t.finished(id)).toMatchObject({ status: "FAILED", errorCode: "CHILD_RUN_FAILED" });
    expect(await t.finished(inner)).toMatchObject({ status: "CANCELLED" });
  });

  it("is told once more of a run that waits for one which is over, where it was lost", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    t.worker();
    const id = await t.create(parentOf(answer));
    await waiting(t, id);
    await pump.run();
    await t.finished((await childOf(t, id))!);
    await t.pool.query("delete from runtime.outbox");
    const looks = new AwaitedRuns({ db: t.pool, log: pino({ level: "silent" }) });
    await looks.look();
    await looks.look();
    expect(await pump.run()).toEqual([ended]);
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

/** The run that another attempt has made. */
async function eventuallyOther(t: EngineFixture, id: string, first: string): Promise<string> {
  const made = await eventually(
    () => childOf(t, id),
    (one) => one !== first,
  );
  return made!;
}
