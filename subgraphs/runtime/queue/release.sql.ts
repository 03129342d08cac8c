import type { Lease } from "./renew.sql.ts";
import { rowsOf, type Queryable, type Statement } from "./statement.ts";

const release: Statement = {
  name: "release",
  text: `
update runtime.work w set lease = null, worker = null, visible_at = now()
from unnest($1::text[], $2::uuid[]) as x(key, lease) where w.key = x.key and w.lease = x.lease and w.path is not null
returning w.key`,
};

/** Gives offered node runs back unfinished, so that the next claim counts no crash. */
export async function offersRelease(db: Queryable, held: readonly Pick<Lease, "key" | "lease">[]): Promise<void> {
  if (held.length > 0) await rowsOf(db, release, [held.map(({ key }) => key), held.map(({ lease }) => lease)]);
}
