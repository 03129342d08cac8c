/** Counts what the queue forgets: a work row's crashes go with it when its run ends. */
import { query } from "./admin-query.ts";

/** Has a database that is migrated remember every crash that is counted from now on. */
export async function rememberCrashes(adminUrl: string): Promise<void> {
  const steps = [
    "create table public.counted_crash (key text, crashes smallint, lease uuid, at timestamptz default clock_timestamp())",
    // As its owner: the engine's role has no rights on the table.
    `create function public.count_crash() returns trigger language plpgsql security definer as $$
       begin insert into public.counted_crash (key, crashes, lease) values (new.key, new.crashes, old.lease); return new; end $$`,
    `create trigger count_crash after update on runtime.work for each row when (new.crashes > old.crashes) execute function public.count_crash()`,
  ];
  for (const step of steps) await query(adminUrl, step);
}

/** The crashes that were counted since. */
export async function crashesOf(adminUrl: string): Promise<object[]> {
  return query(adminUrl, "select key, crashes, lease, at from public.counted_crash order by at");
}
