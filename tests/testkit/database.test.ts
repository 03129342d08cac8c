import pg from "pg";
import { createTestDatabase, type TestDatabase } from "./database.ts";

describe("createTestDatabase", () => {
  const made: TestDatabase[] = [];
  const setup = async () => {
    const database = await createTestDatabase();
    made.push(database);
    return database;
  };
  afterEach(async () => {
    for (const database of made.splice(0)) await database.drop();
  });

  it("gives the platform's role a database that it owns and in which row-level security binds it", async () => {
    const { url } = await setup();
    const [row] = await query(
      url,
      "select rolsuper, rolbypassrls, pg_get_userbyid(datdba) as owner from pg_roles, pg_database where rolname = current_user and datname = current_database()",
    );
    expect(row).toEqual({ rolsuper: false, rolbypassrls: false, owner: "agent_platform" });
  });

  it("gives each caller a database of its own", async () => {
    const [a, b] = [await setup(), await setup()];
    await query(a.url, "create table only_in_a ()");
    expect(await query(b.url, "select to_regclass('only_in_a') as found")).toEqual([{ found: null }]);
  });
});

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<object>(text)).rows;
  } finally {
    await client.end();
  }
}
