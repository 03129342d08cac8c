import { Migration } from "@mikro-orm/migrations";
import { tenantPolicy } from "#shared/db/tenant-policy.ts";
import { dataKeyTable } from "#shared/secret/data-keys.ts";

const policy = "(select app.is_engine_role()) or tenant_id = (select case when app.is_engine_role() then '' else app.current_tenant() end)";

/**
 * What begins runs by itself. A schedule: `next_at` is the planned time of its next run, `due_at` when somebody is to make it, later where that was refused; both null while it
 * is paused. `revision` grows with each change and each firing, so that a firing holds only of what was read. A webhook: its token as a hash, its secrets sealed under
 * the tenant's key.
 */
export class Triggers0017 extends Migration {
  override up(): void {
    this.addSql(`create table runtime.schedule (
      id text primary key,
      tenant_id text not null,
      name text not null,
      workflow_id text not null,
      workflow_version_id text,
      cron text not null,
      zone text not null,
      missed text not null,
      status text not null,
      input json not null,
      revision integer not null default 1,
      next_at timestamptz,
      due_at timestamptz,
      attempts integer not null default 0,
      last_planned_at timestamptz,
      last_fired_at timestamptz,
      last_run_id text,
      last_missed_at timestamptz,
      error_code text,
      error_reason text,
      error_message text,
      error_at timestamptz,
      created_at timestamptz not null,
      updated_at timestamptz not null
    )`);
    this.addSql("create index schedule_due on runtime.schedule (tenant_id, due_at) where due_at is not null");
    this.addSql("create index schedule_soon on runtime.schedule (due_at) where due_at is not null");
    this.addSql("create index schedule_list on runtime.schedule (tenant_id, id)");
    this.addSql("create index schedule_workflow on runtime.schedule (tenant_id, workflow_id, id)");
    this.addSql("alter table runtime.schedule enable row level security");
    this.addSql("alter table runtime.schedule force row level security");
    this.addSql(`create policy tenant on runtime.schedule using (${policy})`);
    this.addSql(`create table runtime.webhook (
      id text primary key,
      tenant_id text not null,
      name text not null,
      workflow_id text not null,
      workflow_version_id text,
      status text not null,
      token_hash text not null,
      answer text not null,
      answer_seconds integer not null,
      delivery_header text,
      headers text[] not null,
      signature json,
      secret text,
      previous_secret text,
      previous_until timestamptz,
      created_at timestamptz not null,
      updated_at timestamptz not null
    )`);
    this.addSql("create unique index webhook_token on runtime.webhook (token_hash)");
    this.addSql("create index webhook_list on runtime.webhook (tenant_id, id)");
    this.addSql("create index webhook_workflow on runtime.webhook (tenant_id, workflow_id, id)");
    this.addSql(dataKeyTable("runtime"));
    for (const table of ["webhook", "data_key"]) for (const statement of tenantPolicy(`runtime.${table}`)) this.addSql(statement);
  }

  override down(): void {
    this.addSql("drop table runtime.data_key, runtime.webhook, runtime.schedule");
  }
}
