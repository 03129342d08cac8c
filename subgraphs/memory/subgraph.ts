import type { ReferenceResolver } from "#shared/graphql/schema.ts";
import { openEvaluation } from "#shared/evaluation/process-threads.ts";
import { defineSubgraph } from "#shared/graphql/subgraph.ts";
import { AgentStub } from "./agent.stub.ts";
import { defaultDeadlines, type EmbeddingDeadlines } from "./embedding/deadlines.ts";
import { Embedder } from "./embedding/embedder.ts";
import type { MemoryContext, MemoryServices } from "./memory.context.ts";
import { Memory } from "./memory.entity.ts";
import { memoryLoaders, type MemoryLoaders } from "./memory.loaders.ts";
import { MemoryResolver } from "./memory.resolver.ts";
import { MemoryEmbeddingResolver } from "./embedding/memory-embedding.resolver.ts";
import { Memories } from "./migrations/0001-memories.ts";
import { JsonAsWritten0002 } from "./migrations/0002-json-as-written.ts";
import { LettersFolded0003 } from "./migrations/0003-letters-folded.ts";
import { Embeddings0004 } from "./migrations/0004-embeddings.ts";
import { KeysOfAge0006 } from "./migrations/0006-keys-of-age.ts";
import { TextsThatFail0007 } from "./migrations/0007-texts-that-fail.ts";
import { KanaAndDigits0008 } from "./migrations/0008-kana-and-digits.ts";
import { Types0009 } from "./migrations/0009-types.ts";
import { AgentResolver, SessionResolver, TeamResolver } from "./owner.resolver.ts";
import { SessionStub } from "./session.stub.ts";
import { TeamStub } from "./team.stub.ts";
import { vectorColumn } from "./embedding/vector-column.ts";

/** Any id will do: an owner of whom nothing is remembered has an empty page. */
const owner: ReferenceResolver<MemoryContext> = (ids) => Promise.resolve(ids.map((id) => ({ id })));

/** What is remembered of tenants, users, sessions, agents and teams, and the search over it. */
export function defineMemorySubgraph(deadlines: EmbeddingDeadlines) {
  return defineSubgraph<MemoryLoaders, MemoryServices>({
    name: "memory",
    entities: [Memory],
    resolvers: [MemoryResolver, MemoryEmbeddingResolver, SessionResolver, AgentResolver, TeamResolver],
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
      { name: "0004-embeddings", class: Embeddings0004 },
      { name: "0006-keys-of-age", class: KeysOfAge0006 },
      { name: "0007-texts-that-fail", class: TextsThatFail0007 },
      { name: "0008-kana-and-digits", class: KanaAndDigits0008 },
      { name: "0009-types", class: Types0009 },
    ],
    loaders: ({ db }) => memoryLoaders(db),
    async open({ databaseUrl, database, call, log }) {
      const column = await vectorColumn(databaseUrl);
      const evaluation = openEvaluation([]);
      const embedder = new Embedder({ databaseUrl, database, call, log, column, batchMs: deadlines.batchMs });
      const close = async () => void (await Promise.all([embedder.close(), evaluation.close()]));
      return { services: { embedder, column, evaluation, deadlines }, close };
    },
  });
}

/** With the usual deadlines. */
export const memorySubgraph = defineMemorySubgraph(defaultDeadlines);
