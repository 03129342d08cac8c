import { Migration } from "@mikro-orm/migrations";

/**
 * Whether a node run FAILED because the platform itself had failed (1), or because its owners died of it (2): its code is a word that others may say too. Null: neither. No row
 * is rewritten for it: of runs that are under way only those count again that have crashed since.
 *
 * What runs were given that a run has made, in bytes: they lie in tables of which no quota knows, so a run may give so much and no more.
 *
 * The plan of a deleted run that had mocks, so that it goes with the last run that has it. Those of runs before have an id like all others, and stay.
 */
export class FaultsAndMocks0020 extends Migration {
  override up(): void {
    this.addSql("alter table runtime.node_run add column fault smallint");
    this.addSql("alter table runtime.run add column child_bytes bigint not null default 0");
    this.addSql("alter table runtime.removal add column plan_id text");
    this.addSql("create index run_mocked on runtime.run (plan_id) where plan_id like 'mocked:%'");
  }

  override down(): void {
    this.addSql("drop index runtime.run_mocked");
    this.addSql("alter table runtime.removal drop column plan_id");
    this.addSql("alter table runtime.run drop column child_bytes");
    this.addSql("alter table runtime.node_run drop column fault");
  }
}
