import type { Db } from "#shared/db/database.ts";
import type { JsonObject } from "#shared/json.ts";

/** What a call names that a run has frozen. */
export interface FrozenNames {
  versionId: string;
  bindingId: string | null;
  toolId: string | null;
}

/** What there is of it; each is null where there is none. */
export interface FrozenRow {
  versionToolId: string;
  inputSchema: JsonObject;
  invokeConfig: JsonObject;
  bindingToolId: string | null;
  bindingConfig: JsonObject | null;
  toolId: string | null;
  toolCode: string | null;
}

// lateral and limit: each is looked up by itself, whatever PostgreSQL believes of the tables. case, not coalesce: see workflow/run-source.sql.ts.
const text = `select v.tool_id as "versionToolId", v.input_schema as "inputSchema", v.invoke_config as "invokeConfig",
    b.tool_id as "bindingToolId", b.config as "bindingConfig", t.id as "toolId", t.code as "toolCode"
  from tool.tool_version v
  left join lateral (select b.tool_id, b.config from tool.tool_binding b where b.tenant_id = $1 and b.id = $3 limit 1) b on true
  left join lateral (select t.id, t.code from tool.tool t
    where t.tenant_id = $1 and t.id = case when b.tool_id is not null then b.tool_id when $4::text is not null then $4 else v.tool_id end limit 1) t on true
  where v.tenant_id = $1 and v.id = $2`;

/** All that a frozen call is about, deleted or not, in one statement: each tool call of a run asks. undefined: there is no such version. Primary keys. */
export async function frozenTarget(db: Db, { versionId, bindingId, toolId }: FrozenNames): Promise<FrozenRow | undefined> {
  const values = [db.tenantId, versionId, bindingId, toolId];
  return (await db.query<FrozenRow>({ name: "tool_frozen_target", text, values, isKept: true }))[0];
}
