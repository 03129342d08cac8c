/** What the agent subgraph asks of the tool subgraph, on that subgraph's own schema. */
import { graphql } from "#codegen/subgraph-clients/tool/gql.ts";
import { liveIds, representationsOf } from "#shared/graphql/references.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import type { AgentContext } from "./agent.context.ts";

const toolBindingsById = graphql(`
  query AgentToolBindingsById($bindings: [_Any!]!) {
    _entities(representations: $bindings) {
      ... on ToolBinding {
        id
        deletedAt
      }
    }
  }
`);

/** Which of the bindings are there, all in one question; deleted ones are not. */
export async function findToolBindings(context: AgentContext, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const variables = { bindings: representationsOf("ToolBinding", ids) };
  const found = await context.call.request({ subgraph: "tool", document: toolBindingsById, variables, info: requestInfoOf(context) });
  return liveIds(found._entities);
}
