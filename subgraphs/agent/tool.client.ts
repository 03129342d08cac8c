/** What the agent subgraph asks of the tool subgraph, on that subgraph's own schema. */
import { graphql } from "#codegen/subgraph-clients/tool/gql.ts";
import { liveEntities, representationsOf } from "#shared/graphql/references.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import type { AgentContext } from "./agent.context.ts";

const toolBindingsById = graphql(`
  query AgentToolBindingsById($bindings: [_Any!]!) {
    _entities(representations: $bindings) {
      ... on ToolBinding {
        id
        deletedAt
        tool {
          id
          status
        }
      }
    }
  }
`);

/** A binding that is there. */
export interface BindingThere {
  tool: { id: string; status: "ACTIVE" | "ARCHIVED" };
}

/** Those of the bindings that are there, by id, all in one question; deleted ones are not. */
export async function findToolBindings(context: AgentContext, ids: readonly string[]): Promise<ReadonlyMap<string, BindingThere>> {
  if (ids.length === 0) return new Map();
  const variables = { bindings: representationsOf("ToolBinding", ids) };
  const found = await context.call.request({ subgraph: "tool", document: toolBindingsById, variables, info: requestInfoOf(context) });
  return liveEntities<BindingThere>(found._entities);
}
