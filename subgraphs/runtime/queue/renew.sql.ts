import { defineStatement, rowsOf, type Queryable } from "./statement.ts";

/** A row of work that a process holds. */
export interface Lease {
  key: string;
  lease: string;
  /** How long it lasts after a renewal. */
  leaseMs: number;
}

/** A lease in its holder's hands. */
export interface HeldLease extends Lease {
  /** When it was last known to be held, by the monotonic clock. */
  confirmedAtMs: number;
}

const renew = defineStatement({
  name: "renew",
  text: `
with a as (select * from unnest($1::text[], $2::uuid[], $3::float8[]) as x(key, lease, ms)),
l as materialized (select w.key, a.ms from runtime.work w join a using (key) where w.key = any($1) and w.lease = a.lease for update of w skip locked),
u as (update runtime.work w set visible_at = clock_timestamp() + l.ms * interval '1 millisecond' from l where w.key = any($1) and w.key = l.key returning w.key)
select a.key, a.lease, a.ms as "leaseMs", (w.lease = a.lease) is true as mine, u.key is not null as renewed
from a left join (select key, lease from runtime.work where key = any($1)) w using (key) left join u using (key)`,
});

/** What became of a lease. Not renewed though mine: its row was locked just now; the next renewal takes it. */
export interface Renewed extends Lease {
  mine: boolean;
  renewed: boolean;
}

/** Renews by list of (key, token), never by worker: a claim whose answer was lost would be renewed for ever. */
export function leasesRenew(db: Queryable, leases: readonly Lease[]): Promise<Renewed[]> {
  const columns = [leases.map(({ key }) => key), leases.map(({ lease }) => lease), leases.map(({ leaseMs }) => leaseMs)];
  return rowsOf(db, renew, columns);
}
