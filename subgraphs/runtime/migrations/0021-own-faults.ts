import { Migration } from "@mikro-orm/migrations";

/** How many attempts of a node run ended by a fault of the platform's own: they are none of its `retry`, whoever owns the run then. Null: none. */
export class OwnFaults0021 extends Migration {
  override up(): void {
    this.addSql("alter table runtime.node_run add column own_faults smallint");
  }

  override down(): void {
    this.addSql("alter table runtime.node_run drop column own_faults");
  }
}
