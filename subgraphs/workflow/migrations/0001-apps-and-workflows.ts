import { Migration } from "@mikro-orm/migrations";
import { tenantPolicy } from "#shared/db/tenant-policy.ts";

/** Apps, workflows and their versions. */
export class AppsAndWorkflows extends Migration {
  override up(): void {
    this.addSql(`create table workflow.app (
      id text primary key,
      tenant_id text not null,
      code text not null,
      name text not null,
      description text,
      status text not null check (status in ('ACTIVE', 'ARCHIVED')),
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz
    )`);
    this.addSql("create unique index app_code on workflow.app (tenant_id, code) where deleted_at is null");
    this.addSql("create index app_list on workflow.app (tenant_id, id)");

    this.addSql(`create table workflow.workflow (
      id text primary key,
      tenant_id text not null,
      app_id text not null references workflow.app (id),
      code text not null,
      name text not null,
      description text,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz
    )`);
    this.addSql("create unique index workflow_code on workflow.workflow (tenant_id, app_id, code) where deleted_at is null");
    this.addSql("create index workflow_list on workflow.workflow (tenant_id, id)");
    this.addSql("create index workflow_of_app on workflow.workflow (app_id, id)");

    this.addSql(`create table workflow.workflow_version (
      id text primary key,
      tenant_id text not null,
      workflow_id text not null references workflow.workflow (id),
      version integer not null,
      status text not null check (status in ('DRAFT', 'PUBLISHED', 'ARCHIVED')),
      dsl jsonb not null,
      created_at timestamptz not null,
      published_at timestamptz
    )`);
    this.addSql("create unique index workflow_version_number on workflow.workflow_version (tenant_id, workflow_id, version)");
    this.addSql("create index workflow_version_of_workflow on workflow.workflow_version (workflow_id, id)");
    this.addSql(
      "create index workflow_version_published on workflow.workflow_version (workflow_id, published_at desc) where status = 'PUBLISHED'",
    );

    this.addSql(`create table workflow.app_version (
      id text primary key,
      tenant_id text not null,
      app_id text not null references workflow.app (id),
      workflow_version_id text not null references workflow.workflow_version (id),
      version integer not null,
      status text not null check (status in ('DRAFT', 'PUBLISHED', 'ARCHIVED')),
      config jsonb not null,
      created_at timestamptz not null,
      published_at timestamptz
    )`);
    this.addSql("create unique index app_version_number on workflow.app_version (tenant_id, app_id, version)");
    this.addSql("create index app_version_of_app on workflow.app_version (app_id, id)");
    this.addSql("create index app_version_published on workflow.app_version (app_id, published_at desc) where status = 'PUBLISHED'");

    for (const table of ["app", "workflow", "workflow_version", "app_version"]) {
      for (const statement of tenantPolicy(`workflow.${table}`)) this.addSql(statement);
    }
  }

  override down(): void {
    for (const table of ["app_version", "workflow_version", "workflow", "app"]) this.addSql(`drop table workflow.${table}`);
  }
}
