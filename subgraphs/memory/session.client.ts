/** What the memory subgraph asks of the session subgraph, on that subgraph's own schema. */
import { graphql } from "#codegen/subgraph-clients/session/gql.ts";
import { representationsOf } from "#shared/graphql/references.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import type { MemoryContext } from "./memory.context.ts";

const sessionById = graphql(`
  query MemorySessionById($sessions: [_Any!]!) {
    _entities(representations: $sessions) {
      ... on Session {
        id
      }
    }
  }
`);

/** Whether there is such a session; one that is closed is there. */
export async function isSession(context: MemoryContext, id: string): Promise<boolean> {
  const variables = { sessions: representationsOf("Session", [id]) };
  const found = await context.call.request({ subgraph: "session", document: sessionById, variables, info: requestInfoOf(context) });
  return found._entities[0] != null;
}
