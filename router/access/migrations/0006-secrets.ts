import { Migration } from "@mikro-orm/migrations";
import { tenantPolicy } from "#shared/db/tenant-policy.ts";
import { dataKeyTable } from "#shared/secret/data-keys.ts";

/** Secrets by name, and the keys of tenants under which they are sealed. */
export class Secrets0006 extends Migration {
  override up(): void {
    this.addSql(dataKeyTable("access"));
    this.addSql(`create table access.secret (
      id text primary key,
      tenant_id text not null,
      name text not null,
      origins text[] not null,
      sealed text not null,
      created_at timestamptz not null,
      updated_at timestamptz not null
    )`);
    this.addSql("create unique index secret_name on access.secret (tenant_id, name)");
    this.addSql("create index secret_list on access.secret (tenant_id, id)");
    for (const table of ["data_key", "secret"]) for (const statement of tenantPolicy(`access.${table}`)) this.addSql(statement);
  }

  override down(): void {
    this.addSql("drop table access.secret, access.data_key");
  }
}
