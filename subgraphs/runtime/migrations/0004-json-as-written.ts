import { Migration } from "@mikro-orm/migrations";

/** Columns that hold what callers and nodes wrote, by table; with the default where there is one. */
const columns: Record<string, [name: string, byDefault?: string][]> = {
  run: [["input", "{}"], ["state", "{}"], ["output_json"]],
  node_run: [["output_json"], ["state_updates"]],
  artifact: [["content_json"]],
  inbox: [["body"]],
};

// A column that a trigger names cannot change its type.
const dropTrigger = "drop trigger run_terminal on runtime.run";
const createTrigger = `create trigger run_terminal
  before update of status, state, output_text, output_json, error_code, event_seq, lease on runtime.run
  for each row when (old.status >= 3) execute function runtime.refuse_terminal()`;

/**
 * What callers and nodes wrote is kept as they wrote it: json instead of jsonb, which sorts an object's keys and is dearer to read in. What is there
 * keeps the order that jsonb gave it. Rewrites the four tables, one after the other, each locked while it lasts.
 */
export class JsonAsWritten0004 extends Migration {
  override up(): void {
    this.#convert("json");
  }

  override down(): void {
    this.#convert("jsonb");
  }

  #convert(type: "json" | "jsonb"): void {
    this.addSql(dropTrigger);
    for (const [table, names] of Object.entries(columns)) {
      const changes = names.flatMap(([name, byDefault]) => {
        const change = `alter column ${name} type ${type} using ${name}::${type}`;
        if (byDefault === undefined) return [change];
        return [`alter column ${name} drop default`, change, `alter column ${name} set default '${byDefault}'`];
      });
      // One statement a table, so that it is rewritten once.
      this.addSql(`alter table runtime.${table} ${changes.join(", ")}`);
    }
    this.addSql(createTrigger);
  }
}
