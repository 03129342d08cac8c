import { newId } from "#shared/ids.ts";
import { freezePlan } from "../../../subgraphs/runtime/plan/frozen-plan.ts";
import { query } from "../../testkit/admin-query.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { eventually } from "../../testkit/eventually.ts";

const tenantId = "acme";

describe("runs that are created at once", () => {
  it("go in statements that are bounded in bytes, however few they are", async () => {
    const t = await EngineFixture.open();
    const frozen = freezePlan(tenantId, plan([node("a", "pure")]));
    const input = { text: "x".repeat(1_500_000) };
    const ids = Array.from({ length: 9 }, () => newId());
    await Promise.all(ids.map((id) => t.control.createRuns([{ id, tenantId, requestId: "r", plan: frozen, input }])));
    // Rows of one statement have one transaction.
    const statements = (await query(t.adminUrl, "select count(*)::int as runs from runtime.run group by xmin order by 1")) as {
      runs: number;
    }[];
    expect(statements.reduce((sum, { runs }) => sum + runs, 0)).toBe(9);
    expect(statements.at(-1)).toEqual({ runs: 2 });
  });

  it("have their inputs whole, whatever is in them, long ones beside short ones", async () => {
    const t = await EngineFixture.open();
    const frozen = freezePlan(tenantId, plan([node("a", "pure")]));
    const inputs = [
      {},
      { text: '"\\\n{},'.repeat(200_000) },
      { text: "ä😀".repeat(100_000) },
      { text: "short" },
      { text: '"'.repeat(900_000) },
    ];
    await t.control.createRuns(inputs.map((input) => ({ id: newId(), tenantId, requestId: "r", plan: frozen, input })));
    for (const { id, input } of (await query(t.adminUrl, "select id, input from runtime.run order by id limit 5")) as {
      id: string;
      input: object;
    }[])
      expect({ id, input }).toEqual({ id, input: inputs.shift() });
    expect(inputs).toEqual([]);
  });
});

describe("a plan", () => {
  it("is sent until it is stored, and again after a connection was lost, for the database may be another by then", async () => {
    const t = await EngineFixture.open();
    const frozen = freezePlan(tenantId, plan([node("a", "pure")]));
    const create = () => t.control.createRuns([{ id: newId(), tenantId, requestId: "r", plan: frozen }]);
    const stored = () => query(t.adminUrl, "select id from runtime.plan");
    await create();
    await query(t.adminUrl, "delete from runtime.plan");
    await create();
    expect(await stored()).toEqual([]);

    await query(
      t.adminUrl,
      "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'agent_platform_engine' and datname = current_database()",
    );
    // The first may still take a connection that has just ended.
    await eventually(
      () => create().catch(() => undefined),
      (created) => created !== undefined,
    );
    expect(await stored()).toEqual([{ id: frozen.id }]);
  });
});
