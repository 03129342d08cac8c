import { Migration } from "@mikro-orm/migrations";
import { jsonColumns } from "#shared/db/json-columns.ts";

const columns = { agent_version: ["model_config", "tool_binding_ids", "skill_ids", "memory_policy"] };

/** Configs of models and memory policies keep the order of their keys. */
export class JsonAsWritten0002 extends Migration {
  override up(): void {
    for (const statement of jsonColumns("agent", columns, "json")) this.addSql(statement);
  }

  override down(): void {
    for (const statement of jsonColumns("agent", columns, "jsonb")) this.addSql(statement);
  }
}
