/** Where a skill may be installed: agents, teams and apps are other subgraphs', which are asked; users are the client's own. */
import { isAgent } from "./agent.client.ts";
import { skillErrors } from "./errors.ts";
import { InstallScope } from "./skill-installation.entity.ts";
import type { SkillContext } from "./skill.context.ts";
import { isTeam } from "./team.client.ts";
import { isApp } from "./workflow.client.ts";

/**
 * Asks whether there is such a place, before any transaction. One that is deleted afterwards keeps its installations.
 *
 * @throws AppError AGENT_NOT_FOUND, TEAM_NOT_FOUND, APP_NOT_FOUND; what passes, where its subgraph does not answer
 */
export async function checkPlaceThere(context: SkillContext, installScope: InstallScope, id: string): Promise<void> {
  const facts = { field: "scopeId", id } as const;
  switch (installScope) {
    case InstallScope.AGENT:
      if (!(await isAgent(context, id))) throw skillErrors.AGENT_NOT_FOUND(facts);
      return;
    case InstallScope.TEAM:
      if (!(await isTeam(context, id))) throw skillErrors.TEAM_NOT_FOUND(facts);
      return;
    case InstallScope.APP:
      if (!(await isApp(context, id))) throw skillErrors.APP_NOT_FOUND(facts);
      return;
    case InstallScope.TENANT:
    case InstallScope.USER:
  }
}
