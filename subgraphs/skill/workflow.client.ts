/** What the skill subgraph asks of the workflow subgraph, on that subgraph's own schema. */
import { graphql } from "#codegen/subgraph-clients/workflow/gql.ts";
import { liveIds, representationsOf } from "#shared/graphql/references.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import type { SkillContext } from "./skill.context.ts";

const appById = graphql(`
  query SkillAppById($apps: [_Any!]!) {
    _entities(representations: $apps) {
      ... on App {
        id
        deletedAt
      }
    }
  }
`);

/** Whether there is such an app; a deleted one is not. */
export async function isApp(context: SkillContext, id: string): Promise<boolean> {
  const variables = { apps: representationsOf("App", [id]) };
  const found = await context.call.request({ subgraph: "workflow", document: appById, variables, info: requestInfoOf(context) });
  return liveIds(found._entities).has(id);
}
