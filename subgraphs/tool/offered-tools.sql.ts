import type { Db } from "#shared/db/database.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import type { ToolStatus } from "./tool.entity.ts";

/** A binding with its tool, and the version that is called: its own, else the latest; null: the tool has none. */
export interface OfferedToolRow {
  id: string;
  deleted: boolean;
  /** What its config says of it; null: nothing. */
  requiresApproval: Json;
  tool: { id: string; code: string; name: string; description: string | null; status: ToolStatus; deleted: boolean };
  version: { id: string; inputSchema: JsonObject } | null;
}

// lateral and limit: each is looked up by itself, whatever PostgreSQL believes of the tables. Primary keys, tool_version_number.
const text = `select b.id, b.deleted_at is not null as deleted, b.config, t.id as "toolId", t.code, t.name, t.description, t.status, t.deleted_at is not null as "toolDeleted",
    v.id as "versionId", v.input_schema as "inputSchema"
  from unnest($2::text[]) with ordinality x(id, place)
  cross join lateral (select * from tool.tool_binding b where b.tenant_id = $1 and b.id = x.id limit 1) b
  cross join lateral (select * from tool.tool t where t.tenant_id = $1 and t.id = b.tool_id limit 1) t
  left join lateral (
    (select v.id, v.input_schema from tool.tool_version v where v.tenant_id = $1 and v.id = b.tool_version_id limit 1)
    union all
    (select v.id, v.input_schema from tool.tool_version v where b.tool_version_id is null and v.tenant_id = $1 and v.tool_id = b.tool_id order by v.version desc limit 1)
  ) v on true
  order by x.place`;

interface FoundRow {
  id: string;
  deleted: boolean;
  config: JsonObject;
  toolId: string;
  code: string;
  name: string;
  description: string | null;
  status: ToolStatus;
  toolDeleted: boolean;
  versionId: string | null;
  inputSchema: JsonObject | null;
}

/** The bindings of those ids that there are, deleted or not, in their order and in one statement: each run of an agent asks. */
export async function offeredTools(db: Db, bindingIds: readonly string[]): Promise<OfferedToolRow[]> {
  const values = [db.tenantId, [...bindingIds]];
  return (await db.query<FoundRow>({ name: "offered_tools", text, values, isShared: true })).map(offered);
}

function offered({ id, deleted, config, toolId, toolDeleted, versionId, inputSchema, ...tool }: FoundRow): OfferedToolRow {
  const { code, name, description, status } = tool;
  return {
    id,
    deleted,
    requiresApproval: config["requires_approval"] ?? null,
    tool: { id: toolId, code, name, description, status, deleted: toolDeleted },
    version: versionId === null || inputSchema === null ? null : { id: versionId, inputSchema },
  };
}
