import fc from "fast-check";
import { Slots, tenantShare } from "../../../subgraphs/runtime/owner/calls/slots.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { eventually } from "../../testkit/eventually.ts";

const tenants = ["a", "b", "c"] as const;

describe("slots", () => {
  it("give no tenant more than its share, and leave none idle that somebody who waits may have, whatever happens in which order", async () => {
    // Mostly one tenant that takes: so it comes to its share.
    const step = fc.tuple(fc.constantFrom("take", "take", "take", "wait", "release"), fc.constantFrom("a", "a", "a", ...tenants));
    const property = fc.asyncProperty(fc.integer({ min: 0, max: 9 }), fc.array(step, { maxLength: 80 }), async (total, steps) => {
      const slots = new Slots(total);
      const waiting = new Map<string, number>();
      for (const [kind, tenantId] of steps) {
        const before = slots.held().get(tenantId) ?? 0;
        const hadRoom = before < tenantShare(total) && slots.free > 0;
        if (kind === "take") expect(slots.take(tenantId)).toBe(hadRoom);
        else if (kind === "wait") {
          waiting.set(tenantId, (waiting.get(tenantId) ?? 0) + 1);
          void slots.taken(tenantId).then(() => waiting.set(tenantId, waiting.get(tenantId)! - 1));
        } else if (before > 0) slots.release(tenantId);
        await new Promise((resolve) => setImmediate(resolve));
        const held = [...slots.held().values()];
        expect(held.every((used) => used <= tenantShare(total))).toBe(true);
        expect(held.reduce((sum, used) => sum + used, 0)).toBe(total - slots.free);
        expect(slots.free).toBeGreaterThanOrEqual(0);
        for (const tenant of tenants) if ((waiting.get(tenant) ?? 0) > 0) expect(slots.hasRoom(tenant)).toBe(false);
      }
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it("give a lone tenant three quarters, and the rest to another at once", () => {
    const slots = new Slots(64);
    expect(Array.from({ length: 64 }, () => slots.take("a")).filter(Boolean)).toHaveLength(48);
    expect(Array.from({ length: 64 }, () => slots.take("b")).filter(Boolean)).toHaveLength(16);
  });

  it("tell whoever waits in the order of arrival, also behind one who does not want it any more", async () => {
    const slots = new Slots(1);
    expect(slots.take("a")).toBe(true);
    const told: string[] = [];
    slots.onceRoom("b", () => told.push("gone"));
    const taken = ["b", "c"].map((tenantId) => slots.taken(tenantId).then(() => told.push(tenantId)));
    slots.release("a");
    await taken[0];
    slots.release("b");
    await taken[1];
    expect(told).toEqual(["gone", "b", "c"]);
  });
});

describe("a worker's slots", () => {
  it("hold no more of a tenant than its share, however many nodes it has offered, and another's node is called beside them", async () => {
    const t = await EngineFixture.open();
    const counts = { now: 0, most: 0 };
    const hold = t.executors("hold")!;
    const counted = {
      effect: "outside" as const,
      run: async (context: Parameters<typeof hold.run>[0]) => {
        counts.most = Math.max(counts.most, ++counts.now);
        const outcome = await hold.run(context);
        counts.now--;
        return outcome;
      },
    };
    t.worker({ slots: 4, executors: (type) => (type === "counted" ? counted : t.executors(type)) });
    const ids = Array.from({ length: 9 }, (_, index) => `n${index}`);
    const runs = await Promise.all(ids.map((id) => t.create(plan([node(id, "counted")]))));
    // Offered: all that has no room.
    const isAllThere = async (): Promise<number> => (await t.pool.query("select from runtime.node_run")).rowCount ?? 0;
    await eventually(isAllThere, (count) => count === ids.length);
    const other = await t.create(plan([node("other", "hold")]), { tenantId: "beta" });
    (await t.calls.heldNode("other")).end();
    expect((await t.finished(other)).status).toBe("COMPLETED");
    await Promise.all(ids.map(async (id) => (await t.calls.heldNode(id)).end()));
    for (const runId of runs) expect((await t.finished(runId)).status).toBe("COMPLETED");
    expect(counts.most).toBe(3);
    expect(t.calls.log.toSorted()).toEqual([...ids, "other"].toSorted());
  });

  it("let a run that workers must not help with wait for them in the API, and call each of its nodes once", async () => {
    const t = await EngineFixture.open();
    const ids = Array.from({ length: 60 }, (_, index) => `n${index}`);
    const runId = await t.create(plan(ids.map((id) => node(id, "hold"))), { execution: "MANUAL" });
    const owned = t.control.ownRun({ tenantId: "acme", runId, workerKey: "me", mode: { kind: "steps", max: 100 } });
    await eventually(
      async () => t.calls.held.size,
      (size) => size >= 48,
    );
    const other = await t.create(plan([node("other", "call")]), { execution: "MANUAL", tenantId: "beta" });
    const others = await t.control.ownRun({ tenantId: "beta", runId: other, workerKey: "me", mode: { kind: "steps", max: 1 } });
    expect(others).toMatchObject({ kind: "done", stopReason: "FINISHED" });
    expect(t.calls.held.size).toBe(48);
    await Promise.all(ids.map(async (id) => (await t.calls.heldNode(id)).end()));
    expect(await owned).toMatchObject({ kind: "done", stopReason: "FINISHED" });
    expect(t.calls.log.toSorted()).toEqual([...ids, "other"].toSorted());
  });

  it("end a run that waits for them when it is cancelled", async () => {
    const t = await EngineFixture.open();
    const ids = Array.from({ length: 48 }, (_, index) => `n${index}`);
    const full = await t.create(plan(ids.map((id) => node(id, "hold"))), { execution: "MANUAL" });
    const first = t.control.ownRun({ tenantId: "acme", runId: full, workerKey: "me", mode: { kind: "steps", max: 100 } });
    await eventually(
      async () => t.calls.held.size,
      (size) => size === 48,
    );
    const waiting = await t.create(plan([node("late", "hold")]), { execution: "MANUAL" });
    const second = t.control.ownRun({ tenantId: "acme", runId: waiting, workerKey: "me", mode: { kind: "steps", max: 1 } });
    await eventually(
      () => t.pool.query("select from runtime.run where id = $1 and lease is not null", [waiting]),
      ({ rowCount }) => rowCount === 1,
    );
    expect(await t.control.cancel({ tenantId: "acme", runId: waiting })).toBe("applied");
    expect(await second).toMatchObject({ kind: "done", stopReason: "FINISHED" });
    expect((await t.view(waiting)).status).toBe("CANCELLED");
    for (const call of t.calls.held.values()) call.end();
    await first;
    expect(t.calls.log).not.toContain("late");
  });
});
