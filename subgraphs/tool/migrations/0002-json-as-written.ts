import { Migration } from "@mikro-orm/migrations";
import { jsonColumns } from "#shared/db/json-columns.ts";

const columns = { tool_version: ["input_schema", "output_schema", "invoke_config"], tool_binding: ["config"] };

/** Schemas and configs of calls keep the order of their keys. */
export class JsonAsWritten0002 extends Migration {
  override up(): void {
    for (const statement of jsonColumns("tool", columns, "json")) this.addSql(statement);
  }

  override down(): void {
    for (const statement of jsonColumns("tool", columns, "jsonb")) this.addSql(statement);
  }
}
