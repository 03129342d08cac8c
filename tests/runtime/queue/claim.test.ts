import { newId } from "#shared/ids.ts";
import { nodesClaim, runClaim, runsClaim, tenantRunClaim, type ClaimLimits } from "../../../subgraphs/runtime/queue/claim.sql.ts";
import { runsLoad } from "../../../subgraphs/runtime/queue/load.sql.ts";
import { messagePost } from "../../../subgraphs/runtime/queue/post.sql.ts";
import { leasesRenew } from "../../../subgraphs/runtime/queue/renew.sql.ts";
import { freezePlan } from "../../../subgraphs/runtime/plan/frozen-plan.ts";
import { inboxKinds } from "../../../subgraphs/runtime/queue/statuses.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { countStatements } from "../../testkit/statement-count.ts";

async function setup(tenants: Record<string, number>, more: { priority?: number } = {}): Promise<EngineFixture> {
  const t = await EngineFixture.open();
  const document = plan([node("a", "pure")]);
  for (const [tenantId, count] of Object.entries(tenants)) {
    const frozen = freezePlan(tenantId, document);
    await t.control.createRuns(Array.from({ length: count }, () => ({ id: newId(), tenantId, requestId: "r", plan: frozen, ...more })));
  }
  return t;
}

const limits = (more: Partial<ClaimLimits> = {}): ClaimLimits => ({
  worker: "w",
  limit: 10,
  leaseMs: 600_000,
  orphansAllowed: true,
  suspectsAllowed: false,
  share: 1_000,
  held: new Map(),
  ...more,
});

describe("claim", () => {
  it("gives each run to exactly one of sixteen claims at once", async () => {
    const t = await setup({ acme: 60, beta: 60 });
    const claims = await Promise.all(Array.from({ length: 16 }, (_, index) => runsClaim(t.pool, limits({ worker: `w${index}` }))));
    // What they left to each other, because somebody had it locked, is claimed by whoever comes next.
    for (let more = [...claims.flat()]; more.length > 0; claims.push(more)) more = await runsClaim(t.pool, limits({ worker: "last" }));
    const ids = claims.flat().map(({ runId }) => runId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(120);
  });

  it("gives every tenant a share, however many runs another has", async () => {
    const t = await setup({ heavy: 200, light: 1, other: 1 });
    const tenants = (await runsClaim(t.pool, limits({ limit: 30 }))).map(({ tenantId }) => tenantId);
    expect(new Set(tenants)).toEqual(new Set(["heavy", "light", "other"]));
  });

  it("makes nobody's share smaller for tenants whose runs all sleep, or are owned", async () => {
    const t = await setup({ heavy: 40, owned: 1, ...Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`asleep-${index}`, 1])) });
    await t.pool.query("update runtime.work set visible_at = now() + interval '1 hour' where tenant_id like 'asleep-%'");
    await t.pool.query("update runtime.work set visible_at = now() - interval '1 hour' where tenant_id = 'owned'");
    expect(await runsClaim(t.pool, limits({ limit: 1 }))).toHaveLength(1);
    await t.pool.query("update runtime.work set visible_at = now() + interval '1 hour' where tenant_id = 'owned'");
    expect(await runsClaim(t.pool, limits({ limit: 30 }))).toHaveLength(30);
    // One that wakes is a lane again.
    await t.pool.query("update runtime.work set visible_at = now() where tenant_id = 'asleep-3'");
    const tenants = (await runsClaim(t.pool, limits({ limit: 4 }))).map(({ tenantId }) => tenantId);
    expect(new Set(tenants)).toEqual(new Set(["heavy", "asleep-3"]));
  });

  it("brings runs of some tenants alone, where they are given, and an equal share of each", async () => {
    const t = await setup({ heavy: 40, light: 3, other: 5 });
    const claimed = async (tenants: readonly string[]) =>
      (await runsClaim(t.pool, { ...limits({ held: new Map([["light", 999]]) }), tenants })).map(({ tenantId }) => tenantId).toSorted();
    expect(await claimed([])).toEqual([]);
    expect(await claimed(["nobody", "light"])).toEqual(["light"]);
    expect(await claimed(["other", "heavy"])).toEqual([
      ...Array.from({ length: 5 }, () => "heavy"),
      ...Array.from({ length: 5 }, () => "other"),
    ]);
    await t.pool.query("update runtime.work set visible_at = now() + interval '1 hour' where lease is null");
    expect(await claimed(["heavy"])).toEqual([]);
  });

  it("brings of a tenant no more than what is left of its share of the worker", async () => {
    const t = await setup({ heavy: 5, light: 2 });
    const claim = async (held: [string, number][]): Promise<string[]> =>
      (await runsClaim(t.pool, limits({ share: 3, held: new Map(held) }))).map(({ tenantId }) => tenantId);
    expect(await claim([["heavy", 3]])).toEqual(["light", "light"]);
    expect(await claim([["heavy", 1]])).toEqual(["heavy", "heavy"]);
    expect(await claim([["heavy", 4]])).toEqual([]);
    expect(await claim([])).toEqual(["heavy", "heavy", "heavy"]);
  });

  it("takes what has the higher priority first", async () => {
    const t = await setup({ acme: 3 });
    const urgent = await t.create(plan([node("a", "pure")]), { priority: 100 });
    const [first] = await runsClaim(t.pool, limits({ limit: 1 }));
    expect(first?.runId).toBe(urgent);
  });

  it("counts a crash where a lease was not given back, leaves the second to whoever takes suspects, and orphans alone when told", async () => {
    const t = await setup({ acme: 1 });
    const short = { leaseMs: 0 };
    expect(await runsClaim(t.pool, limits(short))).toMatchObject([{ crashes: 0 }]);
    expect(await runsClaim(t.pool, limits({ ...short, orphansAllowed: false }))).toEqual([]);
    expect(await runsClaim(t.pool, limits(short))).toMatchObject([{ crashes: 1 }]);
    expect(await runsClaim(t.pool, limits(short))).toEqual([]);
    expect(await runsClaim(t.pool, limits({ ...short, suspectsAllowed: true }))).toMatchObject([{ crashes: 2 }]);
  });

  it("claims by id whatever rests or is queued, and no other tenant's", async () => {
    const t = await setup({});
    const queued = await t.create(plan([node("a", "pure")]));
    const resting = await t.create(plan([node("a", "pure")]), { execution: "MANUAL" });
    const claim = { worker: "w", leaseMs: 30_000, orphansAllowed: false };
    for (const runId of [queued, resting]) {
      expect(await runClaim(t.pool, { ...claim, runId, tenantId: "other" })).toBeUndefined();
      const both = await Promise.all([1, 2].map(() => runClaim(t.pool, { ...claim, runId, tenantId: "acme" })));
      expect(both.filter(Boolean)).toHaveLength(1);
    }
    expect(await tenantRunClaim(t.pool, { tenantId: "acme", worker: "w", leaseMs: 1 })).toBeUndefined();
    expect(await nodesClaim(t.pool, limits())).toEqual([]);
  });

  it("S-40: claims a tenant's run whose lease ran out, until it is a suspect", async () => {
    const t = await setup({});
    const runId = await t.create(plan([node("a", "pure")]));
    await runsClaim(t.pool, limits({ leaseMs: 0 }));
    const claim = { tenantId: "acme", worker: "w", leaseMs: 0 };
    expect(await tenantRunClaim(t.pool, { ...claim, tenantId: "other" })).toBeUndefined();
    expect(await tenantRunClaim(t.pool, claim)).toMatchObject({ runId, crashes: 1 });
    expect(await tenantRunClaim(t.pool, claim)).toBeUndefined();
  });

  it("brings what a load would of a run that nobody has begun, by every way to claim", async () => {
    const t = await setup({});
    const create = (execution: "WORKERS" | "MANUAL") =>
      t.create(plan([node("a", "pure")]), { input: { text: "hello" }, initialNode: "a", execution });
    const claim = { tenantId: "acme", worker: "w", leaseMs: 30_000, orphansAllowed: false };
    const claims = [
      await create("WORKERS").then(() => runsClaim(t.pool, limits())),
      [await create("WORKERS").then((runId) => runClaim(t.pool, { ...claim, runId }))],
      [await create("MANUAL").then((runId) => runClaim(t.pool, { ...claim, runId }))],
      [await create("WORKERS").then(() => tenantRunClaim(t.pool, claim))],
    ].flat();
    expect(claims).toHaveLength(4);
    for (const claimed of claims) {
      const [loaded] = await runsLoad(t.pool, [claimed!.runId]);
      expect({ ...claimed!.fresh, lastEventMs: loaded!.lastEventMs, nodes: [], crashedNodes: 0, inbox: [] }).toEqual(loaded);
      expect(claimed!.lease).toBe(loaded!.lease);
    }
  });

  it("leaves it to a load to bring a run that was begun, or has mail", async () => {
    const t = await setup({});
    const claim = { tenantId: "acme", worker: "w", leaseMs: 30_000, orphansAllowed: false };
    const begun = await t.create(plan([node("a", "pure"), node("b", "pure")], ["a>b"]));
    await t.control.ownRun({ tenantId: "acme", runId: begun, workerKey: "me", mode: { kind: "steps", max: 1 } });
    const posted = await t.create(plan([node("a", "pure")]));
    await messagePost(t.pool, { runId: posted, tenantId: "acme", kind: inboxKinds.cancel, body: {} });
    for (const runId of [begun, posted]) expect((await runClaim(t.pool, { ...claim, runId }))?.fresh).toBeUndefined();
  });

  it("spares a worker the load of a run that nobody has begun", async () => {
    const t = await setup({});
    const count = await countStatements(t.adminUrl);
    t.worker();
    expect((await t.finished(await t.create(plan([node("a", "pure")])))).status).toBe("COMPLETED");
    const loads = (await count.read()).filter(({ query }) => query.includes("state_updates") && query.startsWith("select"));
    await count[Symbol.asyncDispose]();
    expect(loads).toEqual([]);
  });

  it("renews by token, and says whose token is not valid any more", async () => {
    const t = await setup({ acme: 1 });
    const [claimed] = await runsClaim(t.pool, limits());
    const lease = { key: claimed?.runId ?? "", lease: claimed?.lease ?? "", leaseMs: 30_000 };
    const stale = { ...lease, lease: "00000000-0000-0000-0000-000000000000" };
    expect(await leasesRenew(t.pool, [lease])).toMatchObject([{ mine: true, renewed: true }]);
    expect(await leasesRenew(t.pool, [stale])).toMatchObject([{ mine: false, renewed: false }]);
  });
});
