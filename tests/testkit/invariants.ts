/** What must be true of the engine's tables at any moment (protocol I1 to I9). Every engine test on PostgreSQL ends with it. */
import type pg from "pg";

/** Each query finds what breaks its invariant. */
const invariants: Record<string, string> = {
  "I1 a run has a lease exactly when its work row has the same": `
    select r.id from runtime.run r full join runtime.work w on w.key = r.id and w.path is null and w.lease is not null
    where (r.lease is not null or w.lease is not null) and (r.lease = w.lease) is not true and (w.key is null or w.path is null)`,
  "I2 a run at rest has read all its mail": `
    select r.id from runtime.run r join runtime.inbox m on m.run_id = r.id
    where r.status < 3 and not exists (select from runtime.work w where w.key = r.id)`,
  "I3 unread messages are numbered within the run's mail": `
    select m.run_id from runtime.inbox m left join runtime.run r on r.id = m.run_id where r.id is null or m.seq < 1 or m.seq > r.mail`,
  "I4 a run's events are numbered from 1 to event_seq": `
    select r.id from runtime.run r left join (select run_id, count(*) c, min(seq) lo, max(seq) hi from runtime.run_event group by 1) e on e.run_id = r.id
    where coalesce(e.c, 0) <> r.event_seq or (e.c > 0 and (e.lo <> 1 or e.hi <> r.event_seq))`,
  "I5 a queued node run is offered, or its result is in the inbox": `
    select n.run_id from runtime.node_run n where n.status = 0
      and not exists (select from runtime.work w where w.key = n.run_id || ':' || n.path)
      and not exists (select from runtime.inbox m where m.run_id = n.run_id and m.path = n.path)
    union all
    select w.run_id from runtime.work w where w.path is not null
      and not exists (select from runtime.node_run n where n.run_id = w.run_id and n.path = w.path and n.status = 0)`,
  "I6 a terminal run has no work and no mail": `
    select r.id from runtime.run r where r.status >= 3
      and (exists (select from runtime.work w where w.run_id = r.id) or exists (select from runtime.inbox m where m.run_id = r.id))`,
  "I6 a terminal run has no open node run": `
    select r.id from runtime.run r join runtime.node_run n on n.run_id = r.id where r.status >= 3 and n.status < 3`,
  "I8 a node run ends once": `
    select run_id from runtime.run_event where type = 1 and status >= 3 group by run_id, path having count(*) > 1`,
  "I8 a finished node run's row names the event of its end": `
    select n.run_id from runtime.node_run n left join runtime.run_event e on e.run_id = n.run_id and e.seq = n.done_seq
    where n.status >= 3 and n.error_code is distinct from 'SIBLING_FAILED' and (e.path is distinct from n.path or e.status is distinct from n.status)`,
  "a run says of how many of its failed node runs the failure was handled": `
    select r.id from runtime.run r where r.handled_errors <> (
      select count(*) from runtime.node_run n where n.run_id = r.id and n.status = 4 and n.route is not null)`,
  "a completed run has no failure that nothing handled": `
    select r.id from runtime.run r join runtime.node_run n on n.run_id = r.id where r.status = 3 and n.status = 4 and n.route is null`,
  "I9 a node run begins behind the ends of those before it": `
    select n.run_id from runtime.node_run n join runtime.run r on r.id = n.run_id join runtime.plan p on p.id = r.plan_id
      join lateral json_array_elements(p.document -> 'edges') d on true
      join runtime.node_run s on s.run_id = r.id and s.path = d ->> 'source'
    where d ->> 'target' = n.path and n.status in (1, 2, 3, 4) and (s.done_seq is null or s.done_seq >= n.seq)
      and r.initial_node is distinct from n.path`,
};

/**
 * Throws for every invariant that does not hold, with some of the runs that break it. I7 (an accepted cancel or answer is seen by the flush
 * that ends the run) needs to know what was accepted: tests that post assert it.
 *
 * @param pool  of the superuser, or in the engine's scope.
 */
export async function assertInvariants(pool: Pick<pg.Pool, "query">): Promise<void> {
  const broken: string[] = [];
  for (const [claim, query] of Object.entries(invariants)) {
    const { rows } = await pool.query<Record<string, string>>(`${query} limit 5`);
    if (rows.length > 0) broken.push(`${claim}: ${rows.map((row) => Object.values(row).join()).join(", ")}`);
  }
  if (broken.length > 0) throw new Error(`invariants broken\n${broken.join("\n")}`);
}
