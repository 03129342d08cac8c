/**
 * Cancels many runs of a tenant: a batch is one statement that looks at so many runs in the order of their ids and posts to those that match.
 * It waits for no run's lock, so it is in nobody's way and no cycle is possible; runs that were locked are named in the answer.
 */
import {
  conditionScopes,
  conditionValues,
  hasStatus,
  meetsCondition,
  scopeOf,
  type ConditionScope,
  type RunBatch,
} from "./run-condition.ts";
import { defineStatement, keyOf, type Queryable, rowsOf, type Statement } from "./statement.ts";
import { inboxKinds } from "./statuses.ts";

/** Only runs that have not finished match, and that have no unread cancel. */
export interface CancelBatch extends RunBatch {
  reason: string | null;
}

/** What came of a batch. */
export interface CancelledBatch {
  /** Posted to. `isFree`: nobody owns it. */
  posted: { runId: string; mail: number; isFree: boolean }[];
  /** They match, and were locked. */
  busy: string[];
  /** The last run that was looked at; null: there are no more. */
  cursor: string | null;
}

const isOpen = `r.status < 3 and ${hasStatus}`;

// The inbox is looked at by its primary key. Status again under the lock: the run may have ended meanwhile.
const cancel = (scope: ConditionScope): Statement =>
  defineStatement({
    name: `cancel_runs_of_${scope}`,
    text: `
with seen as materialized (select r.id, ${isOpen} and ${meetsCondition} as matches from runtime.run r
  where r.tenant_id = $1 and ${conditionScopes[scope]} and r.id > $2 order by r.id limit $3),
found as materialized (select s.id from seen s
  where s.matches and (select true from runtime.inbox m where m.run_id = s.id and m.kind = ${inboxKinds.cancel} limit 1) is null
  order by s.id limit $4),
l as materialized (select r.id from found f join runtime.run r on r.id = ${keyOf("f.id")} where ${isOpen} order by f.id for update of r skip locked),
r as (update runtime.run set mail = mail + 1 from l where run.id = ${keyOf("l.id")} returning run.id, tenant_id, mail, lease),
m as (insert into runtime.inbox (run_id, seq, tenant_id, kind, body) select id, mail, tenant_id, ${inboxKinds.cancel}, ${scope === "ids" ? "$14" : "$13"} from r),
w as (insert into runtime.work (key, run_id, tenant_id) select id, id, tenant_id from r where lease is null
  on conflict (key) do update set visible_at = least(work.visible_at, now()))
select (select coalesce(json_agg(json_build_object('runId', id, 'mail', mail, 'isFree', lease is null)), '[]') from r) as posted,
  (select coalesce(json_agg(f.id), '[]') from found f where f.id <> all(array(select id from l))) as busy,
  case when (select count(*) from found) = $4::int then (select max(id) from found)
    when (select count(*) from seen) = $3::int then (select max(id) from seen) end as cursor`,
  });

const statements = Object.fromEntries((Object.keys(conditionScopes) as ConditionScope[]).map((scope) => [scope, cancel(scope)])) as Record<
  ConditionScope,
  Statement
>;

/** Cancels a batch of runs. A run that is named `busy` may also have ended meanwhile. */
export async function runsCancel(db: Queryable, batch: CancelBatch): Promise<CancelledBatch> {
  const values = [...conditionValues(batch), JSON.stringify({ reason: batch.reason })];
  const [answer] = await rowsOf<CancelledBatch>(db, statements[scopeOf(batch.condition)], values);
  if (answer === undefined) throw new Error("a batch of cancels has no answer");
  return answer;
}
