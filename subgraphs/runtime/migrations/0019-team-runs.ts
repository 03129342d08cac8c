import { Migration } from "@mikro-orm/migrations";

/** The list of a tenant's team runs, newest first. */
export class TeamRuns0019 extends Migration {
  override up(): void {
    this.addSql("create index run_teams on runtime.run (tenant_id, id) where kind = 'TEAM'");
  }

  override down(): void {
    this.addSql("drop index runtime.run_teams");
  }
}
