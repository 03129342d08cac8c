import { Migration } from "@mikro-orm/migrations";
import { tenantPolicy } from "#shared/db/tenant-policy.ts";

const types = (list: string): string =>
  `alter table skill.skill_version drop constraint skill_version_runtime_type_check,
     add constraint skill_version_runtime_type_check check (runtime_type in (${list}))`;

/** Skills that are folders, and what is in them: beside their versions, which are read in lists. */
export class Folders0003 extends Migration {
  override up(): void {
    this.addSql(types("'TEMPLATE', 'CODE', 'HTTP', 'PROMPT', 'FOLDER'"));
    this.addSql(`create table skill.skill_file (
      version_id text not null references skill.skill_version (id),
      path text not null,
      tenant_id text not null,
      content bytea not null,
      primary key (version_id, path)
    )`);
    for (const statement of tenantPolicy("skill.skill_file")) this.addSql(statement);
  }

  override down(): void {
    this.addSql("drop table skill.skill_file");
    // Those of all tenants.
    this.addSql("alter table skill.skill_version no force row level security");
    this.addSql("delete from skill.skill_version where runtime_type = 'FOLDER'");
    this.addSql("alter table skill.skill_version force row level security");
    this.addSql(types("'TEMPLATE', 'CODE', 'HTTP', 'PROMPT'"));
  }
}
