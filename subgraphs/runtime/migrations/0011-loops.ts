import { Migration } from "@mikro-orm/migrations";

/**
 * What assigners write within composites. loop_updates: to the variables of the loop at loop_path. state_path: state_updates are of the state of that sub-workflow,
 * not of the run's. What stands there at a moment is put together of these rows by the number of their ends, so each composite has an index of its own; all
 * other node runs pay nothing for them.
 */
export class Loops0011 extends Migration {
  override up(): void {
    this.addSql("alter table runtime.node_run add state_path text, add loop_updates json, add loop_path text");
    this.addSql("create index node_run_loop on runtime.node_run (run_id, loop_path, done_seq) where loop_path is not null");
    this.addSql("create index node_run_own_state on runtime.node_run (run_id, state_path, done_seq) where state_path is not null");
  }

  override down(): void {
    this.addSql("drop index runtime.node_run_own_state");
    this.addSql("drop index runtime.node_run_loop");
    this.addSql("alter table runtime.node_run drop state_path, drop loop_updates, drop loop_path");
  }
}
