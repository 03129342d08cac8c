/** What the runtime asks of the session subgraph, on that subgraph's own schema. */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { parse } from "graphql";
import type { SubgraphCaller } from "#shared/caller.ts";
import type { RequestInfo } from "#shared/request-info.ts";

const sessionById = parse(`query SessionById($id: ID!) { session(id: $id) { id } }`) as TypedDocumentNode<
  { session: { id: string } | null },
  { id: string }
>;

/** Whether the tenant has such a session. */
export async function sessionExists(call: SubgraphCaller, info: RequestInfo, id: string): Promise<boolean> {
  const { session } = await call.request({ subgraph: "session", document: sessionById, variables: { id }, info });
  return session !== null;
}

/** The answer of a run, for its session. */
export interface RunMessage {
  runId: string;
  sessionId: string;
  content: string;
}

const recordDocument = parse(
  `mutation RecordRunMessage($input: RecordRunMessageInput!) { recordRunMessage(input: $input) { id } }`,
) as TypedDocumentNode<{ recordRunMessage: { id: string } }, { input: RunMessage }>;

/** Adds the answer to the session, once however often it is called. */
export async function recordRunMessage(call: SubgraphCaller, info: RequestInfo, input: RunMessage): Promise<void> {
  await call.request({ subgraph: "session", document: recordDocument, variables: { input }, info });
}
