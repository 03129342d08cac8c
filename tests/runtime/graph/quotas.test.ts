import { pino } from "pino";
import { newId } from "#shared/ids.ts";
import { TenantQuotas } from "../../../subgraphs/runtime/control/tenant-quotas.ts";
import { freezePlan } from "../../../subgraphs/runtime/plan/frozen-plan.ts";
import { usageCount } from "../../../subgraphs/runtime/queue/quota.sql.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { eventually } from "../../testkit/eventually.ts";
import { chain, rows, setup, type TestRuntime } from "./setup.ts";

const setQuota = `mutation($quota: TenantQuotaInput) { setTenantQuota(quota: $quota) { queuedRuns runningRuns runsPerHour storageMib } }`;
const standing = `{ tenantQuota { queuedRuns queuedRunsNow runningRuns runningRunsNow runsPerHour runsOfLastHour storageMib storageBytes } }`;
const createRun = `mutation($input: CreateRunInput!) { createRun(input: $input) { id } }`;

/** Creates runs that nobody executes; gives how many were let pass, and why the first was refused that was not. */
async function createAll(t: TestRuntime, count: number): Promise<{ passed: number; refused?: Record<string, unknown> }> {
  t.graph.version("v", chain("a"));
  const variables = { input: { workflowVersionId: "v" } };
  for (let passed = 0; passed < count; passed++) {
    const isMade = await t.ask(createRun, variables).then(
      () => true,
      () => false,
    );
    if (!isMade) return { passed, refused: await t.refusal(createRun, variables) };
  }
  return { passed: count };
}

describe("a tenant's quota", () => {
  it("refuses the run beyond those that may wait, and says when to try again", async () => {
    const t = await setup();
    await t.ask(setQuota, { quota: { queuedRuns: 5 } });
    const { passed, refused } = await createAll(t, 9);
    expect(passed).toBe(5);
    expect(refused).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      reason: "QUOTA_EXCEEDED",
      quota: "queuedRuns",
      limit: 5,
      used: 5,
      retryAfterMs: 1_000,
    });
    expect(refused!["message"]).toBe("The tenant has 5 of 5 runs that wait. Try again in 1000 ms, or ask the operator for a larger quota.");
    expect(await t.ask(standing)).toMatchObject({ tenantQuota: { queuedRuns: 5, queuedRunsNow: 5, runningRuns: null } });
    // What asks again for a run that is there gets it; nothing is created.
    await t.ask(setQuota, { quota: null });
    const input = { workflowVersionId: "v", idempotencyKey: "k" };
    const first = await t.ask(createRun, { input });
    await t.ask(setQuota, { quota: { queuedRuns: 0 } });
    expect(await t.ask(createRun, { input })).toEqual(first);
    expect(await t.refusal(createRun, { input: { workflowVersionId: "v" } })).toMatchObject({ reason: "QUOTA_EXCEEDED" });
    const createAgentRun = `mutation($input: CreateAgentRunInput!) { createAgentRun(input: $input) { id } }`;
    expect(await t.refusal(createAgentRun, { input: { agentId: "a", inputText: "Hello" } })).toMatchObject({ reason: "QUOTA_EXCEEDED" });
  });

  it("counts the runs of an hour, whatever became of them, and says when the oldest leaves it", async () => {
    const t = await setup();
    await t.ask(setQuota, { quota: { runsPerHour: 3 } });
    expect(await createAll(t, 3)).toEqual({ passed: 3 });
    await t.ask(`mutation { cancelRuns(filter: { all: true }) { accepted } }`);
    const { passed, refused } = await createAll(t, 1);
    expect(passed).toBe(0);
    expect(refused).toMatchObject({ quota: "runsPerHour", limit: 3, used: 3 });
    expect(refused!["retryAfterMs"]).toBeGreaterThan(3_400_000);
    expect(refused!["retryAfterMs"]).toBeLessThanOrEqual(3_600_000);
  });

  it("counts what is executed now", async () => {
    const t = await setup();
    t.graph.version("v", chain("a"));
    const { createRun: run } = await t.ask<{ createRun: { id: string } }>(createRun, { input: { workflowVersionId: "v" } });
    await rows(t, "update runtime.work set lease = gen_random_uuid(), visible_at = now() + interval '30 seconds' where key = $1", [run.id]);
    await t.ask(setQuota, { quota: { runningRuns: 1 } });
    expect((await createAll(t, 1)).refused).toMatchObject({ quota: "runningRuns", limit: 1, used: 1, retryAfterMs: 1_000 });
    await rows(t, "update runtime.work set lease = null where key = $1", [run.id]);
    expect(await createAll(t, 1)).toEqual({ passed: 1 });
  });

  it("of runs that are executed lets a burst have what room there is, before any of it is executed", async () => {
    const t = await EngineFixture.open();
    const defaults = { queuedRuns: null, runningRuns: 3, runsPerHour: null, storageMib: null };
    const quotas = new TenantQuotas({ db: t.pool, log: pino({ level: "silent" }), defaults });
    const asked = await Promise.allSettled(Array.from({ length: 30 }, () => quotas.admit("acme")));
    expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
    expect(asked.at(-1)).toMatchObject({
      reason: { reason: "QUOTA_EXCEEDED", facts: { quota: "runningRuns", limit: 3, used: 3, retryAfterMs: 1_000 } },
    });
    expect(quotas.room("acme")).toBe(0);
  });

  it.each(["queuedRuns", "runningRuns"])(
    "of one %s lets the next run pass as soon as the one before has ended, each time",
    async (quota) => {
      const t = await setup();
      t.graph.version("v", chain("a"));
      await t.ask(setQuota, { quota: { [quota]: 1 } });
      for (let count = 0; count < 5; count++) {
        const { createRun: run } = await t.ask<{ createRun: { id: string } }>(createRun, { input: { workflowVersionId: "v" } });
        await t.ask(`mutation($id: ID!) { cancelRun(id: $id) { id } }`, { id: run.id });
      }
    },
  );

  it("is not used up by what is refused for another reason, nor that of runs that wait by a MANUAL one", async () => {
    const t = await setup();
    await t.ask(setQuota, { quota: { queuedRuns: 1 } });
    for (let count = 0; count < 2; count++) {
      expect(await t.refusal(createRun, { input: { workflowVersionId: "none" } })).toMatchObject({ code: "NOT_FOUND" });
      await t.create(chain("a"), { execution: "MANUAL" });
    }
    expect(await createAll(t, 2)).toMatchObject({ passed: 1, refused: { quota: "queuedRuns", used: 1 } });
  });

  it("of runs that are executed counts what was created just now and is due, of whatever priority", async () => {
    const t = await EngineFixture.open();
    const frozen = freezePlan("acme", plan([node("a", "pure")]));
    // By their ids they are created in an hour: just now, for as long as the test takes.
    const inAnHour = (Date.now() + 3_600_000).toString(16).padStart(12, "0");
    const id = () => `${inAnHour.slice(0, 8)}-${inAnHour.slice(8)}${newId().slice(13)}`;
    const due = [0, 100].map((priority) => ({ id: id(), priority }));
    const others = [
      { id: id(), priority: -100 },
      { id: id(), execution: "MANUAL" as const },
    ];
    const facts = { tenantId: "acme", requestId: "r", plan: frozen };
    await t.control.createRuns([...due, ...others].map((run) => ({ ...facts, ...run })));
    const limits = { queuedRuns: null, runsPerHour: null, storageMib: null };
    const quotas = (runningRuns: number) =>
      new TenantQuotas({ db: t.pool, log: pino({ level: "silent" }), defaults: { ...limits, runningRuns } });
    await expect(quotas(2).admit("acme")).rejects.toMatchObject({ facts: { quota: "runningRuns", limit: 2, used: 2 } });
    await quotas(3).admit("acme");
    expect(await quotas(3).standing("acme")).toMatchObject({ use: { runningRuns: 0, startingRuns: 2 } });
  });

  it("counts what waits and what is executed each by itself, however many there are of the other", async () => {
    const t = await setup();
    t.graph.version("v", { ...chain("a"), concurrency: { limit: 1 } });
    const ids: string[] = [];
    for (let n = 0; n < 12; n++)
      ids.push((await t.ask<{ createRun: { id: string } }>(createRun, { input: { workflowVersionId: "v" } })).createRun.id);
    const owned = "update runtime.work set lease = gen_random_uuid(), visible_at = now() + interval '30 seconds' where key = any($1)";
    // Two are executed; ten wait, due or in a line.
    await rows(t, owned, [ids.slice(0, 2)]);
    await rows(t, "update runtime.work set visible_at = now() where key = any($1)", [ids.slice(2, 7)]);
    await t.ask(setQuota, { quota: { runningRuns: 2 } });
    expect((await createAll(t, 1)).refused).toMatchObject({ quota: "runningRuns", limit: 2, used: 2 });
    await rows(t, owned, [ids.slice(0, 8)]);
    await rows(t, "update runtime.work set visible_at = 'infinity' where key = any($1)", [ids.slice(8)]);
    await t.ask(setQuota, { quota: { queuedRuns: 4 } });
    expect((await createAll(t, 1)).refused).toMatchObject({ quota: "queuedRuns", limit: 4, used: 4 });
    await t.ask(setQuota, { quota: { queuedRuns: 5, runningRuns: 9 } });
    expect(await t.ask(standing)).toMatchObject({ tenantQuota: { queuedRunsNow: 4, runningRunsNow: 8 } });
    expect(await createAll(t, 1)).toEqual({ passed: 1 });
  });

  it("of runs that wait keeps no run from making the one that it waits for, where nothing else would make room", async () => {
    const t = await setup();
    t.graph.version("child", chain("a"));
    const config = { workflow_version_id: "child", mode: "run", input: {} };
    t.graph.version("parent", { nodes: [{ id: "sub", type: "sub-workflow", config }], edges: [], timeout_seconds: 3_600 });
    const variables = { input: { workflowVersionId: "parent" } };
    const { createRun: first } = await t.ask<{ createRun: { id: string } }>(createRun, variables);
    const { createRun: second } = await t.ask<{ createRun: { id: string } }>(createRun, variables);
    await t.ask(setQuota, { quota: { queuedRuns: 1 } });
    t.startWorker();
    for (const { id } of [first, second])
      await eventually(
        () => rows(t, "select status from runtime.run where id = $1", [id]),
        ([run]) => run!["status"] === 3,
      );
    await t.ask(setQuota, { quota: { queuedRuns: 0 } });
    expect(await t.refusal(createRun, variables)).toMatchObject({ reason: "QUOTA_EXCEEDED" });
  });

  it.each(["queuedRuns", "runningRuns"])(
    "of one %s lets the runs of a run be made one after another, each as soon as there is room",
    async (quota) => {
      const t = await setup();
      t.graph.version("child", chain("a"));
      const config = { workflow_version_id: "child", mode: "run", input: {} };
      t.graph.version("parent", { nodes: [1, 2, 3, 4, 5, 6, 7].map((n) => ({ id: `sub${n}`, type: "sub-workflow", config })), edges: [] });
      await t.ask(setQuota, { quota: { [quota]: 1 } });
      t.startWorker();
      const { createRun: run } = await t.ask<{ createRun: { id: string } }>(createRun, { input: { workflowVersionId: "parent" } });
      // Each alone comes again after up to 30 s: all of them in minutes.
      await eventually(
        () => rows(t, "select status from runtime.run where id = $1", [run.id]),
        ([found]) => found!["status"] === 3,
      );
    },
  );

  it("of runs that wait lets no more than so many beyond it sleep or stand in lines, whoever asks for them, and lets pass what moves them on", async () => {
    const t = await EngineFixture.open();
    const defaults = { queuedRuns: 2, runningRuns: null, runsPerHour: null, storageMib: null };
    const frozen = freezePlan("acme", plan([node("a", "pure")]));
    /** A run that another asks for, and that waits until then. */
    const child = async (until: string, movesNobody?: () => Promise<boolean>) => {
      // Each by a process that has just counted.
      const quotas = new TenantQuotas({ db: t.pool, log: pino({ level: "silent" }), defaults });
      await quotas.admit("acme", { isPart: true, movesNobody });
      await t.control.createRuns([{ id: newId(), tenantId: "acme", requestId: "r", plan: frozen }]);
      await t.pool.query("update runtime.work set visible_at = $1::timestamptz where visible_at <= now()", [until]);
    };
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    // Two may wait, and five are let pass.
    for (let n = 0; n < 7; n++) await child(inAnHour);
    await expect(child(inAnHour)).rejects.toMatchObject({ facts: { quota: "queuedRuns", limit: 2, used: 7 } });
    await t.pool.query("update runtime.work set visible_at = 'infinity'");
    for (const movesNobody of [undefined, async () => false]) await child("infinity", movesNobody);
    await expect(child("infinity", async () => true)).rejects.toMatchObject({ facts: { quota: "queuedRuns", limit: 2, used: 7 } });
    await t.pool.query("delete from runtime.work where ctid = any(array(select ctid from runtime.work limit 3))");
    // Where it decides nothing, it is not asked.
    await child("infinity", () => Promise.reject(new Error("asked")));
    await t.pool.query("delete from runtime.run");
    await t.pool.query("delete from runtime.work");
  });

  it.each<[string, (() => Promise<boolean>) | undefined]>([
    ["knows nothing of what they move", undefined],
    ["is told by the database that each moves somebody", async () => false],
  ])("of runs that all stand in lines lets one of fifty pass that come at once, where it %s", async (_, movesNobody) => {
    const t = await EngineFixture.open();
    const defaults = { queuedRuns: 1, runningRuns: null, runsPerHour: null, storageMib: null };
    const frozen = freezePlan("acme", plan([node("a", "pure")]));
    // One may wait, and five are let pass.
    await t.control.createRuns(Array.from({ length: 6 }, () => ({ id: newId(), tenantId: "acme", requestId: "r", plan: frozen })));
    await t.pool.query("update runtime.work set visible_at = 'infinity'");
    const quotas = new TenantQuotas({ db: t.pool, log: pino({ level: "silent" }), defaults });
    const asked = await Promise.allSettled(Array.from({ length: 50 }, () => quotas.admit("acme", { isPart: true, movesNobody })));
    expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("counts artifacts, and not those of runs that were deleted", async () => {
    const t = await setup();
    t.startWorker();
    const dsl = { nodes: [{ id: "a", type: "template-transform", config: { template: "x".repeat(60_000) } }], edges: [] };
    const id = await t.create(dsl, { execution: "WORKERS" });
    await eventually(
      () => t.ask<{ run: { status: string } }>(`query($id: ID!) { run(id: $id) { status } }`, { id }),
      ({ run }) => run.status === "COMPLETED",
    );
    await rows(t, "update runtime.artifact set size_bytes = 5 * 1048576");
    expect(await t.ask(standing)).toMatchObject({ tenantQuota: { storageBytes: 0 } });
    const engine = {
      query: (query: { text: string }, values?: unknown[]) =>
        rows(t, query.text, (query as { values?: unknown[] }).values ?? values).then((found) => ({ rows: found })),
    };
    expect(await usageCount(engine as never, new Date(Date.now() + 60_000), 10)).toBe(1);
    expect(await usageCount(engine as never, new Date(Date.now() + 60_000), 10)).toBe(0);
    expect(await t.ask(standing)).toMatchObject({ tenantQuota: { storageBytes: 5 * 1_048_576 } });
    await t.ask(setQuota, { quota: { storageMib: 5 } });
    expect((await createAll(t, 1)).refused).toMatchObject({
      quota: "storageMib",
      used: 5,
      message: expect.stringContaining("Delete runs (deleteRuns), or ask the operator"),
    });
    await t.ask(`mutation($id: ID!) { deleteRun(id: $id) { id } }`, { id });
    await eventually(
      () => t.ask<{ tenantQuota: { storageBytes: number } }>(standing),
      ({ tenantQuota }) => tenantQuota.storageBytes === 0,
    );
  });

  it("is one tenant's: another is not refused for it, and a number out of range is told by its name", async () => {
    const t = await setup();
    await t.ask(setQuota, { quota: { queuedRuns: 0 } }, { tenantId: "t2" });
    expect(await createAll(t, 2)).toEqual({ passed: 2 });
    expect(await t.ask(standing)).toMatchObject({ tenantQuota: { queuedRuns: null, queuedRunsNow: 1 } });
    for (const [field, value] of [
      ["queuedRuns", -1],
      ["runsPerHour", 1_000_001],
      ["storageMib", -5],
    ] as const)
      expect(await t.refusal(setQuota, { quota: { [field]: value } })).toMatchObject({
        reason: "NUMBER_OUT_OF_RANGE",
        field: `quota.${field}`,
        value,
      });
  });

  it("lets at most so many pass at once as there is room for, and of two processes no more than twice that", async () => {
    const t = await EngineFixture.open();
    const defaults = { queuedRuns: 20, runningRuns: null, runsPerHour: null, storageMib: null };
    const quotas = [1, 2].map(() => new TenantQuotas({ db: t.pool, log: pino({ level: "silent" }), defaults }));
    const frozen = freezePlan("acme", plan([node("a", "pure")]));
    const one = (of: TenantQuotas): Promise<boolean> =>
      of
        .admitted("acme", () => t.control.createRuns([{ id: newId(), tenantId: "acme", requestId: "r", plan: frozen }]))
        .then(
          () => true,
          () => false,
        );
    const passed = async (of: TenantQuotas[]) =>
      (await Promise.all(Array.from({ length: 100 }, (_, index) => one(of[index % of.length]!)))).filter(Boolean).length;
    expect(await passed([quotas[0]!])).toBe(20);
    // The other counts for itself when it is first asked.
    expect(await passed([quotas[1]!])).toBe(0);
    await t.pool.query("delete from runtime.work");
    const both = await passed([1, 2].map(() => new TenantQuotas({ db: t.pool, log: pino({ level: "silent" }), defaults })));
    expect(both).toBeGreaterThanOrEqual(20);
    expect(both).toBeLessThanOrEqual(40);
    await t.pool.query("delete from runtime.run");
    await t.pool.query("delete from runtime.work");
  });

  it("that was the last, and is taken away in another process, leaves room for any number", async () => {
    const t = await EngineFixture.open();
    const none = { queuedRuns: null, runningRuns: null, runsPerHour: null, storageMib: null };
    const [one, other] = [1, 2].map(() => new TenantQuotas({ db: t.pool, log: pino({ level: "silent" }), defaults: none }));
    await one!.set("acme", { ...none, queuedRuns: 0 });
    await expect(other!.admit("acme")).rejects.toMatchObject({ reason: "QUOTA_EXCEEDED" });
    expect(other!.room("acme")).toBe(0);
    await one!.set("acme", undefined);
    // It looks again, as after 10 s.
    await other!.set("beta", undefined);
    await other!.admit("acme");
    expect(other!.room("acme")).toBe(Number.POSITIVE_INFINITY);
  });

  it("costs nothing where nobody has one", async () => {
    const t = await EngineFixture.open();
    const asked: string[] = [];
    const db = { query: (query: { name: string }, ...rest: []) => (asked.push(query.name), t.pool.query(query as never, ...rest)) };
    const none = { queuedRuns: null, runningRuns: null, runsPerHour: null, storageMib: null };
    const quotas = new TenantQuotas({ db: db as never, log: pino({ level: "silent" }), defaults: none });
    await Promise.all(Array.from({ length: 50 }, (_, index) => quotas.admit(`tenant-${index}`)));
    expect(asked).toEqual(["quota_any"]);
  });
});
