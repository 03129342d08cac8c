/**
 * Frees what a dead process held, at the word of whoever saw it die. By list of (key, token), as everything that touches leases: a row that is in other hands
 * by now is left alone. What is locked just now (the dead process's last statement may still be at it) is left to the next call.
 */
import type { Lease } from "./renew.sql.ts";
import { defineStatement, rowsOf, type Queryable } from "./statement.ts";

// From tenant to tenant, as claims go, and of each only what falls due within two days: no lease lasts longer, and a backlog that is due, or stands in lines, may be
// millions of rows (an index on whose row it is would cost each claim). "order by … limit": a plan that is made of an empty table keeps to the index so; no process holds so many.
// Served by work_runs and work_nodes.
const markedOf = (walk: string, part: string): { walk: string; rows: string } => ({
  walk: `${walk} as (
  (select tenant_id from runtime.work where ${part} order by tenant_id limit 1) union all
  select n.* from ${walk} t, lateral (select w.tenant_id from runtime.work w where ${part} and w.tenant_id > t.tenant_id order by w.tenant_id limit 1) n)`,
  rows: `select m.key, m.lease from ${walk} t, lateral (
  select w.key, w.lease from runtime.work w
  where ${part} and w.tenant_id = t.tenant_id and w.visible_at > now() and w.visible_at <= now() + interval '2 days' and w.worker = $1 and w.lease is not null
  order by w.visible_at limit 10000) m`,
});
const markedRuns = markedOf("of_runs", "path is null");
const markedNodes = markedOf("of_nodes", "path is not null");

const marked = defineStatement({
  name: "marked",
  text: `
with recursive ${markedRuns.walk},
${markedNodes.walk}
${markedRuns.rows} union all ${markedNodes.rows}`,
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
