import { Migration } from "@mikro-orm/migrations";

/**
 * A row of work says in what company it was executed when it was a suspect, and that an owner was lost before it was given back. A constant default: no row
 * is rewritten.
 */
export class CompanyAndOrphans0006 extends Migration {
  override up(): void {
    this.addSql(
      "alter table runtime.work add column company smallint not null default 0, add column orphaned boolean not null default false",
    );
  }

  override down(): void {
    this.addSql("alter table runtime.work drop column company, drop column orphaned");
  }
}
