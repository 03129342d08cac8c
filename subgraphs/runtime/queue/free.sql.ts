/**
 * Frees what a dead process held, at the word of whoever saw it die. By list of (key, token), as everything that touches leases: a row that is in other hands
 * by now is left alone. What is locked just now (the dead process's last statement may still be at it) is left to the next call.
 */
import type { Lease } from "./renew.sql.ts";
import { defineStatement, rowsOf, type Queryable } from "./statement.ts";

const free = defineStatement({
  name: "free",
  text: `
with x as (select * from unnest($1::text[], $2::uuid[]) as x(key, lease)),
l as materialized (select w.key from runtime.work w join x using (key) where w.lease = x.lease for update of w skip locked)
update runtime.work w set visible_at = now() from l where w.key = l.key`,
});

/** Makes rows visible whose lease was never given back: the next claim counts a crash for each. Served by the primary key. */
export async function leasesFree(db: Queryable, held: readonly Pick<Lease, "key" | "lease">[]): Promise<void> {
  if (held.length > 0) await rowsOf(db, free, [held.map(({ key }) => key), held.map(({ lease }) => lease)]);
}
