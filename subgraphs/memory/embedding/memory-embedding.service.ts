import { embeddingProgress } from "./embedding-queue.sql.ts";
import { MemoryEmbeddingState, type MemoryEmbedding } from "./memory-embedding.ts";
import type { MemoryContext } from "../memory.context.ts";

/** How far the embedding of the tenant's memories is. */
export async function memoryEmbedding({ db, services }: MemoryContext): Promise<MemoryEmbedding> {
  const { isIndexed } = services.column;
  const { model, dimension, problem, ready, failed, ...counts } = await db.read(embeddingProgress);
  const state = stateOf({ problem, hasSpace: model !== null, ...counts });
  return { state, model, dimension, ready, waiting: counts.waiting + counts.otherSpace, failed, problem, isIndexed };
}

function stateOf(facts: { problem: string | null; hasSpace: boolean; waiting: number; otherSpace: number }): MemoryEmbeddingState {
  const { problem, hasSpace, waiting, otherSpace } = facts;
  if (problem === "NO_EMBEDDING_MODEL") return MemoryEmbeddingState.OFF;
  if (problem !== null) return MemoryEmbeddingState.FAILING;
  if (otherSpace > 0) return MemoryEmbeddingState.REEMBEDDING;
  if (waiting > 0) return MemoryEmbeddingState.EMBEDDING;
  return hasSpace ? MemoryEmbeddingState.READY : MemoryEmbeddingState.OFF;
}
