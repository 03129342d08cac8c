import { Migration } from "@mikro-orm/migrations";

/** What the models of each provider cost, who is asked in its place when it is down, and what each call has cost; of calls from before that is not known. */
export class PricesAndFallbacks0005 extends Migration {
  override up(): void {
    this.addSql("alter table model.model_provider add column prices json not null default '{}', add column fallback_provider_code text");
    this.addSql("alter table model.model_call add column price double precision");
  }

  override down(): void {
    this.addSql("alter table model.model_call drop column price");
    this.addSql("alter table model.model_provider drop column prices, drop column fallback_provider_code");
  }
}
