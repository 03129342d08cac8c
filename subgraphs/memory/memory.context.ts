import type { Evaluator } from "#shared/evaluation/job.ts";
import type { SubgraphContext } from "#shared/graphql/context.ts";
import type { EmbeddingDeadlines } from "./embedding/deadlines.ts";
import type { Embedder } from "./embedding/embedder.ts";
import type { MemoryLoaders } from "./memory.loaders.ts";
import type { VectorColumn } from "./embedding/vector-column.ts";

/** What the memory subgraph keeps open. */
export interface MemoryServices {
  /** Embeds memories in the background. */
  embedder: Embedder;
  column: VectorColumn;
  /** The threads that compare vectors. */
  evaluation: Evaluator;
  deadlines: EmbeddingDeadlines;
}

/** What the memory subgraph's resolvers and services are given. */
export type MemoryContext = SubgraphContext<MemoryLoaders, MemoryServices>;
