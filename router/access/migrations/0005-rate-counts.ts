import { Migration } from "@mikro-orm/migrations";

const policy = `(select app.is_engine_role()) or tenant_id = (select case when app.is_engine_role() then '' else app.current_tenant() end)`;

/** How many operations keys have sent lately, where routers count together. Unlogged: after a crash they begin at none. */
export class RateCounts extends Migration {
  override up(): void {
    this.addSql(`create unlogged table access.rate_count (
      tenant_id text not null,
      subject text not null,
      points integer not null,
      ends_at timestamptz not null,
      primary key (tenant_id, subject)
    )`);
    this.addSql("create index rate_count_end on access.rate_count (ends_at)");
    this.addSql("alter table access.rate_count enable row level security");
    this.addSql("alter table access.rate_count force row level security");
    this.addSql(`create policy tenant on access.rate_count using (${policy}) with check (${policy})`);
  }

  override down(): void {
    this.addSql("drop table access.rate_count");
  }
}
