import { Migration } from "@mikro-orm/migrations";
import { tenantPolicy } from "#shared/db/tenant-policy.ts";
import { dataKeyTable } from "#shared/secret/data-keys.ts";

/** A key of each tenant's own, under which its secret headers are sealed. Those that are there are sealed anew by `secrets rewrap`, or when they are given again. */
export class DataKeys0003 extends Migration {
  override up(): void {
    this.addSql(dataKeyTable("tool"));
    for (const statement of tenantPolicy("tool.data_key")) this.addSql(statement);
  }

  override down(): void {
    this.addSql("drop table tool.data_key");
  }
}
