import { Migration } from "@mikro-orm/migrations";

const tables = ["run", "plan", "node_run", "run_event", "artifact", "trace_span", "work", "inbox", "outbox"];

/** The tenant's rows, or all for whom `engine` is true; see 0001 for why it is asked twice. */
const policyOf = (engine: string) => `(select ${engine}) or tenant_id = (select case when ${engine} then '' else app.current_tenant() end)`;

/**
 * The engine is who logs in as it. `app.is_engine`, a setting, is how processes of the version before show it, which run on while others are replaced; the next
 * version drops it here.
 */
export class EngineRole0008 extends Migration {
  override up(): void {
    this.#policies("app.is_engine_role() or app.is_engine()");
  }

  override down(): void {
    this.#policies("app.is_engine()");
  }

  #policies(engine: string): void {
    for (const table of tables) this.addSql(`alter policy tenant on runtime.${table} using (${policyOf(engine)})`);
  }
}
