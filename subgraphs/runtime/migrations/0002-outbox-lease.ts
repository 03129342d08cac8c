import { Migration } from "@mikro-orm/migrations";

/** A row of the outbox is taken for a while, as work is: several processes may empty it, and what fails comes again later. */
export class OutboxLease0002 extends Migration {
  override up(): void {
    this.addSql(
      "alter table runtime.outbox add column visible_at timestamptz not null default now(), add column attempts smallint not null default 0",
    );
    this.addSql("create index outbox_due on runtime.outbox (visible_at)");
  }

  override down(): void {
    this.addSql("drop index runtime.outbox_due");
    this.addSql("alter table runtime.outbox drop column visible_at, drop column attempts");
  }
}
