/** Each invariant is seen to fail: rows are planted that break it, behind the engine's back. */
import pg from "pg";
import type { Json, JsonObject } from "#shared/json.ts";
import { EngineFixture } from "./engine/fixture.ts";
import { node, plan } from "./engine/plan.ts";
import { assertCalls, assertInvariants } from "./invariants.ts";

const body = (nodes: ReturnType<typeof plan>): JsonObject => nodes as unknown as JsonObject;
const inner = node("inner", "iteration", { items: ["a", "b"] as Json, body: body(plan([node("see", "pure")])), output: "{{ item }}" });
const document = plan(
  [
    node("first", "pure"),
    node("each", "iteration", { items: [1, 2, 3] as Json, body: body(plan([inner])), parallel: 1 }),
    node("sour", "iteration", {
      items: [1] as Json,
      body: body(plan([node("bad", "fail"), node("ask", "person")])),
      on_item_error: "continue",
    }),
  ],
  ["first>each", "each>sour"],
);

/** Changes rows as no part of the platform can, and says what is broken then. */
async function planted(t: EngineFixture, sql: string): Promise<string> {
  const admin = new pg.Client({ connectionString: t.adminUrl });
  await admin.connect();
  try {
    // In one transaction, which is taken back: the fixture's own look at its end finds nothing.
    await admin.query("begin; set local session_replication_role = replica");
    await admin.query(sql);
    return await assertInvariants(admin as unknown as pg.Pool).then(
      () => "nothing",
      (error: unknown) => String(error),
    );
  } finally {
    await admin.query("rollback");
    await admin.end();
  }
}

const nodeRun = (set: string, where: string): string => `update runtime.node_run set ${set} where ${where}`;

describe("the invariants of nested runs", () => {
  it("hold of a run as the engine stores it, and none holds of rows that break it", async () => {
    const t = await EngineFixture.open();
    t.worker();
    const runId = await t.create(document);
    expect((await t.finished(runId)).status).toBe("COMPLETED");
    await expect(assertInvariants(t.pool)).resolves.toBeUndefined();
    const open = await t.create(
      plan([node("each", "iteration", { items: [1, 2, 3, 4], body: body(plan([node("ask", "person")])), parallel: 2 })]),
    );
    await t.until(open, ({ status }) => status === "WAITING");
    const plantings: [claim: RegExp, sql: string][] = [
      [
        /I8, C1 a node run ends once/,
        `insert into runtime.run_story (run_id, seq, type, status, attempt, at, tenant_id, path)
        select run_id, 9000, type, status, attempt, at, tenant_id, path from runtime.run_event where path = 'each#1' and type = 1`,
      ],
      [
        /C1 no two ends have one number/,
        nodeRun("done_seq = (select done_seq from runtime.node_run where path = 'each#1')", "path = 'each#2'"),
      ],
      [/C2 what is part/, nodeRun("done_seq = 10000", "path = 'each#1/inner#0/see'")],
      [/C2 what is part/, nodeRun("done_seq = 1", "path = 'each#0'")],
      [/C3 nothing is open/, nodeRun("status = 1", "path = 'each#1/inner#0/see'")],
      [
        /C3 nothing is open/,
        "delete from runtime.node_run where path in ('each#1', 'each#1/inner', 'each#1/inner#0'); " +
          nodeRun("status = 2", "path = 'each#1/inner#0/see'"),
      ],
      [/C4 an iteration that completed has each/, "delete from runtime.node_run where path = 'each#1/inner#1'"],
      [/C4 a frame is of an item/, nodeRun("path = 'each#7'", "path = 'each#2'")],
      [
        /C4 no more items are worked on/,
        nodeRun("seq = (select seq from runtime.node_run where path = 'each#0/inner')", "path = 'each#1/inner'"),
      ],
      [
        /C4 no more items are worked on/,
        `insert into runtime.node_run (run_id, tenant_id, path, node_id, node_type, parent_path, status, attempt, seq, created_at)
        select run_id, tenant_id, 'each#2/ask', node_id, node_type, 'each#2', status, attempt, seq, created_at from runtime.node_run where path = 'each#1/ask'`,
      ],
      [/C5 what is stored of a run replays .*none of its plan/, nodeRun("path = 'every'", "path = 'sour'")],
      [/C5 what is stored of a run replays .*its output/, `update runtime.run set output_json = '{"other": true}' where id = '${runId}'`],
      [/C8 an iteration gives what its items gave/, nodeRun("output_json = '[[\"b\"]]'", "path = 'each#1'")],
      [
        /C8 an iteration gives what its items gave/,
        nodeRun("status = 3", "path = 'sour#0'") + "; " + nodeRun("output_json = '[\"x\"]'", "path = 'sour'"),
      ],
      [/C9 what is cancelled for/, nodeRun("status = 5, error_code = 'SIBLING_FAILED'", "path = 'each#2/inner#0/see'")],
      [/C9 what is cancelled for/, nodeRun("status = 5, error_code = 'SIBLING_FAILED'", "path = 'first'")],
      [/has no failure that nothing handled/, nodeRun("route = null", "path = 'sour#0'")],
    ];
    for (const [claim, sql] of plantings) expect([sql, await planted(t, sql)]).toEqual([sql, expect.stringMatching(claim)]);
    await t.control.cancel({ tenantId: "acme", runId: open });
  });

  it("C7: an attempt that is called again without a set-back is seen", () => {
    const once = { nodeRunId: "run:each#1/call", attempt: 1 };
    expect(() => assertCalls([once, { ...once, attempt: 2 }, { ...once, nodeRunId: "run:each#2/call" }], 0)).not.toThrow();
    expect(() => assertCalls([once, once], 1)).not.toThrow();
    expect(() => assertCalls([once, once], 0)).toThrow(
      "C7 an attempt is called once, and once more for each owner that was lost\nrun:each#1/call, attempt 1: 2 times",
    );
  });
});
