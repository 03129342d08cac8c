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

// lateral and limit: each name is looked up by itself, whatever PostgreSQL believes of the tables. case, not coalesce: PostgreSQL does not know that
// coalesce leaks nothing, so behind row-level security it would read all versions of the tenant.
const text = `select v.id as "versionId", v.status as "versionStatus", case when x.known ? v.id then null else v.dsl end as dsl,
       w.id as "workflowId", w.app_id as "workflowAppId", case when w.id is not null then w.deleted_at is not null end as "workflowDeleted",
       a.id as "appId", av.id as "appVersionId", av.app_id as "appVersionAppId"
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[]) with ordinality
       as x(app_id, app_version_id, workflow_id, version_id, known, place)
     cross join lateral (select case when x.version_id is not null then x.version_id else (
       select p.id from workflow.workflow_version p
       where p.tenant_id = $6 and p.workflow_id = x.workflow_id and p.status = 'PUBLISHED' order by p.published_at desc limit 1
     ) end as version_id offset 0) asked
     left join lateral (select * from workflow.workflow_version v where v.tenant_id = $6 and v.id = asked.version_id limit 1) v on true
     left join lateral (select * from workflow.workflow w
       where w.tenant_id = $6 and w.id = case when v.workflow_id is not null then v.workflow_id else x.workflow_id end limit 1) w on true
     left join lateral (select a.id from workflow.app a where a.tenant_id = $6 and a.id = x.app_id limit 1) a on true
     left join lateral (select av.id, av.app_id from workflow.app_version av where av.tenant_id = $6 and av.id = x.app_version_id limit 1) av on true
     order by x.place`;

/**
 * Everything in one statement, for createRun is the platform's hottest call. Primary keys, and workflow_version_published.
 *
 * @returns in the order of the names.
 */
export function runSources(db: Db, names: readonly RunSourceNames[]): Promise<RunSourceRow[]> {
  const values = [
    names.map(({ appId }) => appId),
    names.map(({ appVersionId }) => appVersionId),
    names.map(({ workflowId }) => workflowId),
    names.map(({ workflowVersionId }) => workflowVersionId),
    names.map(({ knownVersionIds }) => JSON.stringify(knownVersionIds.filter(canBeId))),
    db.tenantId,
  ];
  return db.query<RunSourceRow>({ name: "run_sources", text, values });
}

/** jsonb takes neither U+0000 nor half a character; no version has such an id. */
function canBeId(id: string): boolean {
  return id.isWellFormed() && !id.includes("\u0000");
}
