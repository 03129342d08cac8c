import { Migration } from "@mikro-orm/migrations";

/** A node run's input follows from its plan and from the outputs before it; no row keeps it. */
export class DerivedInput0003 extends Migration {
  override up(): void {
    this.addSql("alter table runtime.node_run drop column input");
  }

  override down(): void {
    this.addSql("alter table runtime.node_run add column input jsonb");
  }
}
