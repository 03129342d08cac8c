import { Migration } from "@mikro-orm/migrations";
import { idempotencyAge } from "#shared/graphql/idempotency.ts";

/** Keys are found by their age: those that are old enough go with each new one. */
export class KeysOfAge0006 extends Migration {
  override up(): void {
    this.addSql(idempotencyAge("memory"));
  }

  override down(): void {
    this.addSql("drop index memory.idempotency_age");
  }
}
