/**
 * Frees what a dead process held, at the word of whoever saw it die. By list of (key, token), as everything that touches leases: a row that is in other hands
 * by now is left alone. What is locked just now (the dead process's last statement may still be at it) is left to the next call.
 */
import type { Lease } from "./renew.sql.ts";
import { defineStatement, rowsOf, type Queryable } from "./statement.ts";

// Reads the whole table, once for each worker that dies: an index on whose row it is would cost each claim.
const marked = defineStatement({
  name: "marked",
  text: `
select key, lease from runtime.work where worker = $1 and lease is not null and visible_at > now()`,
});

const free = defineStatement({
  name: "free",
  text: `
with x as (select * from unnest($1::text[], $2::uuid[]) as x(key, lease)),
l as materialized (select w.key from runtime.work w join x using (key) where w.key = any($1) and w.lease = x.lease for update of w skip locked)
update runtime.work w set visible_at = now(), worker = null, company = case when w.key = $3 then 1 else w.company end from l where w.key = any($1) and w.key = l.key`,
});

type Held = Pick<Lease, "key" | "lease">;

/** All that a process claimed under its mark and still holds, as far as it is not due yet; what it was not answered any more, too. */
export function leasesMarked(db: Queryable, claimMark: string): Promise<Held[]> {
  return rowsOf(db, marked, [claimMark]);
}

/**
 * Makes rows visible whose lease was never given back, and says that their owner has died: the next claim counts a crash for each, but for suspects that were
 * executed together, of whom none is proved guilty unless it is `blamed`. Served by the primary key.
 */
export async function leasesFree(db: Queryable, held: readonly Held[], blamed?: string): Promise<void> {
  if (held.length > 0) await rowsOf(db, free, [held.map(({ key }) => key), held.map(({ lease }) => lease), blamed ?? null]);
}
