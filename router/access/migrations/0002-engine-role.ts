import { Migration } from "@mikro-orm/migrations";

/** The writer of audits is who logs in as the engine; `app.is_engine`, a setting, is how the version before shows it, and goes with the next one. */
export class EngineRole extends Migration {
  override up(): void {
    this.#policies("app.is_engine_role() or app.is_engine()");
  }

  override down(): void {
    this.#policies("app.is_engine()");
  }

  #policies(engine: string): void {
    const isTenants = `tenant_id = (select case when ${engine} then '' else app.current_tenant() end)`;
    this.addSql(`alter policy reads on access.request_audit using ((select ${engine}) or ${isTenants})`);
    this.addSql(`alter policy writes on access.request_audit with check ((select ${engine}))`);
  }
}
