import type { Tx } from "#shared/db/database.ts";
import { epochMs } from "../queue/statement.ts";

/** When the leases of work end, by its key (a run's id, or that of an offered node run); null where nobody has it. Primary key. */
export async function leaseEnds(tx: Tx, keys: readonly string[]): Promise<(Date | null)[]> {
  const rows = await tx.sql<{ key: string; endMs: number }>(
    `select key, ${epochMs("visible_at")} as "endMs" from runtime.work where tenant_id = $2 and lease is not null and key = any($1)`,
    [keys, tx.tenantId],
  );
  const ends = new Map(rows.map((row) => [row.key, new Date(row.endMs)]));
  return keys.map((key) => ends.get(key) ?? null);
}
