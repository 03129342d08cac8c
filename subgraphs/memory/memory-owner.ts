/** Whose memory something may be: sessions, agents and teams are other subgraphs', which are asked; users are the client's own. */
import { isAgent } from "./agent.client.ts";
import { memoryErrors } from "./errors.ts";
import type { MemoryContext } from "./memory.context.ts";
import { MemoryScopeType } from "./memory.entity.ts";
import { isSession } from "./session.client.ts";
import { isTeam } from "./team.client.ts";

/**
 * Asks whether there is such an owner, before any transaction. One that is deleted afterwards keeps its memories.
 *
 * @throws AppError SESSION_NOT_FOUND, AGENT_NOT_FOUND, TEAM_NOT_FOUND; what passes, where its subgraph does not answer
 */
export async function checkOwnerThere(context: MemoryContext, scopeType: MemoryScopeType, id: string): Promise<void> {
  const facts = { field: "scopeId", id } as const;
  switch (scopeType) {
    case MemoryScopeType.SESSION:
      if (!(await isSession(context, id))) throw memoryErrors.SESSION_NOT_FOUND(facts);
      return;
    case MemoryScopeType.AGENT:
      if (!(await isAgent(context, id))) throw memoryErrors.AGENT_NOT_FOUND(facts);
      return;
    case MemoryScopeType.TEAM:
      if (!(await isTeam(context, id))) throw memoryErrors.TEAM_NOT_FOUND(facts);
      return;
    case MemoryScopeType.TENANT:
    case MemoryScopeType.USER:
  }
}
