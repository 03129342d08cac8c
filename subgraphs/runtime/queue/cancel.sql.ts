/**
 * Cancels many runs of a tenant: a batch is one statement that looks at so many runs in the order of their ids and posts to those that match.
 * It waits for no run's lock, so it is in nobody's way and no cycle is possible; runs that were locked are named in the answer.
 */
import { defineStatement, rowsOf, type Queryable, type Statement } from "./statement.ts";
import { inboxKinds } from "./statuses.ts";

/** Which runs; all that is given must hold. Only runs that have not finished match, and that have no unread cancel. */
export interface CancelCondition {
  ids?: readonly string[] | undefined;
  statuses?: readonly number[] | undefined;
  kind?: string | undefined;
  appId?: string | undefined;
  workflowId?: string | undefined;
  workflowVersionId?: string | undefined;
  sessionId?: string | undefined;
  createdAfter?: Date | undefined;
  createdBefore?: Date | undefined;
}

/** One batch. */
export interface CancelBatch {
  tenantId: string;
  condition: CancelCondition;
  reason: string | null;
  /** Runs whose ids are behind it. */
  after: string;
  /** How many runs it may look at. */
  looks: number;
  /** How many it may cancel. */
  limit: number;
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

/** By the index that serves it: run_pkey, run_session, run_workflow, run_app, run_tenant. */
const scopes = {
  ids: "r.id = any($14::text[])",
  session: "r.session_id = $9",
  workflow: "r.workflow_id = $7",
  app: "r.app_id = $6",
  tenant: "true",
} as const;
type Scope = keyof typeof scopes;

const hasStatus = "r.status < 3 and ($5::smallint[] is null or r.status = any($5))";
const matches = `${hasStatus} and ($6::text is null or r.app_id = $6) and ($7::text is null or r.workflow_id = $7)
    and ($8::text is null or r.workflow_version_id = $8) and ($9::text is null or r.session_id = $9) and ($10::text is null or r.kind = $10)
    and ($11::timestamptz is null or r.created_at >= $11) and ($12::timestamptz is null or r.created_at < $12)`;

// The inbox is looked at by its primary key. Status again under the lock: the run may have ended meanwhile.
const cancel = (scope: Scope): Statement =>
  defineStatement({
    name: `cancel_runs_of_${scope}`,
    text: `
with seen as materialized (select r.id, ${matches} as matches from runtime.run r
  where r.tenant_id = $1 and ${scopes[scope]} and r.id > $2 order by r.id limit $3),
found as materialized (select s.id from seen s
  where s.matches and (select true from runtime.inbox m where m.run_id = s.id and m.kind = ${inboxKinds.cancel} limit 1) is null
  order by s.id limit $4),
l as materialized (select r.id from runtime.run r join found f on f.id = r.id where ${hasStatus} order by r.id for update of r skip locked),
r as (update runtime.run set mail = mail + 1 from l where run.id = l.id returning run.id, tenant_id, mail, lease),
m as (insert into runtime.inbox (run_id, seq, tenant_id, kind, body) select id, mail, tenant_id, ${inboxKinds.cancel}, $13 from r),
w as (insert into runtime.work (key, run_id, tenant_id) select id, id, tenant_id from r where lease is null
  on conflict (key) do update set visible_at = least(work.visible_at, now()))
select (select coalesce(json_agg(json_build_object('runId', id, 'mail', mail, 'isFree', lease is null)), '[]') from r) as posted,
  (select coalesce(json_agg(f.id), '[]') from found f where f.id <> all(array(select id from l))) as busy,
  case when (select count(*) from found) = $4::int then (select max(id) from found)
    when (select count(*) from seen) = $3::int then (select max(id) from seen) end as cursor`,
  });

const statements = Object.fromEntries((Object.keys(scopes) as Scope[]).map((scope) => [scope, cancel(scope)])) as Record<Scope, Statement>;

/** Cancels a batch of runs. A run that is named `busy` may also have ended meanwhile. */
export async function runsCancel(db: Queryable, batch: CancelBatch): Promise<CancelledBatch> {
  const { tenantId, condition, reason, after, looks, limit } = batch;
  const { ids, statuses, kind, appId, workflowId, workflowVersionId, sessionId, createdAfter, createdBefore } = condition;
  const scope = scopeOf(condition);
  const scoped = [statuses, appId, workflowId, workflowVersionId, sessionId, kind, createdAfter, createdBefore].map(
    (value) => value ?? null,
  );
  const values = [tenantId, after, looks, limit, ...scoped, JSON.stringify({ reason }), ...(scope === "ids" ? [ids] : [])];
  const [answer] = await rowsOf<CancelledBatch>(db, statements[scope], values);
  if (answer === undefined) throw new Error("a batch of cancels has no answer");
  return answer;
}

function scopeOf({ ids, sessionId, workflowId, appId }: CancelCondition): Scope {
  if (ids !== undefined) return "ids";
  if (sessionId !== undefined) return "session";
  if (workflowId !== undefined) return "workflow";
  return appId === undefined ? "tenant" : "app";
}
