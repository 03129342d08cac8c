import { Migration } from "@mikro-orm/migrations";

/** Memories of a type are found without those of others: a type that few have is behind as many of others as there are. */
export class Types0009 extends Migration {
  override up(): void {
    this.addSql("create index memory_type on memory.memory (tenant_id, memory_type, id)");
    this.addSql("create index memory_scope_type on memory.memory (tenant_id, scope_type, scope_id, memory_type, id)");
  }

  override down(): void {
    for (const index of ["memory_scope_type", "memory_type"]) this.addSql(`drop index memory.${index}`);
  }
}
