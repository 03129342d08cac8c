import { Migration } from "@mikro-orm/migrations";

/** Which key replaces one that was rotated. Not the trigger's business: whether the old one is accepted is told by its end. */
export class ReplacedKeys0009 extends Migration {
  override up(): void {
    this.addSql("alter table access.api_key add column replaced_by text");
  }

  override down(): void {
    this.addSql("alter table access.api_key drop column replaced_by");
  }
}
