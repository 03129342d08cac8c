import { Migration } from "@mikro-orm/migrations";
import { jsonColumns } from "#shared/db/json-columns.ts";

const columns = { workflow_version: ["dsl"], app_version: ["config"] };

/** DSL documents and configs of apps keep the order of their keys. */
export class JsonAsWritten0002 extends Migration {
  override up(): void {
    for (const statement of jsonColumns("workflow", columns, "json")) this.addSql(statement);
  }

  override down(): void {
    for (const statement of jsonColumns("workflow", columns, "jsonb")) this.addSql(statement);
  }
}
