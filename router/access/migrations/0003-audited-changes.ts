import { Migration } from "@mikro-orm/migrations";

/** Changes have their row when they begin; variables and security events are columns. */
export class AuditedChanges extends Migration {
  override up(): void {
    this.addSql("alter table access.request_audit add column variables jsonb, add column event text, add column details jsonb");
    this.addSql("create index request_audit_event on access.request_audit (tenant_id, event, id) where event is not null");
    // The table stays append-only but for one thing, once: how a change ended, where that was not known.
    this.addSql(`create function access.finish_audit() returns trigger language plpgsql as $$
      begin
        if old.status_code <> 0 then return null; end if;
        old.status_code := new.status_code;
        old.error_codes := new.error_codes;
        old.duration_ms := new.duration_ms;
        old.event := new.event;
        old.details := new.details;
        return old;
      end $$`);
    this.addSql("create trigger finish before update on access.request_audit for each row execute function access.finish_audit()");
    // Where the engine is a role of its own already, it is that which writes.
    this.addSql(`do $$
      declare engine text := 'app.is_engine()';
      begin
        if to_regprocedure('app.is_engine_role()') is not null then engine := 'app.is_engine_role() or app.is_engine()'; end if;
        execute format('create policy finishes on access.request_audit for update using ((select %s))', engine);
      end $$`);
  }

  override down(): void {
    this.addSql("drop policy finishes on access.request_audit");
    this.addSql("drop trigger finish on access.request_audit");
    this.addSql("drop function access.finish_audit()");
    this.addSql("alter table access.request_audit drop column variables, drop column event, drop column details");
  }
}
