import { Migration } from "@mikro-orm/migrations";
import { idempotencyAge } from "#shared/graphql/idempotency.ts";

/** Keys are found by their age: those that are old enough go with each new one. */
export class KeysOfAge0003 extends Migration {
  override up(): void {
    this.addSql(idempotencyAge("session"));
  }

  override down(): void {
    this.addSql("drop index session.idempotency_age");
  }
}
