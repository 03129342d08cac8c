import { Migration } from "@mikro-orm/migrations";

/** What a run is of that is no workflow's: the agent that works, and the version of it. */
export class Subjects0013 extends Migration {
  override up(): void {
    this.addSql("alter table runtime.run add subject_id text, add subject_version_id text");
    this.addSql("create index run_subject on runtime.run (tenant_id, subject_id, id) where subject_id is not null");
    this.addSql("create index outbox_session on runtime.outbox (session_id)");
    this.addSql("create index run_agents on runtime.run (tenant_id, id) where kind = 'AGENT'");
  }

  override down(): void {
    this.addSql("drop index runtime.run_agents");
    this.addSql("drop index runtime.outbox_session");
    this.addSql("drop index runtime.run_subject");
    this.addSql("alter table runtime.run drop subject_version_id, drop subject_id");
  }
}
