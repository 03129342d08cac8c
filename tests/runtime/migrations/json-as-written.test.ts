import type { Migration } from "@mikro-orm/migrations";
import pg from "pg";
import { JsonAsWritten0004 } from "../../../subgraphs/runtime/migrations/0004-json-as-written.ts";
import { TerminalRefusal0005 } from "../../../subgraphs/runtime/migrations/0005-terminal-refusal.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

type Step = new (driver: never, config: never) => Migration;

async function apply(t: EngineFixture, step: Step, way: "up" | "down"): Promise<void> {
  const migration = new step(undefined as never, undefined as never);
  await migration[way]();
  const owner = new pg.Client({ connectionString: t.adminUrl });
  await owner.connect();
  try {
    for (const query of migration.getQueries()) await owner.query(String(query));
  } finally {
    await owner.end();
  }
}

async function typesOf(t: EngineFixture): Promise<string[]> {
  const { rows } = await t.pool.query<{ type: string }>(
    `select distinct data_type as type from information_schema.columns where table_schema = 'runtime'
       and (table_name, column_name) in (('run', 'input'), ('run', 'state'), ('run', 'output_json'), ('node_run', 'output_json'),
         ('node_run', 'state_updates'), ('artifact', 'content_json'), ('inbox', 'body'))`,
  );
  return rows.map(({ type }) => type);
}

describe("the migration to JSON as it was written", () => {
  it("converts what is there, of terminal runs too, and can be undone; the tables go on working", async () => {
    const t = await EngineFixture.open();
    t.worker();
    const nodes = [
      node("a", "assign", { updates: { zeta: 1, alpha: 2 } }),
      node("b", "pure", { output: { zeta: 1, b: "x".repeat(3_000) } }),
    ];
    const before = await t.create(plan(nodes, ["a>b"]), { input: { zeta: 1, alpha: 2 } });
    await t.finished(before);
    const written = async () => (await t.pool.query("select input::text, state::text from runtime.run where id = $1", [before])).rows;
    expect([await typesOf(t), await written()]).toEqual([["json"], [{ input: '{"zeta":1,"alpha":2}', state: '{"zeta":1,"alpha":2}' }]]);

    await apply(t, TerminalRefusal0005, "down");
    await apply(t, JsonAsWritten0004, "down");
    expect([await typesOf(t), await written()]).toEqual([
      ["jsonb"],
      [{ input: '{"zeta": 1, "alpha": 2}', state: '{"zeta": 1, "alpha": 2}' }],
    ]);
    await expect(t.pool.query("update runtime.run set status = 1")).rejects.toMatchObject({ code: "AP001" });

    await apply(t, JsonAsWritten0004, "up");
    await apply(t, TerminalRefusal0005, "up");
    expect(await typesOf(t)).toEqual(["json"]);
    await expect(t.pool.query("update runtime.run set state = '{}'")).rejects.toMatchObject({ code: "AP002" });
    const { rows } = await t.pool.query(
      "insert into runtime.run (id, tenant_id, plan_id, trace_id, event_seq) values ('d', 'acme', 'p', 't', 0) returning input, state",
    );
    expect(rows).toEqual([{ input: {}, state: {} }]);
    await t.pool.query("delete from runtime.run where id = 'd'");
    const after = await t.create(plan(nodes, ["a>b"]), { input: { zeta: 1, alpha: 2 } });
    expect(await t.finished(after)).toMatchObject({ status: "COMPLETED", state: { zeta: 1, alpha: 2 }, outputJson: { zeta: 1 } });
  });
});
