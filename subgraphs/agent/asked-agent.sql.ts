import type { Db } from "#shared/db/database.ts";
import type { JsonObject } from "#shared/json.ts";
import type { AgentVersionStatus } from "./agent-version.entity.ts";
import type { MemoryPolicy } from "./memory-policy.ts";

/** An agent by its id, else by its code, and a version of it: the named one, else the one that was published last. null: not named so. */
export interface AgentQuestion {
  id: string | null;
  code: string | null;
  versionId: string | null;
}

/** What there is of it; each is null where there is none. */
export interface AskedAgentRow {
  /** The agent that the id or the code names. */
  id: string | null;
  deleted: boolean | null;
  version: AskedVersionRow | null;
}

/** A version with its agent, which is another than the named one where the question does not fit together. */
export interface AskedVersionRow {
  id: string;
  agentId: string;
  agentDeleted: boolean;
  status: AgentVersionStatus;
  role: string;
  goal: string | null;
  systemPrompt: string | null;
  model: string | null;
  modelConfig: JsonObject;
  maxSteps: number;
  memoryPolicy: MemoryPolicy;
  toolBindingIds: string[];
  skillIds: string[];
}

// lateral and limit: each is looked up by itself, whatever PostgreSQL believes of the tables. Primary keys, agent_code, agent_version_published.
const text = `select n.id, n.deleted_at is not null as deleted, v.id as "versionId", v.agent_id as "agentId", v.agent_deleted as "agentDeleted", v.status, v.role,
    v.goal, v.system_prompt as "systemPrompt", v.model, v.model_config as "modelConfig", v.max_steps as "maxSteps", v.memory_policy as "memoryPolicy",
    v.tool_binding_ids as "toolBindingIds", v.skill_ids as "skillIds"
  from (select 1) one
  left join lateral (
    (select a.id, a.deleted_at from agent.agent a where a.tenant_id = $1 and a.id = $2 limit 1)
    union all
    (select a.id, a.deleted_at from agent.agent a where $2::text is null and a.tenant_id = $1 and a.code = $3 and a.deleted_at is null limit 1)
  ) n on true
  left join lateral (
    select v.*, a.deleted_at is not null as agent_deleted from (
      (select v.* from agent.agent_version v where v.tenant_id = $1 and v.id = $4 limit 1)
      union all
      (select v.* from agent.agent_version v where $4::text is null and v.tenant_id = $1 and v.agent_id = n.id and v.status = 'PUBLISHED'
       order by v.published_at desc limit 1)
    ) v cross join lateral (select a.deleted_at from agent.agent a where a.tenant_id = $1 and a.id = v.agent_id limit 1) a
  ) v on true`;

/** All that freezing an agent needs to know of it, deleted or not, in one statement: each run of an agent asks. */
export async function askedAgent(db: Db, { id, code, versionId }: AgentQuestion): Promise<AskedAgentRow> {
  const values = [db.tenantId, id, code, versionId];
  const [row] = await db.query<FoundRow>({ name: "asked_agent", text, values, isShared: true });
  const { id: named, deleted, versionId: found, ...version } = row!;
  return { id: named, deleted: named === null ? null : deleted, version: found === null ? null : { ...version, id: found } };
}

interface FoundRow extends Omit<AskedVersionRow, "id"> {
  id: string | null;
  deleted: boolean;
  versionId: string | null;
}
