/** The database fails over at worse moments than tests/e2e/fail-over.test.ts has: while its schema is made. */
import { query } from "../testkit/admin-query.ts";
import { eventually } from "../testkit/eventually.ts";
import { startReplicatedDatabase } from "../testkit/replicated.ts";
import { runCli } from "../cli/cli-process.ts";

/** Migrations that are done when the primary dies. */
const doneAtLeast = 12;

describe("a database that fails over", () => {
  it("while it is migrated has each migration whole or not at all, and the next start goes on", async () => {
    await using database = await startReplicatedDatabase();
    const environment = { AGENT_PLATFORM_DATABASE_URL: database.url };
    const schemas = () => query(database.adminUrl, "select schemaname as name from pg_tables where tablename = 'migration'");
    const done = async (): Promise<string[]> => {
      const names = (await schemas()) as { name: string }[];
      if (names.length === 0) return [];
      const each = names.map(({ name }) => `select '${name}.' || name as name from "${name}".migration`).join(" union all ");
      return ((await query(database.adminUrl, `${each} order by 1`)) as { name: string }[]).map(({ name }) => name);
    };
    const migrating = runCli("real", ["migrate"], environment);
    const before = await eventually(done, (names) => names.length >= doneAtLeast);
    await database.failOver();
    await migrating.ended;
    // What had been committed is there: it was on both.
    expect(await done()).toEqual(expect.arrayContaining(before));
    expect(await runCli("real", ["migrate"], environment).ended).toMatchObject({ code: 0 });
    expect(await runCli("real", ["migrate", "--status"], environment).ended).toMatchObject({ code: 0 });
  });
});
