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

/** Has every lease last a day from now on, those that are given or renewed later too, also on a standby that takes over. To be called before anything runs. */
export async function leasesLastFromNow(adminUrl: string): Promise<void> {
  await query(
    adminUrl,
    `create function runtime.lease_lasts() returns trigger language plpgsql as $$ begin new.visible_at := clock_timestamp() + interval '1 day'; return new; end $$`,
  );
  await query(
    adminUrl,
    "create trigger lease_lasts before insert or update on runtime.work for each row when (new.lease is not null and new.visible_at > clock_timestamp()) execute function runtime.lease_lasts()",
  );
}
