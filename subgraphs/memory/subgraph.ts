import type { ReferenceResolver } from "#shared/graphql/schema.ts";
import { defineSubgraph } from "#shared/graphql/subgraph.ts";
import { AgentStub } from "./agent.stub.ts";
import type { MemoryContext } from "./memory.context.ts";
import { Memory } from "./memory.entity.ts";
import { memoryLoaders, type MemoryLoaders } from "./memory.loaders.ts";
import { MemoryResolver } from "./memory.resolver.ts";
import { Memories } from "./migrations/0001-memories.ts";
import { JsonAsWritten0002 } from "./migrations/0002-json-as-written.ts";
import { LettersFolded0003 } from "./migrations/0003-letters-folded.ts";
import { AgentResolver, SessionResolver, TeamResolver } from "./owner.resolver.ts";
import { SessionStub } from "./session.stub.ts";
import { TeamStub } from "./team.stub.ts";

/** Any id will do: an owner of whom nothing is remembered has an empty page. */
const owner: ReferenceResolver<MemoryContext> = (ids) => Promise.resolve(ids.map((id) => ({ id })));

/** What is remembered of tenants, users, sessions, agents and teams, and the search over it. */
export const memorySubgraph = defineSubgraph<MemoryLoaders>({
  name: "memory",
  entities: [Memory],
  resolvers: [MemoryResolver, SessionResolver, AgentResolver, TeamResolver],
  orphanedTypes: [SessionStub, AgentStub, TeamStub],
  references: {
    Memory: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.memory.load(id))),
    Session: owner,
    Agent: owner,
    Team: owner,
  },
  migrations: [
    { name: "0001-memories", class: Memories },
    { name: "0002-json-as-written", class: JsonAsWritten0002 },
    { name: "0003-letters-folded", class: LettersFolded0003 },
  ],
  loaders: ({ db }) => memoryLoaders(db),
});
