import { Migration } from "@mikro-orm/migrations";

/**
 * Runs that are part of the work of another, or that another has left behind: which node run is waited for, and how deep they lie. child_run_id: of a node run
 * that has made a run. on_failure: the workflow that is run when the run fails, as its document names it.
 *
 * The outbox carries four kinds of messages (queue/outbox.sql.ts). Nothing that a flush of a plain node run changes is in one of the indexes or their
 * predicates. new_run_id: a uuidv7, for where a statement makes a run; PostgreSQL has one of its own from 18 on only.
 */
export class ChildRuns0015 extends Migration {
  override up(): void {
    this.addSql(`alter table runtime.run add parent_run_id text, add parent_path text, add detached boolean not null default false,
      add depth smallint not null default 0, add on_failure text`);
    this.addSql("create index run_children on runtime.run (parent_run_id, id) where parent_run_id is not null");
    this.addSql("alter table runtime.node_run add child_run_id text");
    this.addSql("create index node_run_awaits on runtime.node_run (run_id, path) where wait_reason = 'CHILD'");
    this.addSql(`alter table runtime.outbox alter column session_id drop not null, alter column output_text drop not null,
      add kind smallint not null default 1, add target_run_id text not null default '', add target_path text not null default '',
      add body json, add input json`);
    this.addSql("alter table runtime.outbox drop constraint outbox_pkey");
    this.addSql("alter table runtime.outbox add primary key (run_id, kind, target_run_id, target_path)");
    this.addSql("create index outbox_lanes on runtime.outbox (tenant_id, visible_at)");
    this.addSql("create index outbox_target on runtime.outbox (target_run_id, kind) where target_run_id <> ''");
    this.addSql(`create function runtime.new_run_id() returns text language sql volatile parallel safe
      return overlay(gen_random_uuid()::text placing
        overlay(lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') placing '-' from 9 for 0) || '-7' from 1 for 15)`);
  }

  override down(): void {
    this.addSql("drop function runtime.new_run_id()");
    this.addSql("drop index runtime.outbox_target");
    this.addSql("drop index runtime.outbox_lanes");
    // The messages of all tenants, and the policy binds the table's owner too.
    this.addSql("alter table runtime.outbox no force row level security");
    this.addSql("delete from runtime.outbox where kind <> 1");
    this.addSql("alter table runtime.outbox force row level security");
    this.addSql("alter table runtime.outbox drop constraint outbox_pkey");
    this.addSql(`alter table runtime.outbox drop input, drop body, drop target_path, drop target_run_id, drop kind,
      alter column session_id set not null, alter column output_text set not null`);
    this.addSql("alter table runtime.outbox add primary key (run_id)");
    this.addSql("drop index runtime.node_run_awaits");
    this.addSql("alter table runtime.node_run drop child_run_id");
    this.addSql("drop index runtime.run_children");
    this.addSql("alter table runtime.run drop on_failure, drop depth, drop detached, drop parent_path, drop parent_run_id");
  }
}
