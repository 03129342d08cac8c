import pg from "pg";
import { migrateAll } from "../../../cli/compose/migrate.ts";
import { allSubgraphs } from "../../../cli/compose/subgraphs.ts";
import { createTestDatabase, type TestDatabase } from "../../testkit/database.ts";

const opened: TestDatabase[] = [];
afterEach(async () => {
  for (const database of opened.splice(0)) await database.drop();
});

/** A database without any schema of a subgraph: what a clone of the template has of them is dropped. */
async function setup() {
  const database = await createTestDatabase();
  opened.push(database);
  const client = async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
    const connected = new pg.Client({ connectionString: database.url });
    await connected.connect();
    try {
      return await work(connected);
    } finally {
      await connected.end();
    }
  };
  /** The tables of each schema, but the lists of migrations. */
  const tables = () =>
    client(async (connected) => {
      const { rows } = await connected.query<{ schema: string; table: string }>(
        `select table_schema as schema, table_name as table from information_schema.tables
         where table_schema = any($1) and table_name <> 'migration' order by 1, 2`,
        [Object.keys(allSubgraphs())],
      );
      return Object.groupBy(rows, ({ schema }) => schema);
    });
  await client(async (connected) => {
    for (const name of Object.keys(allSubgraphs())) await connected.query(`drop schema if exists ${name} cascade`);
  });
  return { url: database.url, client, tables };
}

describe("migrations", () => {
  it("S-4 S-5: each subgraph has a schema of its own, in the database that is named for it", async () => {
    const [shared, own] = [await setup(), await setup()];
    const env = { databaseUrl: shared.url, databaseUrls: { tool: own.url } };
    await migrateAll(env);
    const names = Object.keys(allSubgraphs()).sort();
    expect(Object.keys(await shared.tables()).sort()).toEqual(names.filter((name) => name !== "tool"));
    expect(Object.keys(await own.tables())).toEqual(["tool"]);
    const before = await shared.tables();
    await migrateAll(env);
    expect(await shared.tables()).toEqual(before);
  });

  it.each(Object.keys(allSubgraphs()))("S-5: those of %s lead back to an empty schema, and forward again", async (name) => {
    const t = await setup();
    await migrateAll({ databaseUrl: t.url, databaseUrls: {} }, [name]);
    const forward = await t.tables();
    expect(forward[name]?.length).toBeGreaterThan(0);
    const { migrations } = await allSubgraphs()[name]!();
    const statements = (direction: "up" | "down") =>
      (direction === "up" ? migrations : migrations.toReversed()).flatMap(({ class: Migration }) => {
        const migration = new Migration();
        void migration[direction]();
        return migration.getQueries().map(String);
      });
    const run = (direction: "up" | "down") =>
      t.client(async (connected) => {
        for (const statement of statements(direction)) await connected.query(statement);
      });
    await run("down");
    expect(await t.tables()).toEqual({});
    await run("up");
    expect(await t.tables()).toEqual(forward);
  });
});
