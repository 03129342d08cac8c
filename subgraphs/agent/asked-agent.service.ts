import type { AgentContext } from "./agent.context.ts";
import { askedAgent, type AskedAgentRow } from "./asked-agent.sql.ts";

export type { AskedAgentRow, AskedVersionRow } from "./asked-agent.sql.ts";

/** An agent and a version of it, as they are named; what is left out is null. An id is asked for before a code. */
export function askedAgentOf(
  { db }: AgentContext,
  { id, code, versionId }: { id?: string | null; code?: string | null; versionId?: string | null },
): Promise<AskedAgentRow> {
  return askedAgent(db, { id: id ?? null, code: code ?? null, versionId: versionId ?? null });
}
