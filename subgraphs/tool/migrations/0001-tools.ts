import { Migration } from "@mikro-orm/migrations";
import { tenantPolicy } from "#shared/db/tenant-policy.ts";

/** Tools, their versions and bindings. */
export class Tools extends Migration {
  override up(): void {
    this.addSql(`create table tool.tool (
      id text primary key,
      tenant_id text not null,
      code text not null,
      name text not null,
      tool_type text not null check (tool_type in ('HTTP', 'MCP')),
      description text,
      status text not null check (status in ('ACTIVE', 'ARCHIVED')),
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz
    )`);
    this.addSql("create unique index tool_code on tool.tool (tenant_id, code) where deleted_at is null");
    this.addSql("create index tool_list on tool.tool (tenant_id, id)");

    this.addSql(`create table tool.tool_version (
      id text primary key,
      tenant_id text not null,
      tool_id text not null references tool.tool (id),
      version integer not null,
      input_schema jsonb not null,
      output_schema jsonb not null,
      invoke_config jsonb not null,
      created_at timestamptz not null
    )`);
    this.addSql("create unique index tool_version_number on tool.tool_version (tenant_id, tool_id, version)");
    this.addSql("create index tool_version_of_tool on tool.tool_version (tool_id, id)");

    this.addSql(`create table tool.tool_binding (
      id text primary key,
      tenant_id text not null,
      tool_id text not null references tool.tool (id),
      tool_version_id text references tool.tool_version (id),
      name text not null,
      config jsonb not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz
    )`);
    this.addSql("create index tool_binding_list on tool.tool_binding (tenant_id, id)");
    this.addSql("create index tool_binding_of_tool on tool.tool_binding (tool_id, id)");

    for (const table of ["tool", "tool_version", "tool_binding"]) {
      for (const statement of tenantPolicy(`tool.${table}`)) this.addSql(statement);
    }
  }

  override down(): void {
    for (const table of ["tool_binding", "tool_version", "tool"]) this.addSql(`drop table tool.${table}`);
  }
}
