import { Migration } from "@mikro-orm/migrations";

/** The list of a tenant's skill runs, newest first. */
export class SkillRuns0023 extends Migration {
  override up(): void {
    this.addSql("create index run_skills on runtime.run (tenant_id, id) where kind = 'SKILL'");
  }

  override down(): void {
    this.addSql("drop index runtime.run_skills");
  }
}
