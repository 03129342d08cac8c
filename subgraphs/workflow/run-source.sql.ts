import type { Db } from "#shared/db/database.ts";
import type { Json } from "#shared/json.ts";

/** What a run was asked for with. */
export interface RunSourceNames {
  appId: string | null;
  appVersionId: string | null;
  workflowId: string | null;
  workflowVersionId: string | null;
  /** Versions whose documents the caller has: they are not read. */
  knownVersionIds: readonly string[];
}

/** What decides whether and what it may run; null where there is no such thing. */
export interface RunSourceRow {
  versionId: string | null;
  versionStatus: string | null;
  /** null for a known version, and where there is none. */
  dsl: Json;
  workflowId: string | null;
  workflowAppId: string | null;
  workflowDeleted: boolean | null;
  appId: string | null;
  appVersionId: string | null;
  appVersionAppId: string | null;
}

// case, not coalesce: PostgreSQL does not know that coalesce leaks nothing, so behind row-level security it would read all versions of the tenant.
const text = `select v.id as "versionId", v.status as "versionStatus", case when v.id = any($5::text[]) then null else v.dsl end as dsl,
       w.id as "workflowId", w.app_id as "workflowAppId", case when w.id is not null then w.deleted_at is not null end as "workflowDeleted",
       a.id as "appId", av.id as "appVersionId", av.app_id as "appVersionAppId"
     from (select case when $4::text is not null then $4 else (
       select p.id from workflow.workflow_version p
       where p.tenant_id = $6 and p.workflow_id = $3 and p.status = 'PUBLISHED' order by p.published_at desc limit 1
     ) end as version_id) asked
     left join workflow.workflow_version v on v.tenant_id = $6 and v.id = asked.version_id
     left join workflow.workflow w on w.tenant_id = $6 and w.id = case when v.workflow_id is not null then v.workflow_id else $3 end
     left join workflow.app a on a.tenant_id = $6 and a.id = $1
     left join workflow.app_version av on av.tenant_id = $6 and av.id = $2`;

/** Everything in one statement, for createRun is the platform's hottest call. Primary keys, and workflow_version_published. */
export async function runSource(db: Db, names: RunSourceNames): Promise<RunSourceRow> {
  const values = [names.appId, names.appVersionId, names.workflowId, names.workflowVersionId, names.knownVersionIds, db.tenantId];
  const [row] = await db.query<RunSourceRow>({ name: "run_source", text, values });
  return row!;
}
