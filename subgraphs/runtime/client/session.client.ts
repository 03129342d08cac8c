/** What the runtime asks of the session subgraph, on that subgraph's own schema. */
import { graphql } from "#codegen/subgraph-clients/session/gql.ts";
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import type { RequestInfo } from "#shared/request-info.ts";

const sessionById = graphql(`
  query RuntimeSessionById($id: ID!) {
    session(id: $id) {
      id
      status
    }
  }
`);

/** Whether a conversation goes on; null where the tenant has no such session. */
export async function sessionStatus(call: SubgraphCaller, info: RequestInfo, id: string): Promise<"ACTIVE" | "CLOSED" | null> {
  const { session } = await call.request({ subgraph: "session", document: sessionById, variables: { id }, info });
  return session?.status ?? null;
}

/** The answer of a run, for its session. */
export interface RunMessage {
  runId: string;
  sessionId: string;
  content: string;
}

const recordDocument = graphql(`
  mutation RuntimeRecordRunMessage($input: RecordRunMessageInput!) {
    recordRunMessage(input: $input) {
      id
    }
  }
`);

/** Adds the answer to the session, once however often it is called. */
export async function recordRunMessage(call: SubgraphCaller, info: RequestInfo, input: RunMessage): Promise<void> {
  await call.request({ subgraph: "session", document: recordDocument, variables: { input }, info });
}
