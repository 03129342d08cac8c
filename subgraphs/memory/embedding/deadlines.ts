/** How long the memory subgraph waits for a model that embeds, in milliseconds. */
export interface EmbeddingDeadlines {
  /** A search of mode AUTO, which is as good without: then it goes by words. */
  autoMs: number;
  /** A search of mode VECTOR or HYBRID: then it is refused. */
  vectorMs: number;
  /** All requests for a batch of memories together; the lease of a tenant is longer. */
  batchMs: number;
}

/** What is waited unless a test says otherwise. */
export const defaultDeadlines: EmbeddingDeadlines = { autoMs: 3_000, vectorMs: 20_000, batchMs: 60_000 };
