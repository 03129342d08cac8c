import { Migration } from "@mikro-orm/migrations";
import { tenantPolicy } from "#shared/db/tenant-policy.ts";

/** Teams, their versions and the versions' members. */
export class Teams extends Migration {
  override up(): void {
    this.addSql(`create table team.team (
      id text primary key,
      tenant_id text not null,
      code text not null,
      name text not null,
      team_type text not null,
      description text,
      status text not null check (status in ('ACTIVE', 'ARCHIVED')),
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz
    )`);
    this.addSql("create unique index team_code on team.team (tenant_id, code) where deleted_at is null");
    this.addSql("create index team_list on team.team (tenant_id, id)");

    this.addSql(`create table team.team_version (
      id text primary key,
      tenant_id text not null,
      team_id text not null references team.team (id),
      version integer not null,
      status text not null check (status in ('DRAFT', 'PUBLISHED', 'ARCHIVED')),
      coordination_mode text not null check (coordination_mode in ('SUPERVISOR', 'SEQUENTIAL', 'PARALLEL', 'ROUND_ROBIN')),
      objective text not null,
      config jsonb not null,
      created_at timestamptz not null,
      published_at timestamptz
    )`);
    this.addSql("create unique index team_version_number on team.team_version (tenant_id, team_id, version)");
    this.addSql("create index team_version_of_team on team.team_version (team_id, id)");
    this.addSql("create index team_version_published on team.team_version (team_id, published_at desc) where status = 'PUBLISHED'");

    this.addSql(`create table team.team_member (
      team_version_id text not null references team.team_version (id),
      position integer not null,
      tenant_id text not null,
      member_key text not null,
      agent_id text not null,
      role text not null,
      responsibility text,
      primary key (team_version_id, position)
    )`);
    this.addSql("create unique index team_member_key on team.team_member (tenant_id, team_version_id, member_key)");
    this.addSql("create index team_member_agent on team.team_member (tenant_id, agent_id, team_version_id)");

    for (const table of ["team", "team_version", "team_member"]) {
      for (const statement of tenantPolicy(`team.${table}`)) this.addSql(statement);
    }
    this.addSql(teamOfAgent);
  }

  override down(): void {
    this.addSql("drop view team.team_of_agent");
    for (const table of ["team_member", "team_version", "team"]) this.addSql(`drop table team.${table}`);
  }
}

/** Live teams beside the agents of their published and their latest version: one row for each pair of team and agent. */
const teamOfAgent = `create view team.team_of_agent with (security_invoker = true) as
  select distinct on (m.agent_id, t.id) m.agent_id as member_agent_id, t.*
  from team.team_member m
  join team.team_version v on v.id = m.team_version_id
  join team.team t on t.id = v.team_id and t.deleted_at is null
  where v.id in (
    (select l.id from team.team_version l where l.team_id = t.id order by l.version desc limit 1),
    (select p.id from team.team_version p where p.team_id = t.id and p.status = 'PUBLISHED' order by p.published_at desc limit 1)
  )`;
