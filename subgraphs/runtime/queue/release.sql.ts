import type { Lease } from "./renew.sql.ts";
import { defineStatement, rowsOf, type Queryable } from "./statement.ts";

// Only offered nodes have a colon in their keys. Not "path is not null": that would invite a look at all that is offered. Served by the primary key.
const release = defineStatement({
  name: "release",
  text: `
update runtime.work w set lease = null, worker = null, visible_at = now()
from unnest($1::text[], $2::uuid[]) as x(key, lease) where w.key = x.key and w.lease = x.lease and position(':' in x.key) > 0
returning w.key`,
});

/** Gives offered node runs back unfinished, so that the next claim counts no crash. */
export async function offersRelease(db: Queryable, held: readonly Pick<Lease, "key" | "lease">[]): Promise<void> {
  if (held.length > 0) await rowsOf(db, release, [held.map(({ key }) => key), held.map(({ lease }) => lease)]);
}
