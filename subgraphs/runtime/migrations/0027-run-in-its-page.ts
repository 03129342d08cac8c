import { Migration } from "@mikro-orm/migrations";

const refuses = (when: "before" | "after"): string => `create trigger run_terminal
  ${when} update of status, state, output_text, output_json, error_code, event_seq, lease on runtime.run
  for each row when (old.status >= 3) execute function runtime.refuse_terminal()`;

/**
 * A run is changed at least twice: claimed, and ended. A change that finds no room in the row's page makes a row in another, and an entry for it in each of five
 * indexes; so did a quarter of them with 32 runs at once. And a trigger that comes before a change locks the row first, whether or not its condition holds, which is an
 * entry in the log of its own; one that comes after it refuses the same. Rows that are there stay where they are.
 */
export class RunInItsPage0027 extends Migration {
  override up(): void {
    this.addSql("alter table runtime.run set (fillfactor = 45)");
    this.addSql("drop trigger run_terminal on runtime.run");
    this.addSql(refuses("after"));
  }

  override down(): void {
    this.addSql("drop trigger run_terminal on runtime.run");
    this.addSql(refuses("before"));
    this.addSql("alter table runtime.run set (fillfactor = 70)");
  }
}
