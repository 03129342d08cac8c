import type { Tx } from "#shared/db/database.ts";

/** Removes some memories that have expired, so that they do not pile up: whoever adds one tidies a few. Index: memory_expiry. */
export async function expiredMemoriesDelete(tx: Tx): Promise<void> {
  await tx.sql(
    `delete from memory.memory
     where id in (
       select id from memory.memory
       where tenant_id = $1 and expires_at <= now()
       order by expires_at
       limit 20
       for update skip locked
     )`,
    [tx.tenantId],
  );
}
