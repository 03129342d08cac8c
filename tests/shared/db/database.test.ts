import { Migration } from "@mikro-orm/migrations";
import { Database } from "#shared/db/database.ts";
import { createTestDatabase } from "../../testkit/database.ts";

describe("Database", () => {
  it("migrates the database of its URL, whatever that is called, and makes no other", async () => {
    const { url, drop } = await createTestDatabase();
    const database = await Database.open({ url, schema: "shared_db_test", entities: [], migrations: [] });
    const statements: string[] = [];
    database.onStatement = (sql) => statements.push(sql);
    try {
      await database.migrate("shared_db_test");
    } finally {
      await database.close();
      await drop();
    }
    const name = new URL(url.replace("@/", "@socket/")).pathname.slice(1);
    expect(statements.find((sql) => sql.includes("pg_database"))).toContain(`'${name}'`);
    expect(statements.filter((sql) => /create database/i.test(sql))).toEqual([]);
  });

  it("gives up migrating when the connection is lost by which processes wait for each other", async () => {
    const { url, drop } = await createTestDatabase();
    class Losing extends Migration {
      override up(): void {
        // Of this database: other suites have theirs on the same server.
        this.addSql(`select pg_terminate_backend(l.pid) from pg_locks l join pg_database d on d.oid = l.database
          where l.locktype = 'advisory' and d.datname = current_database() and l.pid <> pg_backend_pid()`);
        this.addSql("create table shared_db_test.made ()");
      }
    }
    const database = await Database.open({
      url,
      schema: "shared_db_test",
      entities: [],
      migrations: [{ name: "0001-losing", class: Losing }],
    });
    try {
      await expect(database.migrate("shared_db_test")).rejects.toThrow(/terminat|not queryable/);
    } finally {
      await database.close();
      await drop();
    }
  });
});
