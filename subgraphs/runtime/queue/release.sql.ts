import type { Lease } from "./renew.sql.ts";
import { defineStatement, keysOf, rowsOf, type Queryable } from "./statement.ts";

// Only offered nodes have a colon in their keys. Not "path is not null": that would invite a look at all that is offered. Served by the primary key.
const release = defineStatement({
  name: "release",
  text: `
update runtime.work w set lease = null, worker = null, visible_at = now()
from unnest($1::text[], $2::uuid[]) as x(key, lease) where w.key = any($1) and w.key = x.key and w.lease = x.lease and position(':' in x.key) > 0
returning w.key`,
});

// The run first: lock order. One that is locked is left to its lease.
const releaseRuns = defineStatement({
  name: "release_runs",
  text: `
with a as materialized (select * from unnest($1::text[], $2::uuid[]) as x(id, lease)),
l as materialized (select r.id from runtime.run r join a on r.id = a.id where r.lease = a.lease order by r.id for update of r skip locked),
r as (update runtime.run set lease = null from l where run.id = l.id returning run.id)
update runtime.work w set lease = null, worker = null, visible_at = now() where w.key = ${keysOf("id from r")}`,
});

/** Gives runs back as they are stored, so that the next claim counts no crash. Served by the primary keys. */
export async function runsRelease(db: Queryable, runs: readonly { runId: string; lease: string }[]): Promise<void> {
  if (runs.length > 0) await rowsOf(db, releaseRuns, [runs.map(({ runId }) => runId), runs.map(({ lease }) => lease)]);
}

/** Gives offered node runs back unfinished, so that the next claim counts no crash. */
export async function offersRelease(db: Queryable, held: readonly Pick<Lease, "key" | "lease">[]): Promise<void> {
  if (held.length > 0) await rowsOf(db, release, [held.map(({ key }) => key), held.map(({ lease }) => lease)]);
}
