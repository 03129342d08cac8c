import { Migration } from "@mikro-orm/migrations";
import { idempotencyAge, idempotencyTable } from "#shared/graphql/idempotency.ts";

/** Keys of imports: one that is sent again makes no second version. */
export class Idempotency0004 extends Migration {
  override up(): void {
    for (const statement of [...idempotencyTable("skill"), idempotencyAge("skill")]) this.addSql(statement);
  }

  override down(): void {
    this.addSql("drop table skill.idempotency");
  }
}
