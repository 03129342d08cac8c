import { Migration } from "@mikro-orm/migrations";

const policy = "(select app.is_engine_role()) or tenant_id = (select case when app.is_engine_role() then '' else app.current_tenant() end)";

// SQL: what a function counts is read behind the key's lock: each of its statements sees what was stored until then.
const lock = "perform pg_advisory_xact_lock(hashtextextended(of_tenant || ':' || of_key, 16))";
const isOver = "not exists (select from runtime.run r where r.id = g.run_id and r.status < 3)";
const clear = `delete from runtime.gate g where g.tenant_id = of_tenant and g.key = of_key and g.state = 1 and ${isOver}`;
const room = `select g.places - (select count(*) from runtime.gate o where o.tenant_id = of_tenant and o.key = of_key and o.state = 1)
  from runtime.gate g where g.tenant_id = of_tenant and g.key = of_key order by g.seq desc limit 1`;

/**
 * The lines of runs that may not all be executed at once (`concurrency` of a document). A row is a run's place in the line of its key. state: 0 it waits, and its
 * work row is due never; 1 it has one of the key's places, until it ends; 2 it is executed by hand, and gets a place when it is. The places that count are
 * those of the run that came last.
 *
 * Nothing that ends a run writes here: places of runs that are over are given on by whoever opens (queue/gate.sql.ts), under a lock of the key's own. What an opening reads
 * is as long as a key has places: of runs that are executed by hand, and of those that wait, there may be any number.
 */
export class Gates0025 extends Migration {
  override up(): void {
    this.addSql("alter table runtime.run add gate_key text, add gate_places integer");
    this.addSql(`create table runtime.gate (
      run_id text primary key,
      tenant_id text not null,
      key text not null,
      places integer not null,
      state smallint not null default 0,
      seq bigint generated always as identity
    ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500)`);
    this.addSql("create index gate_line on runtime.gate (tenant_id, key, seq)");
    this.addSql("create index gate_held on runtime.gate (tenant_id, key) where state = 1");
    this.addSql("create index gate_waiting on runtime.gate (tenant_id, key, seq) where state = 0");
    this.addSql("alter table runtime.gate enable row level security");
    this.addSql("alter table runtime.gate force row level security");
    this.addSql(`create policy tenant on runtime.gate using (${policy})`);
    this.#within();
    this.#open();
    this.#enter();
  }

  override down(): void {
    this.addSql("drop function runtime.gate_enter(text)");
    this.addSql("drop function runtime.gate_open(text, text)");
    this.addSql("drop function runtime.gate_is_within(text, text)");
    // The work of all tenants, and the policy binds the table's owner too.
    this.addSql("alter table runtime.work no force row level security");
    this.addSql("update runtime.work w set visible_at = now() where visible_at = 'infinity' and lease is null");
    this.addSql("alter table runtime.work force row level security");
    this.addSql("drop table runtime.gate");
    this.addSql("alter table runtime.run drop gate_places, drop gate_key");
  }

  /** A run that is part of the work of one with the same key: it would wait for itself. */
  #within(): void {
    this.addSql(`create function runtime.gate_is_within(of_run text, of_key text) returns boolean language sql stable
      begin atomic
        with recursive around as (
          select r.id, r.gate_key, r.parent_run_id, r.detached from runtime.run r where r.id = of_run
          union all
          select r.id, r.gate_key, r.parent_run_id, r.detached from around a join runtime.run r on r.id = a.parent_run_id where not a.detached)
        select exists (select from around where gate_key = of_key);
      end`);
  }

  /** Gives the places of a key that are free to those who have waited longest. A run whose work row is in somebody's hands just now is passed over until the next time. */
  #open(): void {
    this.addSql(`create function runtime.gate_open(of_tenant text, of_key text) returns integer language plpgsql as $$
declare
  free integer;
  opened integer := 0;
  looked integer := 0;
  next record;
begin
  ${lock};
  ${clear};
  free := (${room});
  if coalesce(free, 0) <= 0 then return 0; end if;
  for next in select g.run_id, (select r.priority from runtime.run r where r.id = g.run_id and r.status < 3) as priority
      from runtime.gate g where g.tenant_id = of_tenant and g.key = of_key and g.state = 0 order by g.seq loop
    looked := looked + 1;
    if next.priority is null then
      delete from runtime.gate g where g.run_id = next.run_id;
    else
      perform from runtime.work w where w.key = next.run_id and w.lease is null for update skip locked;
      if found then
        update runtime.work w set visible_at = least(w.visible_at, clock_timestamp() - next.priority * interval '1 second') where w.key = next.run_id;
        update runtime.gate g set state = 1 where g.run_id = next.run_id;
        opened := opened + 1;
        free := free - 1;
      end if;
    end if;
    exit when free <= 0 or looked >= 1000;
  end loop;
  return opened;
end $$`);
  }

  /** Whether a run may be executed by hand now. One that waits in the line of the others may not; any other gets a place where there is one. */
  #enter(): void {
    this.addSql(`create function runtime.gate_enter(of_run text) returns boolean language plpgsql as $$
declare
  of_tenant text;
  of_key text;
  was smallint;
begin
  select g.tenant_id, g.key, g.state into of_tenant, of_key, was from runtime.gate g where g.run_id = of_run;
  if not found or was = 1 then return true; end if;
  if was = 0 then return false; end if;
  ${lock};
  ${clear};
  if coalesce((${room}), 0) <= 0 then return false; end if;
  update runtime.gate g set state = 1 where g.run_id = of_run;
  return true;
end $$`);
  }
}
