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
    await rows(t, "update runtime.work set lease = gen_random_uuid(), visible_at = now() + interval '1 hour' where key = $1", [run.id]);
    await t.ask(setQuota, { quota: { runningRuns: 1 } });
    expect((await createAll(t, 1)).refused).toMatchObject({ quota: "runningRuns", limit: 1, used: 1, retryAfterMs: 1_000 });
    await rows(t, "update runtime.work set lease = null where key = $1", [run.id]);
    // Within a second it is known.
    await eventually(
      () => createAll(t, 1),
      ({ passed }) => passed === 1,
    );
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
    const one = async (of: TenantQuotas): Promise<boolean> => {
      try {
        await of.admit("acme");
      } catch {
        return false;
      }
      await t.control.createRuns([{ id: newId(), tenantId: "acme", requestId: "r", plan: frozen }]);
      return true;
    };
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
