import { addLongElements, arraysOf, resultColumns, rowsFrom, type LongElements, type ResultRow } from "./rows.ts";
import { defineStatement, keyOf, keysOf, type Queryable, rowsOf } from "./statement.ts";

/** The outcome of an offered node run, for the inbox of its run. */
export type OfferedResult = ResultRow;

/** done: it is in the inbox. busy: the run was locked, send it again. gone: done before, or not ours any more; forget it. */
export interface ResultAnswer {
  key: string;
  runId: string;
  kind: "done" | "busy" | "gone";
}

const result = defineStatement({
  name: "result",
  text: `
with a as materialized (select * from ${rowsFrom(resultColumns, 1, { isNumbered: false })}),
l as materialized (select id from runtime.run where id = ${keysOf("run_id from a")} order by id for update skip locked),
d as (delete from runtime.work w using a join l on l.id = a.run_id where w.key = ${keysOf("key from a")} and w.key = a.key and w.lease = a.lease
  returning w.key, w.run_id, w.path, w.attempt, a.body),
c as (select d.*, row_number() over (partition by run_id order by key)::int as k, count(*) over (partition by run_id)::int as cnt from d),
r as (update runtime.run set mail = mail + g.cnt from (select distinct run_id, cnt from c) g where run.id = ${keyOf("g.run_id")}
  returning run.id, tenant_id, mail, lease),
m as (insert into runtime.inbox (run_id, seq, tenant_id, kind, path, attempt, body)
  select r.id, r.mail - c.cnt + c.k, r.tenant_id, 2, c.path, c.attempt, c.body from r join c on c.run_id = r.id),
w as (insert into runtime.work (key, run_id, tenant_id) select id, id, tenant_id from r where lease is null
  on conflict (key) do update set visible_at = least(work.visible_at, now()))
select a.key, a.run_id as "runId", case when d.key is not null then 'done' when w.lease = a.lease then 'busy' else 'gone' end as kind
from a left join d using (key) left join (select key, lease from runtime.work where key = ${keysOf("key from a")}) w on w.key = a.key`,
});

/** Hands in the outcomes of offered node runs, of many runs at once. */
export async function resultsPost(db: Queryable, results: readonly OfferedResult[]): Promise<ResultAnswer[]> {
  const long: LongElements = new Map();
  await addLongElements(resultColumns, results, long);
  return rowsOf(db, result, arraysOf(resultColumns, results, long));
}
