import { Migration } from "@mikro-orm/migrations";
import { Database } from "#shared/db/database.ts";
import { query } from "../../testkit/admin-query.ts";
import { createTestDatabase } from "../../testkit/database.ts";

/** Writes down the limits of the session that it runs in. */
class SeenLimits0001 extends Migration {
  override up(): void {
    this.addSql(`create table limits_seen.limits as select current_setting('statement_timeout') as statement,
      current_setting('idle_in_transaction_session_timeout') as idle, current_setting('lock_timeout') as lock`);
  }
}

describe("a migration", () => {
  it("may take as long as the rewrite of a large table takes, and waits for a lock no longer than anybody", async () => {
    const t = await createTestDatabase();
    const schema = "limits_seen";
    const database = await Database.open({ url: t.url, schema, entities: [], migrations: [{ name: "0001-seen", class: SeenLimits0001 }] });
    try {
      await database.migrate(schema);
      expect(await query(t.adminUrl, "select * from limits_seen.limits")).toEqual([{ statement: "0", idle: "1min", lock: "5s" }]);
    } finally {
      await database.close();
      await t.drop();
    }
  });
});
