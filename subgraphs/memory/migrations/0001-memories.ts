import { Migration } from "@mikro-orm/migrations";
import { tenantPolicy } from "#shared/db/tenant-policy.ts";
import { idempotencyTable } from "#shared/graphql/idempotency.ts";

/** Memories, and the words that they are found by. */
export class Memories extends Migration {
  override up(): void {
    this.addSql(`create table memory.memory (
      id text primary key,
      tenant_id text not null,
      scope_type text not null check (scope_type in ('TENANT', 'USER', 'SESSION', 'AGENT', 'TEAM')),
      scope_id text not null,
      memory_type text not null,
      content_text text not null,
      word_count integer not null,
      metadata jsonb not null,
      importance_score integer not null check (importance_score between 0 and 100),
      created_at timestamptz not null,
      updated_at timestamptz not null,
      last_accessed_at timestamptz,
      expires_at timestamptz
    ) with (fillfactor = 80)`);
    this.addSql("create index memory_list on memory.memory (tenant_id, id)");
    this.addSql("create index memory_scope on memory.memory (tenant_id, scope_type, scope_id, id)");
    this.addSql("create index memory_expiry on memory.memory (tenant_id, expires_at) where expires_at is not null");

    // The collation makes "begins with" a range of the index.
    this.addSql(`create table memory.memory_word (
      tenant_id text not null,
      scope_type text not null,
      scope_id text not null,
      memory_id text not null references memory.memory (id) on delete cascade,
      word text collate "C" not null,
      frequency integer not null,
      primary key (memory_id, word)
    )`);
    this.addSql(
      "create index memory_word_scope on memory.memory_word (tenant_id, scope_type, scope_id, word, memory_id desc) include (frequency)",
    );
    this.addSql("create index memory_word_tenant on memory.memory_word (tenant_id, word, memory_id desc) include (frequency)");

    for (const table of ["memory", "memory_word"]) {
      for (const statement of tenantPolicy(`memory.${table}`)) this.addSql(statement);
    }
    for (const statement of idempotencyTable("memory")) this.addSql(statement);
  }

  override down(): void {
    for (const table of ["idempotency", "memory_word", "memory"]) this.addSql(`drop table memory.${table}`);
  }
}
