/** Which of a tenant's runs a statement is for, and the index that finds them. */

/** Which runs; all that is given must hold. */
export interface RunCondition {
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

/** SQL by the index that serves it: run_pkey, run_session, run_workflow, run_app, run_tenant. Parameters as of {@link conditionValues}; $13: ids. */
export const conditionScopes = {
  ids: "r.id = any($13::text[])",
  session: "r.session_id = $9",
  workflow: "r.workflow_id = $7",
  app: "r.app_id = $6",
  tenant: "true",
} as const;
export type ConditionScope = keyof typeof conditionScopes;

/** SQL: run r has one of the statuses. */
export const hasStatus = "($5::smallint[] is null or r.status = any($5))";

/** SQL: all else that the condition says of run r holds. */
export const meetsCondition = `($6::text is null or r.app_id = $6) and ($7::text is null or r.workflow_id = $7)
    and ($8::text is null or r.workflow_version_id = $8) and ($9::text is null or r.session_id = $9) and ($10::text is null or r.kind = $10)
    and ($11::timestamptz is null or r.created_at >= $11) and ($12::timestamptz is null or r.created_at < $12)`;

/** A batch of a tenant's runs, in the order of their ids. */
export interface RunBatch {
  tenantId: string;
  condition: RunCondition;
  /** Runs whose ids are behind it. */
  after: string;
  /** How many runs it may look at. */
  looks: number;
  /** How many it may take. */
  limit: number;
}

/** The scope whose index finds the fewest. */
export function scopeOf({ ids, sessionId, workflowId, appId }: RunCondition): ConditionScope {
  if (ids !== undefined) return "ids";
  if (sessionId !== undefined) return "session";
  if (workflowId !== undefined) return "workflow";
  return appId === undefined ? "tenant" : "app";
}

/** Parameters $1 to $12: tenant, after, looks, limit, and the condition; with ids $13. */
export function conditionValues({ tenantId, condition, after, looks, limit }: RunBatch): unknown[] {
  const { ids, statuses, kind, appId, workflowId, workflowVersionId, sessionId, createdAfter, createdBefore } = condition;
  const scoped = [statuses, appId, workflowId, workflowVersionId, sessionId, kind, createdAfter, createdBefore].map(
    (value) => value ?? null,
  );
  return [tenantId, after, looks, limit, ...scoped, ...(ids === undefined ? [] : [ids])];
}
