import { Migration } from "@mikro-orm/migrations";

/**
 * A run says how many failures of its nodes were handled (`on_error`). They are the FAILED node runs whose row has a route; of a run that is large nobody counts
 * them. A constant default: no row is rewritten, and what was there before has none.
 */
export class HandledErrors0009 extends Migration {
  override up(): void {
    this.addSql("alter table runtime.run add column handled_errors integer not null default 0");
  }

  override down(): void {
    this.addSql("alter table runtime.run drop column handled_errors");
  }
}
