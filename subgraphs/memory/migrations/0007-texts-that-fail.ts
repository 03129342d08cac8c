import { Migration } from "@mikro-orm/migrations";

/** A text by which the model fails, while it takes others, waits by itself: how often it has failed, and when it is tried again. */
export class TextsThatFail0007 extends Migration {
  override up(): void {
    this.addSql("alter table memory.memory_embedding add column failures integer not null default 0, add column retry_at timestamptz");
    this.addSql("create index memory_embedding_retry on memory.memory_embedding (tenant_id, retry_at) where retry_at is not null");
  }

  override down(): void {
    this.addSql("alter table memory.memory_embedding drop column failures, drop column retry_at");
  }
}
