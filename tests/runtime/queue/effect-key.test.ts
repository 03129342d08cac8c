import { createTestDatabase } from "../../testkit/database.ts";
import { openPool } from "#shared/db/pool.ts";
import { effectKeyOf, effectKeySql } from "../../../subgraphs/runtime/queue/node-run-id.ts";

const runId = "019abcde-0000-7000-8000-000000000000";

describe("the key that is sent outside", () => {
  it("is the node run's id; of a long path a hash stands there, so that no provider refuses it", () => {
    expect(effectKeyOf({ runId, path: "each#17/fetch" })).toBe(`${runId}:each#17/fetch`);
    const paths = ["a", "b"].map((last) => `${`${"n".repeat(60)}#9999/`.repeat(8)}${last}`);
    const keys = paths.map((path) => effectKeyOf({ runId, path }));
    expect(new Set(keys).size).toBe(2);
    for (const key of keys) expect(key.length).toBeLessThanOrEqual(200);
  });

  it("is the same in SQL, at every length", async () => {
    const database = await createTestDatabase();
    const pool = openPool({ url: database.url, scope: "engine", max: 1 });
    const paths = [1, 162, 163, 164, 165, 600].map((length) => "p".repeat(length));
    const { rows } = await pool.query(
      `select ${effectKeySql("n")} as key from (select $1 as run_id, path from unnest($2::text[]) with ordinality as x(path, place) order by place) n`,
      [runId, paths],
    );
    expect(rows.map(({ key }) => key as string)).toEqual(paths.map((path) => effectKeyOf({ runId, path })));
    await pool.end();
    await database.drop();
  });
});
