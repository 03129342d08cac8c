import { Migration } from "@mikro-orm/migrations";

/** The audit of requests. */
export class RequestAudits extends Migration {
  override up(): void {
    this.addSql(`create table access.request_audit (
      id text primary key,
      tenant_id text not null,
      request_id text not null,
      api_key_id text,
      operation_name text,
      operation_type text not null,
      operation_hash text not null,
      root_fields text[] not null,
      status_code integer not null,
      error_codes text[] not null,
      duration_ms double precision not null,
      client_ip text,
      user_agent text,
      created_at timestamptz not null
    )`);
    this.addSql("create index request_audit_list on access.request_audit (tenant_id, id)");
    this.addSql("create index request_audit_request on access.request_audit (tenant_id, request_id)");
    this.addSql("alter table access.request_audit enable row level security");
    this.addSql("alter table access.request_audit force row level security");
    // Tenants read their own; only the writer adds, whose batches hold rows of many tenants (its ON CONFLICT needs to read them).
    // There is no policy to update or delete by: the audit is append-only.
    this.addSql(`create policy reads on access.request_audit for select
      using ((select app.is_engine()) or tenant_id = (select app.current_tenant()))`);
    this.addSql("create policy writes on access.request_audit for insert with check ((select app.is_engine()))");
  }

  override down(): void {
    this.addSql("drop table access.request_audit");
  }
}
