/** What the skill subgraph asks of the tool subgraph, on that subgraph's own schema. */
import { graphql } from "#codegen/subgraph-clients/tool/gql.ts";
import { liveEntities, representationsOf } from "#shared/graphql/references.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import type { SkillContext } from "./skill.context.ts";

const toolBindingById = graphql(`
  query SkillToolBindingById($bindings: [_Any!]!) {
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

/** The binding of that id; a deleted one is none. */
export async function findToolBinding(context: SkillContext, id: string): Promise<BindingThere | undefined> {
  const variables = { bindings: representationsOf("ToolBinding", [id]) };
  const found = await context.call.request({ subgraph: "tool", document: toolBindingById, variables, info: requestInfoOf(context) });
  return liveEntities<BindingThere>(found._entities).get(id);
}
