/** What the runtime asks of the session subgraph, on that subgraph's own schema. */
import { AppError } from "#shared/errors.ts";
import { graphql } from "#codegen/subgraph-clients/session/gql.ts";
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import type { SubgraphRequest } from "#shared/endpoint/endpoint.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import type { SessionMessage } from "../nodes/ports/memory.port.ts";

const sessionById = graphql(`
  query RuntimeSessionById($id: ID!) {
    session(id: $id) {
      id
      status
      userId
      app {
        id
      }
    }
  }
`);

/** A conversation: whether it goes on, and who talks in it to which app. */
export interface SessionFound {
  status: "ACTIVE" | "CLOSED";
  userId: string;
  appId: string | undefined;
}

/** The session; null where the tenant has no such one. */
export async function findSession(call: SubgraphCaller, info: RequestInfo, id: string): Promise<SessionFound | null> {
  const { session } = await call.request({ subgraph: "session", document: sessionById, variables: { id }, info });
  return session == null ? null : { status: session.status, userId: session.userId, appId: session.app?.id };
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

const messagesDocument = graphql(`
  query RuntimeSessionMessages($id: ID!, $last: Int!) {
    session(id: $id) {
      messages(last: $last) {
        nodes {
          id
          role
          content
        }
      }
    }
  }
`);

/** Which messages of a session. */
interface MessagesQuestion {
  sessionId: string;
  last: number;
  onBytes?: SubgraphRequest["onBytes"] | undefined;
}

/**
 * The last messages of a session, oldest first; [] where the tenant has no such session. Answers of runs may have many megabytes: where there are too many
 * of them to be read at once they are fewer, which whoever asks has no room for anyway.
 */
export async function sessionMessages(call: SubgraphCaller, info: RequestInfo, question: MessagesQuestion): Promise<SessionMessage[]> {
  for (let { last } = question; last > 0; last >>= 1) {
    const messages = await lastMessages(call, info, { ...question, last }).catch(tooLarge);
    if (messages !== undefined) return messages;
  }
  return [];
}

function tooLarge(cause: unknown): undefined {
  if (!(cause instanceof AppError && cause.reason === "READ_TOO_LARGE")) throw cause;
}

async function lastMessages(
  call: SubgraphCaller,
  info: RequestInfo,
  { sessionId, last, onBytes }: MessagesQuestion,
): Promise<SessionMessage[]> {
  const variables = { id: sessionId, last };
  const { session } = await call.request({ subgraph: "session", document: messagesDocument, variables, info, ...(onBytes && { onBytes }) });
  return session?.messages.nodes ?? [];
}

const addDocument = graphql(`
  mutation RuntimeAddMessage($input: AddMessageInput!) {
    addMessage(input: $input) {
      id
    }
  }
`);

/** Adds what a user has asked an agent to their session, once however often it is called with the same key. @returns its id */
export async function addUserMessage(
  call: SubgraphCaller,
  info: RequestInfo,
  input: { sessionId: string; content: string; idempotencyKey: string },
): Promise<string> {
  const { addMessage } = await call.request({ subgraph: "session", document: addDocument, variables: { input }, info });
  if (addMessage == null) throw new Error("the session subgraph added no message and gave no error");
  return addMessage.id;
}
