import { query } from "./admin-query.ts";

/**
 * Has every lease last a day, as of now: whoever goes on with such a run after its owner's death was given it, and has not waited for the lease to run out. To be
 * called just before the kill, for an owner renews its leases.
 */
export async function leasesLast(adminUrl: string): Promise<void> {
  const held = await query(
    adminUrl,
    "update runtime.work set visible_at = clock_timestamp() + interval '1 day' where lease is not null returning key",
  );
  if (held.length === 0) throw new Error("nobody holds a lease: nothing would be seen");
}
