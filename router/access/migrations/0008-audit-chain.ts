import { Migration } from "@mikro-orm/migrations";

const policy = `(select app.is_engine_role()) or tenant_id = (select case when app.is_engine_role() then '' else app.current_tenant() end)`;

/** A hash chain of audits per tenant and day, which a pass in the background goes on with. */
export class AuditChain0008 extends Migration {
  override up(): void {
    // Rows that are not in a chain yet. Those that are there already come first: until then nobody could tell that they were changed.
    this.addSql("create table access.audit_unchained (audit_id text primary key, tenant_id text not null)");
    this.addSql("alter table access.request_audit no force row level security");
    this.addSql("insert into access.audit_unchained (audit_id, tenant_id) select id, tenant_id from access.request_audit");
    this.addSql("alter table access.request_audit force row level security");
    this.addSql(`create table access.audit_link (
      tenant_id text not null,
      day date not null,
      seq bigint not null,
      audit_id text not null,
      is_open boolean not null,
      fixed_hash bytea not null,
      row_hash bytea not null,
      hash bytea not null,
      primary key (tenant_id, day, seq)
    )`);
    this.addSql("create index audit_link_row on access.audit_link (audit_id, seq)");
    this.addSql(`create table access.audit_head (
      tenant_id text not null,
      day date not null,
      seq bigint not null,
      mac bytea not null,
      primary key (tenant_id, day)
    )`);
    for (const table of ["audit_unchained", "audit_link", "audit_head"]) {
      this.addSql(`alter table access.${table} enable row level security`);
      this.addSql(`alter table access.${table} force row level security`);
      this.addSql(`create policy tenant on access.${table} using (${policy}) with check (${policy})`);
    }
  }

  override down(): void {
    this.addSql("drop table access.audit_unchained, access.audit_link, access.audit_head");
  }
}
