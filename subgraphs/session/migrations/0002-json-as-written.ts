import { Migration } from "@mikro-orm/migrations";
import { jsonColumns } from "#shared/db/json-columns.ts";

const columns = { message: ["content_json"], run_request: ["input", "initial_node"] };

/** Messages' data and the input of run requests keep the order of their keys. */
export class JsonAsWritten0002 extends Migration {
  override up(): void {
    for (const statement of jsonColumns("session", columns, "json")) this.addSql(statement);
  }

  override down(): void {
    for (const statement of jsonColumns("session", columns, "jsonb")) this.addSql(statement);
  }
}
