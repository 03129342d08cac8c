import { Migration } from "@mikro-orm/migrations";

const columns = "run_id, seq, type, status, attempt, at, tenant_id, path, span_id";

/** The events that lie in `earlier` (queue/story.ts), as rows. */
const earlier = `
select s.run_id, (s.seq - json_array_length(s.earlier) + e.place - 1)::int as seq, (e.told ->> 0)::smallint as type, (e.told ->> 1)::smallint as status,
  (e.told ->> 2)::smallint as attempt, s.at - (e.told ->> 3)::bigint * interval '1 microsecond' as at, s.tenant_id, e.told ->> 4 as path, e.told ->> 5 as span_id
from runtime.run_story s, json_array_elements(s.earlier) with ordinality as e (told, place) where s.earlier is not null`;

/**
 * Events that are stored together share a row: 1.3 rows a node run, each with the run's id twice, were a third of what a run wrote to PostgreSQL's log (ADR 0029). Rows
 * that are there stay as they are, each of one event. `run_event` is every event as a row; processes of the version before read it and insert into it.
 */
export class Story0026 extends Migration {
  override up(): void {
    this.addSql("alter table runtime.run_event rename to run_story");
    this.addSql("alter index runtime.run_event_pkey rename to run_story_pkey");
    this.addSql("alter table runtime.run_story add column earlier json");
    this.addSql(
      `create view runtime.run_event with (security_invoker = true) as select ${columns} from runtime.run_story union all ${earlier}`,
    );
    // Now, not with the rights on all tables once it is over (shared/db/engine-rights.ts): the engine of the version before works on meanwhile.
    this.addSql(`do $$ begin
  execute format('grant select, insert, update, delete on runtime.run_event to %I', app.engine_role());
end $$`);
    this.addSql(`create function runtime.run_event_insert() returns trigger language plpgsql as $$
begin
  insert into runtime.run_story (${columns})
    values (new.run_id, new.seq, new.type, new.status, new.attempt, new.at, new.tenant_id, new.path, new.span_id);
  return new;
end $$`);
    this.addSql(`create trigger run_event_insert instead of insert on runtime.run_event
      for each row execute function runtime.run_event_insert()`);
  }

  override down(): void {
    this.addSql("drop trigger run_event_insert on runtime.run_event");
    this.addSql("drop function runtime.run_event_insert()");
    this.addSql("drop view runtime.run_event");
    // The events of all tenants, and the policy binds the table's owner too.
    this.addSql("alter table runtime.run_story no force row level security");
    this.addSql(`insert into runtime.run_story (${columns}) ${earlier}`);
    this.addSql("alter table runtime.run_story force row level security");
    this.addSql("alter table runtime.run_story drop column earlier");
    this.addSql("alter index runtime.run_story_pkey rename to run_event_pkey");
    this.addSql("alter table runtime.run_story rename to run_event");
  }
}
