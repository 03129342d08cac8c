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
});
