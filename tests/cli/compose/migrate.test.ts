import pg from "pg";
import { migrateAll } from "../../../cli/compose/migrate.ts";
import { allSubgraphs } from "../../../cli/compose/subgraphs.ts";
import { query } from "../../testkit/admin-query.ts";
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
  return { url: database.url, adminUrl: database.adminUrl, client, tables };
}

type Direction = "up" | "down";

/** The statements of a subgraph's migrations, in the order in which they are run. @param from  begins the first one's number. */
async function statementsOf(name: string, direction: Direction, from = ""): Promise<string[]> {
  const migrations = (await allSubgraphs()[name]!()).migrations.filter((migration) => migration.name >= from);
  return (direction === "up" ? migrations : migrations.toReversed()).flatMap(({ class: Migration }) => {
    const migration = new Migration();
    void migration[direction]();
    return migration.getQueries().map(String);
  });
}

/** Four events, of which three share a row, a run that waits in a line, and two messages. */
const tenantRows = `
insert into runtime.run_story (run_id, seq, type, status, attempt, at, tenant_id, path, span_id, earlier) values
  ('r', 4, 0, 1, null, now(), 'acme', null, null, null),
  ('r', 7, 1, 2, 1, now(), 'acme', 'a', null, '[[1,1,1,2000,"a",null],[2,null,null,1000,"a","s"]]');
insert into runtime.work (key, run_id, tenant_id, visible_at) values ('r', 'r', 'acme', 'infinity');
insert into runtime.outbox (run_id, tenant_id, session_id, output_text, kind) values ('r', 'acme', 's', 'x', 1), ('s', 'acme', 's', 'x', 4)`;

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
    const run = async (direction: Direction) => {
      const statements = await statementsOf(name, direction);
      await t.client(async (connected) => {
        for (const statement of statements) await connected.query(statement);
      });
    };
    await run("down");
    expect(await t.tables()).toEqual({});
    await run("up");
    expect(await t.tables()).toEqual(forward);
  });

  it("of the runtime since 0015 lead back and forward with what tenants have, and the engine may use what is new at once", async () => {
    const t = await setup();
    await migrateAll({ databaseUrl: t.url, databaseUrls: {} }, ["runtime"]);
    await query(t.adminUrl, tenantRows);
    const kept = async () => [
      await query(t.adminUrl, "select run_id, seq, type, status, attempt, at, path, span_id from runtime.run_event order by run_id, seq"),
      await query(t.adminUrl, "select run_id, visible_at = 'infinity' as waits from runtime.work"),
      await query(t.adminUrl, "select run_id from runtime.outbox"),
    ];
    const before = await kept();
    expect(before).toMatchObject([[{ seq: 4 }, { seq: 5 }, { seq: 6 }, { seq: 7 }], [{ waits: true }], [{ run_id: "r" }, { run_id: "s" }]]);
    const [down, up] = [await statementsOf("runtime", "down", "0015"), await statementsOf("runtime", "up", "0015")];
    await t.client(async (connected) => {
      for (const statement of down) await connected.query(statement);
    });
    // Its gate is gone, and the version of before knows one kind of message.
    const [events] = before;
    expect(await kept()).toEqual([events, [{ run_id: "r", waits: false }], [{ run_id: "r" }]]);
    await t.client(async (connected) => {
      for (const statement of up) await connected.query(statement);
      // No rights were given on all tables since: the engine of the version before is at work meanwhile.
      const rights = "select has_table_privilege(app.engine_role(), 'runtime.run_event', right_) as may from unnest($1::text[]) right_";
      const { rows } = await connected.query<{ may: boolean }>(rights, [["select", "insert", "update", "delete"]]);
      expect(rows.map(({ may }) => may)).toEqual([true, true, true, true]);
    });
    expect((await kept())[0]).toEqual(events);
    const forced =
      "select relname from pg_class where relnamespace = 'runtime'::regnamespace and relrowsecurity and not relforcerowsecurity";
    expect(await query(t.adminUrl, forced)).toEqual([]);
  });

  it("give the engine its rights on a subgraph's tables before the next is migrated", async () => {
    const t = await setup();
    const names = Object.keys(allSubgraphs());
    // In the way of one behind it.
    const next = names[names.indexOf("runtime") + 1]!;
    await migrateAll({ databaseUrl: t.url, databaseUrls: {} }, [next]);
    await t.client((connected) => connected.query(`drop table ${next}.migration`));
    await expect(migrateAll({ databaseUrl: t.url, databaseUrls: {} }, ["runtime", next])).rejects.toThrow(/already exists/);
    expect(await query(t.adminUrl, "select has_table_privilege(app.engine_role(), 'runtime.run', 'select') as may")).toEqual([
      { may: true },
    ]);
  });
});
