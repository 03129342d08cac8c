import { defineSubgraph } from "#shared/graphql/subgraph.ts";
import { Message } from "./message.entity.ts";
import { MessageAddedResolver, MessageResolver } from "./message.resolver.ts";
import { Sessions } from "./migrations/0001-sessions.ts";
import { JsonAsWritten0002 } from "./migrations/0002-json-as-written.ts";
import { KeysOfAge0003 } from "./migrations/0003-keys-of-age.ts";
import { RunRequest } from "./run-request.entity.ts";
import { RunRequestResolver } from "./run-request.resolver.ts";
import { Session } from "./session.entity.ts";
import { sessionLoaders, type SessionLoaders } from "./session.loaders.ts";
import { SessionResolver } from "./session.resolver.ts";

/** Conversations with users, their messages, and the requests that turn a message into a run. */
export const sessionSubgraph = defineSubgraph<SessionLoaders>({
  name: "session",
  entities: [Session, Message, RunRequest],
  resolvers: [SessionResolver, MessageResolver, MessageAddedResolver, RunRequestResolver],
  references: {
    Session: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.session.load(id))),
    Message: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.message.load(id))),
    RunRequest: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.runRequest.load(id))),
  },
  migrations: [
    { name: "0001-sessions", class: Sessions },
    { name: "0002-json-as-written", class: JsonAsWritten0002 },
    { name: "0003-keys-of-age", class: KeysOfAge0003 },
  ],
  loaders: ({ db }) => sessionLoaders(db),
});
