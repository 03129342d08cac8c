import pg from "pg";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { assertInvariants } from "../../testkit/invariants.ts";

describe("the engine's tables", () => {
  it("refuse any change of a terminal run or node run", async () => {
    const t = await EngineFixture.open();
    t.worker();
    const runId = await t.create(plan([node("a", "pure")]));
    await t.finished(runId);
    await expect(t.pool.query("update runtime.run set status = 1 where id = $1", [runId])).rejects.toThrow(
      "a terminal run does not change",
    );
    await expect(t.pool.query("update runtime.node_run set output_text = 'x' where run_id = $1", [runId])).rejects.toThrow(
      "a terminal node_run does not change",
    );
  });

  it("show a tenant its own rows only, and nothing to a session without a tenant", async () => {
    const t = await EngineFixture.open();
    const runId = await t.create(plan([node("a", "pure")]));
    const client = new pg.Client({ connectionString: t.url });
    await client.connect();
    await expect(client.query("select id from runtime.run")).rejects.toThrow();
    for (const [tenant, ids] of [
      ["acme", [{ id: runId }]],
      ["other", []],
    ] as const) {
      await client.query("select set_config('app.tenant_id', $1, false)", [tenant]);
      expect((await client.query("select id from runtime.run")).rows).toEqual(ids);
    }
    await client.end();
  });

  it("hold a pure node run in two rows: itself and its event", async () => {
    const t = await EngineFixture.open();
    t.worker();
    const ids = Array.from({ length: 50 }, (_, index) => `n${index}`);
    const nodes = ids.map((id) => node(id, "pure", { output: { id } }));
    const runId = await t.create(
      plan(
        nodes,
        ids.slice(1).map((id, index) => `n${index}>${id}`),
      ),
    );
    await t.finished(runId);
    const count = async (table: string): Promise<number> =>
      Number((await t.pool.query(`select count(*) as n from runtime.${table} where run_id = $1`, [runId])).rows[0].n);
    expect({ nodeRuns: await count("node_run"), spans: await count("trace_span"), artifacts: await count("artifact") }).toEqual({
      nodeRuns: 50,
      spans: 0,
      artifacts: 0,
    });
    // QUEUED, RUNNING and COMPLETED of the run itself.
    expect(await count("run_event")).toBe(50 + 3);
  });
});

describe("assertInvariants", () => {
  it("finds a lease without its work row, and a gap in a run's events", async () => {
    const t = await EngineFixture.open();
    const runId = await t.create(plan([node("a", "pure")]));
    await assertInvariants(t.pool);
    await t.pool.query("update runtime.run set lease = gen_random_uuid(), event_seq = 5 where id = $1", [runId]);
    await expect(assertInvariants(t.pool)).rejects.toThrow(/I1 [^]*I4 /);
    await t.pool.query("update runtime.run set lease = null, event_seq = 1 where id = $1", [runId]);
  });
});
