import { Migration } from "@mikro-orm/migrations";
import { jsonColumns } from "#shared/db/json-columns.ts";

const columns = { skill_version: ["parameter_schema", "output_schema", "implementation"] };

/** Schemas and implementations keep the order of their keys. */
export class JsonAsWritten0002 extends Migration {
  override up(): void {
    for (const statement of jsonColumns("skill", columns, "json")) this.addSql(statement);
  }

  override down(): void {
    for (const statement of jsonColumns("skill", columns, "jsonb")) this.addSql(statement);
  }
}
