import { once } from "node:events";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

/** A worker that looks for work when it is told to, and hardly ever by itself. */
const neverByItself = { pollMs: 600_000 };

describe("a tenant that has its share of a worker", () => {
  it.each([
    ["a lone tenant", []],
    ["one of two tenants", ["other"]],
  ])("is come back to, as %s, as soon as one of its runs is let go, and not when the worker looks again", async (_, others) => {
    const t = await EngineFixture.open();
    const tenants = [...others, ...Array.from({ length: 9 }, () => "acme")];
    const runs: string[] = [];
    for (const [k, tenantId] of tenants.entries()) runs.push(await t.create(plan([node(`n${k}`, "hold")]), { tenantId }));
    // Room for eight runs, six of one tenant. No hint comes: all there is to go by is what it holds.
    t.hints.isSilent = true;
    const worker = t.worker({ runs: 8, slots: 64, start: false, ...neverByItself });
    const idle = once(worker.signals, "idle");
    worker.start();
    const shared = tenants.flatMap((tenantId, k) => (tenantId === "acme" ? [k] : []));
    for (const k of shared.slice(0, 6)) await t.calls.heldNode(`n${k}`);
    // The last claim found nothing that it might have taken.
    await idle;
    for (const k of tenants.keys()) (await t.calls.heldNode(`n${k}`)).end();
    for (const runId of runs) expect((await t.finished(runId)).status).toBe("COMPLETED");
  });
});

describe("hints that runs of a tenant are due", () => {
  it("have a worker look for that tenant's, and leave it no less time for those of others that no hint told of", async () => {
    const t = await EngineFixture.open();
    const sent: (string | undefined)[] = [];
    const worker = t.worker({ start: false, ...neverByItself, sends: ({ name }) => sent.push(name) });
    const idle = once(worker.signals, "idle");
    worker.start();
    await idle;
    const runId = await t.create(plan([node("a", "pure")]));
    expect((await t.finished(runId)).status).toBe("COMPLETED");
    t.hints.isSilent = true;
    const unheard = await t.create(plan([node("a", "pure")]), { tenantId: "other" });
    t.hints.isSilent = false;
    const hinting = setInterval(() => t.hints.publish("work", "runs:acme"), 2);
    expect((await t.finished(unheard)).status).toBe("COMPLETED");
    clearInterval(hinting);
    expect(sent.filter((name) => name === "claim_runs_of").length).toBeGreaterThan(0);
  });
});
