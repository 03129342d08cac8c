import { Migration } from "@mikro-orm/migrations";

/**
 * Calls of models as a ledger: each has the id that its caller gave it, by which it is written once however often it is told; and whose it was. Calls from before
 * have none.
 */
export class UsageLedger0004 extends Migration {
  override up(): void {
    this.addSql(`alter table model.model_call
      add column call_id text,
      add column run_id text,
      add column node_run_id text,
      add column cached_tokens bigint not null default 0,
      add column reasoning_tokens bigint not null default 0`);
    this.addSql("create unique index model_call_once on model.model_call (tenant_id, call_id) where call_id is not null");
    this.addSql("create index model_call_run on model.model_call (tenant_id, run_id, id) where run_id is not null");
    this.addSql("create index model_call_list on model.model_call (tenant_id, id)");
  }

  override down(): void {
    for (const index of ["model_call_list", "model_call_run", "model_call_once"]) this.addSql(`drop index model.${index}`);
    this.addSql(`alter table model.model_call
      drop column call_id,
      drop column run_id,
      drop column node_run_id,
      drop column cached_tokens,
      drop column reasoning_tokens`);
  }
}
