import type { Lease } from "./renew.sql.ts";
import { defineStatement, keyOf, keysOf, type Queryable, rowsOf } from "./statement.ts";

// Only offered nodes have a colon in their keys. Not "path is not null": that would invite a look at all that is offered. Served by the primary key.
const release = defineStatement({
  name: "release",
  text: `
update runtime.work w set lease = null, worker = null, visible_at = now() + $3::float8 * interval '1 millisecond', orphaned = w.orphaned or x.begun
from unnest($1::text[], $2::uuid[], $4::bool[]) as x(key, lease, begun) where w.key = any($1) and w.key = x.key and w.lease = x.lease and position(':' in x.key) > 0
returning w.key`,
});

// The run first: lock order. One that is locked is left to its lease.
const releaseRuns = defineStatement({
  name: "release_runs",
  text: `
with a as materialized (select * from unnest($1::text[], $2::uuid[]) as x(id, lease)),
l as materialized (select r.id from a join runtime.run r on r.id = ${keyOf("a.id")} where r.lease = a.lease order by a.id for update of r skip locked),
r as (update runtime.run set lease = null from l where run.id = ${keyOf("l.id")} returning run.id)
update runtime.work w set lease = null, worker = null, visible_at = now() + $3::float8 * interval '1 millisecond' where w.key = ${keysOf("id from r")}`,
});

/** Gives runs back as they are stored, due after `pauseMs`, so that the next claim counts no crash. Served by the primary keys. */
export async function runsRelease(db: Queryable, runs: readonly { runId: string; lease: string }[], pauseMs = 0): Promise<void> {
  if (runs.length > 0) await rowsOf(db, releaseRuns, [runs.map(({ runId }) => runId), runs.map(({ lease }) => lease), pauseMs]);
}

/** An offered node run that is given back. */
export interface GivenBack extends Pick<Lease, "key" | "lease"> {
  /** What it calls may have been called: where it must be called once at most, a person is asked. False unless given. */
  hasBegun?: boolean;
}

/** Gives offered node runs back unfinished, due after `pauseMs`, so that the next claim counts no crash. */
export async function offersRelease(db: Queryable, held: readonly GivenBack[], pauseMs = 0): Promise<void> {
  const columns = [held.map(({ key }) => key), held.map(({ lease }) => lease), pauseMs, held.map(({ hasBegun = false }) => hasBegun)];
  if (held.length > 0) await rowsOf(db, release, columns);
}
