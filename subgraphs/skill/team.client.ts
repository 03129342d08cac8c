/** What the skill subgraph asks of the team subgraph, on that subgraph's own schema. */
import { graphql } from "#codegen/subgraph-clients/team/gql.ts";
import { liveIds, representationsOf } from "#shared/graphql/references.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import type { SkillContext } from "./skill.context.ts";

const teamById = graphql(`
  query SkillTeamById($teams: [_Any!]!) {
    _entities(representations: $teams) {
      ... on Team {
        id
        deletedAt
      }
    }
  }
`);

/** Whether there is such a team; a deleted one is not. */
export async function isTeam(context: SkillContext, id: string): Promise<boolean> {
  const variables = { teams: representationsOf("Team", [id]) };
  const found = await context.call.request({ subgraph: "team", document: teamById, variables, info: requestInfoOf(context) });
  return liveIds(found._entities).has(id);
}
