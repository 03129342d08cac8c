import { Migration } from "@mikro-orm/migrations";
import { tenantPolicy } from "#shared/db/tenant-policy.ts";

/** Agents and their versions. */
export class Agents extends Migration {
  override up(): void {
    this.addSql(`create table agent.agent (
      id text primary key,
      tenant_id text not null,
      code text not null,
      name text not null,
      agent_type text not null,
      description text,
      status text not null check (status in ('ACTIVE', 'ARCHIVED')),
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz
    )`);
    this.addSql("create unique index agent_code on agent.agent (tenant_id, code) where deleted_at is null");
    this.addSql("create index agent_list on agent.agent (tenant_id, id)");

    this.addSql(`create table agent.agent_version (
      id text primary key,
      tenant_id text not null,
      agent_id text not null references agent.agent (id),
      version integer not null,
      status text not null check (status in ('DRAFT', 'PUBLISHED', 'ARCHIVED')),
      role text not null,
      goal text,
      system_prompt text,
      model text,
      model_config jsonb not null,
      tool_binding_ids jsonb not null,
      skill_ids jsonb not null,
      memory_policy jsonb not null,
      max_steps integer not null check (max_steps between 1 and 64),
      created_at timestamptz not null,
      published_at timestamptz
    )`);
    this.addSql("create unique index agent_version_number on agent.agent_version (tenant_id, agent_id, version)");
    this.addSql("create index agent_version_of_agent on agent.agent_version (agent_id, id)");
    this.addSql("create index agent_version_published on agent.agent_version (agent_id, published_at desc) where status = 'PUBLISHED'");

    for (const table of ["agent", "agent_version"]) {
      for (const statement of tenantPolicy(`agent.${table}`)) this.addSql(statement);
    }
  }

  override down(): void {
    for (const table of ["agent_version", "agent"]) this.addSql(`drop table agent.${table}`);
  }
}
