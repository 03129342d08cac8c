import { Migration } from "@mikro-orm/migrations";

/** The engine's role alone removes audits, when they are older than the operator wants to keep them; no request can. */
export class AuditRetention extends Migration {
  override up(): void {
    this.addSql("create policy removes on access.request_audit for delete using ((select app.is_engine_role()))");
  }

  override down(): void {
    this.addSql("drop policy removes on access.request_audit");
  }
}
