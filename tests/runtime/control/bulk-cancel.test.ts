import { newId } from "#shared/ids.ts";
import { freezePlan } from "../../../subgraphs/runtime/plan/frozen-plan.ts";
import type { RunCondition } from "../../../subgraphs/runtime/queue/run-condition.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { eventually } from "../../testkit/eventually.ts";

async function setup(): Promise<EngineFixture> {
  return EngineFixture.open();
}

const call = { tenantId: "acme", condition: {}, reason: null, after: "" };
const document = plan([node("a", "pure")]);

async function createMany(t: EngineFixture, count: number, tenantId = "acme"): Promise<void> {
  const frozen = freezePlan(tenantId, document);
  await t.control.createRuns(Array.from({ length: count }, () => ({ id: newId(), tenantId, requestId: "r", plan: frozen })));
}

/** Names of the statements that the API sends from now on. */
function statementsOf(t: EngineFixture): string[] {
  const names: string[] = [];
  const query = t.pool.query.bind(t.pool) as (...args: unknown[]) => Promise<unknown>;
  const named = (...args: unknown[]): Promise<unknown> => {
    names.push((args[0] as { name: string }).name);
    return query(...args);
  };
  Object.assign(t.pool, { query: named });
  return names;
}

/** How many runs have each status, by tenant. */
async function statuses(t: EngineFixture): Promise<Record<string, number>> {
  const { rows } = await t.pool.query<{ key: string; count: number }>(
    "select tenant_id || ' ' || status as key, count(*)::int as count from runtime.run group by 1",
  );
  return Object.fromEntries(rows.map(({ key, count }) => [key, count]));
}

describe("a bulk cancel", () => {
  it("cancels all of a tenant's runs in a statement for each five hundred, and workers end them; other tenants' stay", async () => {
    const t = await setup();
    await createMany(t, 1_100);
    await createMany(t, 3, "beta");
    const sent = statementsOf(t);
    expect(await t.control.cancelAll({ ...call, reason: "enough" })).toEqual({ accepted: 1_100, cursor: null });
    expect(sent.filter((name) => name !== "mail_standing")).toEqual(Array(3).fill("cancel_runs_of_tenant"));
    // Once each, whether it is read yet or not.
    expect(await t.control.cancelAll(call)).toEqual({ accepted: 0, cursor: null });
    t.worker();
    const ended = await eventually(
      () => statuses(t),
      (seen) => seen["acme 5"] === 1_100 && seen["beta 3"] === 3,
    );
    expect(ended).toEqual({ "acme 5": 1_100, "beta 3": 3 });
    const { rows } = await t.pool.query("select distinct cancel_reason from runtime.run where tenant_id = 'acme'");
    expect(rows).toEqual([{ cancel_reason: "enough" }]);
  });

  it("reaches runs whoever owns them, and runs that rest, and stops what executes", async () => {
    const t = await setup();
    t.worker();
    const held = await t.create(plan([node("h", "hold")]));
    const resting = await t.create(plan([node("w", "person")]));
    const manual = await t.create(document, { execution: "MANUAL" });
    const { context } = await t.calls.heldNode("h");
    await t.until(resting, ({ status }) => status === "WAITING");
    expect(await t.control.cancelAll(call)).toEqual({ accepted: 3, cursor: null });
    for (const runId of [held, resting, manual]) expect((await t.finished(runId)).status).toBe("CANCELLED");
    expect(context.signal.aborted).toBe(true);
  });

  it("is applied with no worker alive", async () => {
    const t = await setup();
    // More than the API applies in one look.
    await createMany(t, 120);
    expect(await t.control.cancelAll(call)).toMatchObject({ accepted: 120 });
    await eventually(
      () => statuses(t),
      (seen) => seen["acme 5"] === 120,
    );
  });

  it("goes on past a run that is locked, and comes to it when it is free", async () => {
    const t = await setup();
    const runs = [await t.create(document), await t.create(document)] as const;
    const other = await t.pool.connect();
    await other.query("begin");
    await other.query("select from runtime.run where id = $1 for update", [runs[0]]);
    const cancelled = t.control.cancelAll(call);
    const inbox = (): Promise<string[]> =>
      t.pool.query("select run_id from runtime.inbox").then(({ rows }) => rows.map((row) => row.run_id));
    await eventually(inbox, (ids) => ids.includes(runs[1]));
    expect(await inbox()).toEqual([runs[1]]);
    await other.query("commit");
    other.release();
    expect(await cancelled).toEqual({ accepted: 2, cursor: null });
  });

  it("says where to go on after ten thousand, and lets one tenant make only so many calls at once", async () => {
    const t = await setup();
    const calls = await Promise.all(Array.from({ length: 12 }, () => t.control.cancelAll(call)));
    expect(calls.filter((answer) => answer === "full")).toHaveLength(1);
    const first = await t.create(document);
    const second = await t.create(document);
    expect(await t.control.cancelAll({ ...call, after: first })).toEqual({ accepted: 1, cursor: null });
    expect((await t.finished(second)).status).toBe("CANCELLED");
    expect((await t.view(first)).status).toBe("QUEUED");
  });

  it("matches by each condition", async () => {
    const t = await setup();
    const names = { appId: "a1", workflowId: "w1", workflowVersionId: "v1", sessionId: "s1" };
    const frozen = freezePlan("acme", document);
    const create = async (more: object): Promise<string> => {
      const id = newId();
      await t.control.createRuns([{ id, tenantId: "acme", requestId: "r", plan: frozen, execution: "MANUAL", ...more }]);
      return id;
    };
    const before = new Date(Date.now() - 3_600_000);
    const later = new Date(Date.now() + 3_600_000);
    const accepted = async (condition: RunCondition): Promise<number> => {
      const done = await t.control.cancelAll({ ...call, condition });
      return done === "full" ? -1 : done.accepted;
    };
    const none: RunCondition[] = [
      { ids: [] },
      { statuses: [] },
      { statuses: [1] },
      { kind: "AGENT" },
      { ...names, appId: "a2" },
      { ...names, workflowId: "w2" },
      { workflowVersionId: "v2" },
      { ...names, sessionId: "s2" },
      { createdAfter: later },
      { createdBefore: before },
    ];
    const id = await create(names);
    for (const condition of none) expect([condition, await accepted(condition)]).toEqual([condition, 0]);
    expect(
      await accepted({ ids: [id, "unknown"], statuses: [0], kind: "WORKFLOW", ...names, createdAfter: before, createdBefore: later }),
    ).toBe(1);
    for (const [field, value] of Object.entries(names)) {
      await create({ [field]: value });
      await create({});
      expect([field, await accepted({ [field]: value })]).toEqual([field, 1]);
    }
    expect(await accepted({})).toBe(4);
  });
});
