/** What the team subgraph asks of the agent subgraph, on that subgraph's own schema. */
import { graphql } from "#codegen/subgraph-clients/agent/gql.ts";
import { liveIds, representationsOf } from "#shared/graphql/references.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import type { TeamContext } from "./team.context.ts";

const agentsById = graphql(`
  query TeamAgentsById($agents: [_Any!]!) {
    _entities(representations: $agents) {
      ... on Agent {
        id
        deletedAt
      }
    }
  }
`);

/** Which of the agents are there, all in one question; deleted ones are not. */
export async function findAgents(context: TeamContext, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const variables = { agents: representationsOf("Agent", ids) };
  const found = await context.call.request({ subgraph: "agent", document: agentsById, variables, info: requestInfoOf(context) });
  return liveIds(found._entities);
}
