/** What the skill subgraph asks of the agent subgraph, on that subgraph's own schema. */
import { graphql } from "#codegen/subgraph-clients/agent/gql.ts";
import { liveIds, representationsOf } from "#shared/graphql/references.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import type { SkillContext } from "./skill.context.ts";

const agentById = graphql(`
  query SkillAgentById($agents: [_Any!]!) {
    _entities(representations: $agents) {
      ... on Agent {
        id
        deletedAt
      }
    }
  }
`);

/** Whether there is such an agent; a deleted one is not. */
export async function isAgent(context: SkillContext, id: string): Promise<boolean> {
  const variables = { agents: representationsOf("Agent", [id]) };
  const found = await context.call.request({ subgraph: "agent", document: agentById, variables, info: requestInfoOf(context) });
  return liveIds(found._entities).has(id);
}
