import { Migration } from "@mikro-orm/migrations";
import { tenantPolicy } from "#shared/db/tenant-policy.ts";

/** Dimensions of common models, each with an index of its own where pgvector is; vectors of others are compared one by one. */
export const indexedDimensions = [256, 384, 512, 768, 1_024, 1_536];

/**
 * Vectors of memories, and which tenants have some to be made. Where pgvector 0.8 or later is, or may be made by the platform's role, they are of its type
 * and have HNSW indexes; else they are bytes, 32-bit floats.
 */
export class Embeddings0004 extends Migration {
  override up(): void {
    this.addSql(`do $$
      begin
        if exists (select from pg_available_extensions where name = 'vector' and ${isRecent("default_version")}) then
          create extension if not exists vector;
        end if;
      exception when others then null;
      end
    $$`);
    this.addSql(`create table memory.memory_embedding (
      memory_id text primary key references memory.memory (id) on delete cascade,
      tenant_id text not null,
      scope_type text not null,
      scope_id text not null,
      state text not null check (state in ('PENDING', 'READY', 'FAILED')),
      revision integer not null default 0,
      space text,
      dimension integer,
      problem text
    )`);
    this.addSql("create index memory_embedding_pending on memory.memory_embedding (tenant_id, memory_id) where state = 'PENDING'");
    this.addSql("create index memory_embedding_failed on memory.memory_embedding (tenant_id, space) where state = 'FAILED'");
    this.addSql("create index memory_embedding_tenant on memory.memory_embedding (tenant_id, space, memory_id desc)");
    this.addSql("create index memory_embedding_scope on memory.memory_embedding (tenant_id, scope_type, scope_id, space, memory_id desc)");
    this.addSql(`do $$
      begin
        if to_regtype('vector') is not null and exists (select from pg_extension where extname = 'vector' and ${isRecent("extversion")}) then
          alter table memory.memory_embedding add column vector vector;
          ${indexedDimensions.map(hnswIndex).join("\n          ")}
        else
          alter table memory.memory_embedding add column vector bytea;
        end if;
      end
    $$`);

    this.addSql(`create table memory.embedding_tenant (
      tenant_id text primary key,
      due_at timestamptz not null,
      leased_until timestamptz,
      attempts integer not null default 0,
      space text,
      model text,
      dimension integer,
      problem text
    )`);
    this.addSql("create index embedding_tenant_due on memory.embedding_tenant (due_at)");
    // The memories of all tenants, and the policy binds the table's owner too.
    this.addSql("alter table memory.memory no force row level security");
    this.addSql(`insert into memory.memory_embedding (memory_id, tenant_id, scope_type, scope_id, state)
      select id, tenant_id, scope_type, scope_id, 'PENDING' from memory.memory`);
    this.addSql("insert into memory.embedding_tenant (tenant_id, due_at) select distinct tenant_id, now() from memory.memory");
    this.addSql("alter table memory.memory force row level security");
    for (const statement of tenantPolicy("memory.memory_embedding")) this.addSql(statement);
    this.addSql("alter table memory.embedding_tenant enable row level security");
    this.addSql("alter table memory.embedding_tenant force row level security");
    // '*' is no tenant's id: it is what the embedder says that looks whose memories wait.
    const isOwn = "tenant_id = (select app.current_tenant()) or (select app.current_tenant()) = '*'";
    this.addSql(`create policy tenant on memory.embedding_tenant using (${isOwn}) with check (${isOwn})`);
  }

  override down(): void {
    for (const table of ["memory_embedding", "embedding_tenant"]) this.addSql(`drop table memory.${table}`);
  }
}

/** Whether a version of pgvector has `hnsw.iterative_scan`, without which a search among the vectors of all tenants ends before it has found its own. */
function isRecent(version: string): string {
  return `coalesce(string_to_array(substring(${version} from '^[0-9]+[.][0-9]+'), '.')::int[] >= array[0, 8], false)`;
}

function hnswIndex(dimension: number): string {
  return `create index memory_embedding_hnsw_${dimension} on memory.memory_embedding
            using hnsw ((vector::vector(${dimension})) vector_cosine_ops) where dimension = ${dimension};`;
}
