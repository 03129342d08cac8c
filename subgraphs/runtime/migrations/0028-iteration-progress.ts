import { Migration } from "@mikro-orm/migrations";

/** How far an iteration had come: whoever wakes its run reads what has ended since. Null: nobody has said. */
export class IterationProgress0028 extends Migration {
  override up(): void {
    this.addSql("alter table runtime.node_run add column progress json");
  }

  override down(): void {
    this.addSql("alter table runtime.node_run drop column progress");
  }
}
