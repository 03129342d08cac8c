/**
 * What must be true of the engine's tables at any moment (protocol I1 to I9; C1 to C5, C8 and C9 of nested runs, C10 of runs that make runs; G1 to G4 of those that wait for others of their key; C7 needs to know what was called,
 * `assertCalls`). Every engine test on PostgreSQL ends with it, and the soaks.
 */
import type pg from "pg";
import { badlyReplayed } from "./replayed.ts";

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
  "I8, C1 a node run ends once": `
    select run_id from runtime.run_event where type = 1 and status >= 3 group by run_id, path having count(*) > 1`,
  "I8 a finished node run's row names the event of its end": `
    select n.run_id from runtime.node_run n left join runtime.run_event e on e.run_id = n.run_id and e.seq = n.done_seq
    where n.status >= 3 and n.error_code is distinct from 'SIBLING_FAILED' and (e.path is distinct from n.path or e.status is distinct from n.status)`,
  "C1 no two ends have one number": `
    select run_id from runtime.node_run where done_seq is not null group by run_id, done_seq having count(*) > 1`,
  "C2 what is part of another's work ends after that began and before it ended": `
    select n.run_id from runtime.node_run n join runtime.node_run p on p.run_id = n.run_id and p.path = n.parent_path
    where n.done_seq >= p.done_seq or (p.opened is not null and p.seq is distinct from p.done_seq and n.done_seq <= p.seq)`,
  "C3 nothing is open in what has ended, however deep": `
    select n.run_id from (select * from runtime.node_run where status < 3 and parent_path is not null) n
      join lateral (select true from runtime.node_run p where p.run_id = n.run_id and p.status >= 3
        and (starts_with(n.path, p.path || '/') or starts_with(n.path, p.path || '#')) limit 1) around on true`,
  "C4 an iteration that completed has each of its items once": `
    select n.run_id from runtime.node_run n left join (
      select run_id, parent_path, count(*) as ended from runtime.node_run where node_type = 'frame' and status >= 3 group by 1, 2) f
      on f.run_id = n.run_id and f.parent_path = n.path
    where n.status = 3 and n.node_type = 'iteration' and (n.opened ->> 'count')::int <> coalesce(f.ended, 0)`,
  "C4 a frame is of an item that there is": `
    select f.run_id from runtime.node_run f join runtime.node_run n on n.run_id = f.run_id and n.path = f.parent_path
    where f.node_type = 'frame' and n.node_type = 'iteration'
      and right(f.path, -length(f.parent_path) - 1)::int not between 0 and (n.opened ->> 'count')::int - 1`,
  // A frame is open from the first event beneath it to its own; in a run that took over another's rows these are numbered anew.
  "C4 no more items are worked on side by side than parallel says": `
    with recursive doc as (
      select p.id, d ->> 'id' as path, d -> 'config' as config from runtime.plan p, json_array_elements(p.document -> 'nodes') d
      union all
      select doc.id, doc.path || '/' || (d ->> 'id'), d -> 'config' from doc, json_array_elements(doc.config -> 'body' -> 'nodes') d
        where json_typeof(doc.config -> 'body') = 'object'),
    begun as (select n.run_id, n.parent_path as frame, min(n.seq) as seq from runtime.node_run n where n.parent_path ~ '#[0-9]+$' and n.node_type not like 'agent-%' group by 1, 2),
    span as (select b.run_id, b.frame, b.seq, coalesce(f.done_seq, 2147483647) as done_seq, regexp_replace(b.frame, '#[0-9]+$', '') as composite
      from begun b left join runtime.node_run f on f.run_id = b.run_id and f.path = b.frame),
    step as (select run_id, composite, seq as at, 1 as change from span union all select run_id, composite, done_seq, -1 from span),
    most as (select run_id, composite, max(open) as open from (
      select run_id, composite, sum(change) over (partition by run_id, composite order by at, change rows unbounded preceding) as open from step) s group by 1, 2)
    select m.run_id from most m join runtime.run r on r.id = m.run_id and r.origin_run_id is null
      join doc on doc.id = r.plan_id and doc.path = regexp_replace(m.composite, '#[0-9]+', '', 'g')
    where m.open > coalesce((doc.config ->> 'parallel')::int, 1) and doc.config ->> 'items' is not null`,
  "C6 a model call of an agent begins when all of its turns before have ended": `
    select m.run_id from runtime.node_run m join runtime.node_run t on t.run_id = m.run_id and t.parent_path = m.parent_path
    where m.node_type = 'agent-model' and t.node_type in ('agent-model', 'agent-tool', 'agent-compact') and (t.done_seq is null or t.done_seq > m.seq)
      and substring(t.path from '#(\\d+)(?:\\.\\d+)?$')::int < substring(m.path from '#(\\d+)$')::int`,
  // In a run that took over another's rows these are numbered anew.
  "C12 a model call of an agent sees what had been said when it began, and nothing else": `
    select m.run_id from runtime.node_run m join runtime.run r on r.id = m.run_id and r.origin_run_id is null
    where m.node_type = 'agent-model' and m.status = 3 and m.route ~ '^(answer|again|compact|dry|calls:)'
      and coalesce(substring(m.route from '@(\\d+)$')::int, 0) <> (select count(*) from runtime.node_run i
        where i.run_id = m.run_id and i.parent_path = m.parent_path and i.node_type = 'agent-input' and i.done_seq < m.seq)`,
  "C12 an agent that completed has seen all that it was told": `
    select i.run_id from runtime.node_run i join runtime.node_run a on a.run_id = i.run_id and a.path = i.parent_path and a.status = 3
      join runtime.run r on r.id = i.run_id and r.origin_run_id is null
    where i.node_type = 'agent-input' and not exists (select from runtime.node_run m where m.run_id = i.run_id and m.parent_path = i.parent_path
      and m.node_type = 'agent-model' and m.status = 3 and m.seq > i.done_seq)`,
  "C9 what is cancelled for what is beside it is part of what has failed": `
    select n.run_id from runtime.node_run n join runtime.run r on r.id = n.run_id left join runtime.node_run p on p.run_id = n.run_id and p.path = n.parent_path
    where n.status = 5 and n.error_code = 'SIBLING_FAILED' and n.done_seq is not null and coalesce(p.status, case when n.parent_path is null then r.status else 4 end) = 3`,
  "C10 whoever waits for a run hears of its end": `
    select n.run_id from runtime.node_run n left join runtime.run c on c.id = n.child_run_id
    where n.wait_reason = 'CHILD' and n.status = 2 and coalesce(c.status, 3) >= 3
      and not exists (select from runtime.outbox o where o.kind = 2 and o.run_id = n.child_run_id or o.kind = 4 and o.target_run_id = n.child_run_id)
      and not exists (select from runtime.inbox m where m.run_id = n.run_id and m.kind = 3 and m.path = n.path)`,
  "C10 a run that is waited for does not outlive the wait": `
    select c.id from runtime.run c join runtime.run p on p.id = c.parent_run_id left join runtime.node_run n on n.run_id = p.id and n.path = c.parent_path
    where c.status < 3 and not c.detached and (n.status = 2 and n.wait_reason = 'CHILD' and n.child_run_id = c.id) is not true
      and not exists (select from runtime.outbox o where o.kind = 3 and o.target_run_id = c.id)
      and not exists (select from runtime.inbox m where m.run_id = c.id and m.kind = 1)`,
  "C10 a node run that is over counts one run's end, its own": `
    select n.run_id from runtime.node_run n join runtime.run c on c.id = n.child_run_id and not c.detached and c.parent_run_id = n.run_id
    where n.status = 3 and c.status <> 3`,
  "G1 of a key no more runs have a place than it has": `
    select g.tenant_id, g.key from runtime.gate g join runtime.run r on r.id = g.run_id
    group by 1, 2 having count(*) filter (where g.state = 1 and r.status < 3) > max(g.places)`,
  "G2 nothing begins that waits in its line": `
    select g.run_id from runtime.gate g join runtime.run r on r.id = g.run_id where g.state = 0 and r.status in (1, 2, 3, 4)`,
  "G3 what has its place in the line of others is due": `
    select g.run_id from runtime.gate g join runtime.run r on r.id = g.run_id
    where g.state = 1 and r.status = 0 and r.execution = 'WORKERS' and not exists (select from runtime.work w where w.key = r.id and w.visible_at < 'infinity')`,
  // Times are what owners believe of the database's clock, which is never ahead of it.
  "G4 no more runs of a key are at work together than it has places": `
    with work as (select id, tenant_id, gate_key, gate_places, started_at, coalesce(ended_at, 'infinity') as ended_at from runtime.run
      where gate_key is not null and started_at is not null and execution = 'WORKERS' and (parent_run_id is null or detached)),
    step as (select tenant_id, gate_key, gate_places, started_at as at, 1 as change from work union all select tenant_id, gate_key, gate_places, ended_at, -1 from work),
    most as (select tenant_id, gate_key, max(gate_places) over (partition by tenant_id, gate_key) as places,
      sum(change) over (partition by tenant_id, gate_key order by at, change rows unbounded preceding) as open from step)
    select distinct tenant_id, gate_key from most where open > places`,
  "a run says of how many of its failed node runs the failure was handled": `
    select r.id from runtime.run r where r.handled_errors <> (
      select count(*) from runtime.node_run n where n.run_id = r.id and n.status = 4 and n.route is not null)`,
  "what completed, a run or what is part of it, has no failure that nothing handled": `
    select r.id from runtime.run r join runtime.node_run n on n.run_id = r.id left join runtime.node_run p on p.run_id = n.run_id and p.path = n.parent_path
    where n.status = 4 and n.route is null and coalesce(p.status, r.status) = 3`,
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
 * @param isReplayed  whether runs are made again from their rows, and compared.
 */
export async function assertInvariants(pool: Pick<pg.Pool, "query">, isReplayed = true): Promise<void> {
  const broken: string[] = [];
  for (const [claim, query] of Object.entries(invariants)) {
    const { rows } = await joined(pool, `${query} limit 5`);
    if (rows.length > 0) broken.push(`${claim}: ${rows.map((row) => Object.values(row).join()).join(", ")}`);
  }
  if (isReplayed) broken.push(...(await badlyReplayed(pool)));
  if (broken.length > 0) throw new Error(`invariants broken\n${broken.join("\n")}`);
}

/** Asks with all kinds of joins: the engine's sessions have none but loops, for which the view of events is no table with an index. */
async function joined(pool: Pick<pg.Pool, "query">, query: string): Promise<pg.QueryResult<Record<string, string>>> {
  const all = await pool.query(`set local enable_hashjoin = on; set local enable_mergejoin = on; ${query}`);
  return (all as unknown as pg.QueryResult<Record<string, string>>[])[2]!;
}

/** Calls of outside nodes by node run id, with the attempt that each was. */
export type CallsMade = readonly { nodeRunId: string; attempt: number }[];

/**
 * C7: throws where an attempt was called more often than once and once more for each owner that was lost.
 *
 * @param setBacks  how often an owner of these runs was lost, or may have been.
 */
export function assertCalls(made: CallsMade, setBacks: number): void {
  const counts = new Map<string, number>();
  for (const { nodeRunId, attempt } of made) {
    const key = `${nodeRunId}, attempt ${attempt}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const often = [...counts].filter(([, count]) => count > 1 + setBacks).map(([key, count]) => `${key}: ${count} times`);
  if (often.length > 0) throw new Error(`C7 an attempt is called once, and once more for each owner that was lost\n${often.join("\n")}`);
}
