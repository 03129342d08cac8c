import { Migration } from "@mikro-orm/migrations";

const policy = "(select app.is_engine_role()) or tenant_id = (select case when app.is_engine_role() then '' else app.current_tenant() end)";

/**
 * Runs are deleted: those whose rows are still to be removed, and by what an artifact is found to be named by node runs of other runs. Most node runs name
 * none, and those that do are written with the artifact, so a flush of short steps is as HOT as before. And what tenants may have: a row where it is not what
 * the platform gives everybody, and what they have stored, counted up to the artifact that the mark names.
 */
export class Keep0014 extends Migration {
  override up(): void {
    this.addSql(`create table runtime.removal (
      run_id text primary key,
      tenant_id text not null,
      deleted_at timestamptz not null default clock_timestamp()
    )`);
    this.addSql("create index removal_deleted on runtime.removal (deleted_at)");
    this.addSql("alter table runtime.removal enable row level security");
    this.addSql("alter table runtime.removal force row level security");
    this.addSql(`create policy tenant on runtime.removal using (${policy})`);
    this.addSql(`create table runtime.tenant_quota (
      tenant_id text primary key,
      queued_runs integer,
      running_runs integer,
      runs_per_hour integer,
      storage_mib integer,
      changed_at timestamptz not null default clock_timestamp()
    )`);
    this.addSql("create table runtime.tenant_usage (tenant_id text primary key, artifact_bytes bigint not null)");
    for (const table of ["tenant_quota", "tenant_usage"]) {
      this.addSql(`alter table runtime.${table} enable row level security`);
      this.addSql(`alter table runtime.${table} force row level security`);
      this.addSql(`create policy tenant on runtime.${table} using (${policy})`);
    }
    this.addSql("create table runtime.usage_mark (one boolean primary key default true check (one), artifact_id text not null)");
    this.addSql("insert into runtime.usage_mark (artifact_id) values ('')");
    this.addSql("alter table runtime.usage_mark enable row level security");
    this.addSql("alter table runtime.usage_mark force row level security");
    this.addSql("create policy engine on runtime.usage_mark using ((select app.is_engine_role()))");
    this.addSql("create index node_run_artifact on runtime.node_run (output_artifact_id) where output_artifact_id is not null");
    this.addSql(
      "create index node_run_chunks on runtime.node_run using gin (((opened -> 'chunks')::jsonb) jsonb_path_ops) where opened is not null",
    );
  }

  override down(): void {
    this.addSql("drop index runtime.node_run_chunks");
    this.addSql("drop index runtime.node_run_artifact");
    for (const table of ["usage_mark", "tenant_usage", "tenant_quota", "removal"]) this.addSql(`drop table runtime.${table}`);
  }
}
