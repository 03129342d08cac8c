import { Migration } from "@mikro-orm/migrations";
import { tenantPolicy } from "#shared/db/tenant-policy.ts";

/** Model providers, and a row for each call of a model. */
export class ProvidersAndCalls extends Migration {
  override up(): void {
    this.addSql(`create table model.model_provider (
      id text primary key,
      tenant_id text not null,
      code text not null,
      name text not null,
      base_url text not null,
      api_key_sealed text,
      default_model text,
      embedding_model text,
      status text not null check (status in ('ACTIVE', 'DISABLED')),
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz
    )`);
    this.addSql("create unique index model_provider_code on model.model_provider (tenant_id, code) where deleted_at is null");
    this.addSql("create index model_provider_list on model.model_provider (tenant_id, id)");

    // No prompt and no answer in it: figures only. The key is uuidv7, so rows are appended to the index's end.
    this.addSql(`create table model.model_call (
      id text primary key,
      tenant_id text not null,
      provider_code text,
      model text not null,
      operation text not null check (operation in ('CHAT', 'EMBEDDINGS')),
      outcome text not null check (outcome in ('COMPLETED', 'FAILED', 'CANCELLED')),
      error_reason text,
      prompt_tokens bigint not null,
      completion_tokens bigint not null,
      duration_ms double precision not null,
      created_at timestamptz not null
    )`);
    this.addSql("create index model_call_usage on model.model_call (tenant_id, created_at)");

    for (const table of ["model_provider", "model_call"]) {
      for (const statement of tenantPolicy(`model.${table}`)) this.addSql(statement);
    }
  }

  override down(): void {
    for (const table of ["model_call", "model_provider"]) this.addSql(`drop table model.${table}`);
  }
}
