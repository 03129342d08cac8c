import { Migration } from "@mikro-orm/migrations";
import { tenantPolicy } from "#shared/db/tenant-policy.ts";

/** Skills, their versions and installations. */
export class Skills extends Migration {
  override up(): void {
    this.addSql(`create table skill.skill (
      id text primary key,
      tenant_id text not null,
      code text not null,
      name text not null,
      skill_type text not null,
      description text,
      status text not null check (status in ('ACTIVE', 'ARCHIVED')),
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz
    )`);
    this.addSql("create unique index skill_code on skill.skill (tenant_id, code) where deleted_at is null");
    this.addSql("create index skill_list on skill.skill (tenant_id, id)");

    this.addSql(`create table skill.skill_version (
      id text primary key,
      tenant_id text not null,
      skill_id text not null references skill.skill (id),
      version integer not null,
      status text not null check (status in ('DRAFT', 'PUBLISHED', 'ARCHIVED')),
      runtime_type text not null check (runtime_type in ('TEMPLATE', 'CODE', 'HTTP', 'PROMPT')),
      parameter_schema jsonb not null,
      output_schema jsonb not null,
      implementation jsonb not null,
      created_at timestamptz not null,
      published_at timestamptz
    )`);
    this.addSql("create unique index skill_version_number on skill.skill_version (tenant_id, skill_id, version)");
    this.addSql("create index skill_version_of_skill on skill.skill_version (skill_id, id)");
    this.addSql("create index skill_version_published on skill.skill_version (skill_id, published_at desc) where status = 'PUBLISHED'");

    this.addSql(`create table skill.skill_installation (
      id text primary key,
      tenant_id text not null,
      skill_id text not null references skill.skill (id),
      install_scope text not null check (install_scope in ('TENANT', 'AGENT', 'TEAM', 'APP', 'USER')),
      scope_id text not null,
      installed_by text,
      status text not null check (status in ('ACTIVE', 'REMOVED')),
      created_at timestamptz not null
    )`);
    this.addSql("create unique index skill_installation_place on skill.skill_installation (tenant_id, skill_id, install_scope, scope_id)");
    this.addSql("create index skill_installation_list on skill.skill_installation (tenant_id, id)");
    this.addSql("create index skill_installation_scope on skill.skill_installation (tenant_id, install_scope, scope_id, id)");
    this.addSql("create index skill_installation_of_skill on skill.skill_installation (skill_id, id)");

    for (const table of ["skill", "skill_version", "skill_installation"]) {
      for (const statement of tenantPolicy(`skill.${table}`)) this.addSql(statement);
    }
  }

  override down(): void {
    for (const table of ["skill_installation", "skill_version", "skill"]) this.addSql(`drop table skill.${table}`);
  }
}
