import { Migration } from "@mikro-orm/migrations";
import { jsonColumns } from "#shared/db/json-columns.ts";

const columns = { memory: ["metadata"] };

/** Metadata keep the order of their keys. */
export class JsonAsWritten0002 extends Migration {
  override up(): void {
    for (const statement of jsonColumns("memory", columns, "json")) this.addSql(statement);
  }

  override down(): void {
    for (const statement of jsonColumns("memory", columns, "jsonb")) this.addSql(statement);
  }
}
