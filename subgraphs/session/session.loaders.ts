import type { Db } from "#shared/db/database.ts";
import { childPageLoader, rowLoader } from "#shared/graphql/loaders.ts";
import { Message } from "./message.entity.ts";
import { RunRequest } from "./run-request.entity.ts";
import { Session } from "./session.entity.ts";

/** The loaders of one operation. */
export type SessionLoaders = ReturnType<typeof sessionLoaders>;

/** Makes them; each turns the keys of a tick into one statement. */
export function sessionLoaders(db: Db) {
  return {
    session: rowLoader(db, Session),
    message: rowLoader(db, Message),
    runRequest: rowLoader(db, RunRequest),
    messagesOfSession: childPageLoader(db, {
      entity: Message,
      table: "session.message",
      parent: "session_id",
      sequence: "seq",
      order: "asc",
    }),
    runRequestsOfSession: childPageLoader(db, { entity: RunRequest, table: "session.run_request", parent: "session_id" }),
  };
}
