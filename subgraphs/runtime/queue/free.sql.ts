/**
 * Frees what a dead process held, at the word of whoever saw it die. By list of (key, token), as everything that touches leases: a row that is in other hands
 * by now is left alone. What is locked just now (the dead process's last statement may still be at it) is left to the next call.
 */
import type { Lease } from "./renew.sql.ts";
import { defineStatement, rowsOf, type Queryable, type Statement } from "./statement.ts";

const free = defineStatement({
  name: "free",
  text: `
with x as (select * from unnest($1::text[], $2::uuid[]) as x(key, lease)),
l as materialized (select w.key from runtime.work w join x using (key) where w.lease = x.lease for update of w skip locked)
update runtime.work w set visible_at = now() from l where w.key = l.key
returning w.key`,
});

// Run before work, and nothing is changed before both are locked (I1).
const giveBack = defineStatement({
  name: "give_back",
  text: `
with x as (select * from unnest($1::text[], $2::uuid[]) as x(key, lease)),
own as materialized (select r.id from runtime.run r join x on r.id = x.key where r.lease = x.lease for update of r skip locked),
l as materialized (select w.key from runtime.work w join own on own.id = w.key join x using (key)
  where w.path is null and w.lease = x.lease for update of w skip locked),
r as (update runtime.run set lease = null from l where run.id = l.key returning run.id)
update runtime.work w set lease = null, worker = null, visible_at = now() from r where w.key = r.id
returning w.key`,
});

type Held = Pick<Lease, "key" | "lease">;

/** Makes rows visible whose lease was never given back: the next claim counts a crash for each. @returns the keys. */
export function leasesFree(db: Queryable, held: readonly Held[]): Promise<string[]> {
  return keysOf(db, free, held);
}

/**
 * Gives back runs whose owner died of another one: the next claim counts no crash. Of offered node runs none is given back so: that a call of one may have
 * been made is told by its crash alone.
 *
 * @returns the keys.
 */
export function runsGiveBack(db: Queryable, held: readonly Held[]): Promise<string[]> {
  return keysOf(db, giveBack, held);
}

async function keysOf(db: Queryable, statement: Statement, held: readonly Held[]): Promise<string[]> {
  const rows = await rowsOf<{ key: string }>(db, statement, [held.map(({ key }) => key), held.map(({ lease }) => lease)]);
  return rows.map(({ key }) => key);
}
