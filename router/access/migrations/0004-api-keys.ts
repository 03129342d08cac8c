import { Migration } from "@mikro-orm/migrations";

const policy = `(select app.is_engine_role()) or tenant_id = (select case when app.is_engine_role() then '' else app.current_tenant() end)`;

/** API keys, and the one number by which routers learn that a key has changed. */
export class ApiKeys extends Migration {
  override up(): void {
    // One row. Whoever changes a key holds its lock until they commit, so that numbers become visible in their order.
    this.addSql(`create table access.key_epoch (
      id boolean primary key default true check (id),
      epoch bigint not null,
      first_key_at timestamptz
    )`);
    this.addSql("insert into access.key_epoch (epoch) values (0)");
    this.addSql(`create table access.key_pepper (
      version integer primary key,
      sealed text not null,
      created_at timestamptz not null default now()
    )`);
    this.addSql("alter table access.key_pepper enable row level security");
    this.addSql("alter table access.key_pepper force row level security");
    this.addSql(
      "create policy platform on access.key_pepper using ((select app.is_engine_role())) with check ((select app.is_engine_role()))",
    );
    this.addSql(`create table access.api_key (
      id text primary key,
      tenant_id text not null,
      name text not null,
      prefix text not null,
      hash bytea not null,
      pepper_version integer not null,
      scopes text[],
      is_admin boolean not null default false,
      status text not null check (status in ('ACTIVE', 'DISABLED', 'REVOKED')),
      created_by text,
      created_at timestamptz not null,
      expires_at timestamptz,
      last_used_at timestamptz,
      epoch bigint not null
    )`);
    this.addSql("create unique index api_key_prefix on access.api_key (prefix)");
    this.addSql("create index api_key_list on access.api_key (tenant_id, id)");
    this.addSql("create index api_key_epoch on access.api_key (epoch)");
    this.addSql("alter table access.api_key enable row level security");
    this.addSql("alter table access.api_key force row level security");
    // One policy: of two, each would be evaluated, and a session of the engine has no tenant to ask for.
    this.addSql(`create policy tenant on access.api_key using (${policy}) with check (${policy})`);
    // A trigger, so that a key that an operator revokes by SQL is told of, too. The time of the last use is no change.
    this.addSql(`create function access.count_key_change() returns trigger language plpgsql as $$
      begin
        update access.key_epoch set epoch = epoch + 1, first_key_at = coalesce(first_key_at, now()) returning epoch into new.epoch;
        return new;
      end $$`);
    this.addSql(`create trigger api_key_changed before insert or update of status, expires_at, scopes, is_admin, hash, tenant_id
      on access.api_key for each row execute function access.count_key_change()`);
  }

  override down(): void {
    this.addSql("drop table access.api_key, access.key_pepper, access.key_epoch");
    this.addSql("drop function access.count_key_change()");
  }
}
