/** Finds the memories whose vectors are nearest to a query's. */
import type { Tx } from "#shared/db/database.ts";
import type { Job } from "#shared/evaluation/job.ts";
import { memoryErrors } from "../errors.ts";
import type { MemorySearch } from "../search/memory-search.sql.ts";
import type { MemoryContext } from "../memory.context.ts";
import type { QueryVector } from "../search/query-vector.ts";
import { vectorBase64 } from "./vector.ts";
import type { RankedVector, VectorRanking } from "./vector-jobs.ts";
import { vectorsNearest, vectorsRead, type VectorScope } from "../search/vector-search.sql.ts";

/** The module of what threads do. */
const vectorJobsModule = new URL("./vector-jobs.ts", import.meta.url).href;

const limitMs = 2_000;
const rankJob: Job<VectorRanking, RankedVector[]> = {
  module: vectorJobsModule,
  name: "rankVectors",
  limitMs,
  tooSlow: () => memoryErrors.VECTORS_NOT_COMPARED({ retryable: true }),
  tooLarge: () => memoryErrors.VECTORS_NOT_COMPARED({ retryable: true }),
};

/** The nearest, nearest first; of equal ones the newest. Scores are cosines, 0 where they are negative. */
export async function nearestMemories(
  context: MemoryContext,
  search: MemorySearch,
  { space, vector }: QueryVector,
): Promise<{ id: string; score: number }[]> {
  const { db, services } = context;
  const { limit } = search;
  const scope: VectorScope = { ...search, space, dimension: vector.length };
  if (services.column.isIndexed) {
    const query = services.column.write(vector);
    const nearest = await db.read((tx: Tx) => vectorsNearest(tx, scope, { query, limit }));
    return nearest.map(({ id, score }) => ({ id, score: unitScore(score) }));
  }
  const { ids, vectors } = await db.read((tx: Tx) => vectorsRead(tx, scope));
  if (ids.length === 0) return [];
  const call = {
    tenantId: context.tenantId,
    whenBusy: "refuse" as const,
    text: vectors,
    ...(context.signal && { signal: context.signal }),
  };
  const ranked = await services.evaluation.run(rankJob, { query: vectorBase64(vector), limit }, call);
  return ranked.map(([place, cosine]) => ({ id: ids[place]!, score: unitScore(cosine) }));
}

function unitScore(cosine: number): number {
  return Math.min(1, Math.max(0, cosine));
}
