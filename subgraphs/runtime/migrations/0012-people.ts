import { Migration } from "@mikro-orm/migrations";

// graph/waiting.sql.ts says the same, so that the planner knows the one in the other.
const asksSomebody = "wait_reason in ('PERSON', 'APPROVAL', 'CALLBACK', 'OUTCOME_UNKNOWN')";

/**
 * Node runs that wait for somebody. question: what is asked; approval: what was decided of a call; both stay. answered_by, answered_at: who was first, written by the answer
 * itself and never by a flush. The index names wait_reason alone and not the status, which every started node run changes: an update that changes no column of an index or
 * its predicate is a HOT one.
 */
export class People0012 extends Migration {
  override up(): void {
    this.addSql(
      "alter table runtime.node_run add question json, add approval json, add waits_since timestamptz, add answered_by text, add answered_at timestamptz",
    );
    this.addSql(`create index node_run_asks on runtime.node_run (tenant_id, waits_since, run_id, path) where ${asksSomebody}`);
  }

  override down(): void {
    this.addSql("drop index runtime.node_run_asks");
    this.addSql("alter table runtime.node_run drop answered_at, drop answered_by, drop waits_since, drop approval, drop question");
  }
}
