import { finishInTurns } from "#shared/pieces.ts";
import { admits } from "#shared/search-query.ts";
import type { MemorySearch, ScoredMemory } from "./memory-search.sql.ts";

/**
 * Those of some memories, in their order, whose texts have the phrases of a query and none that it leaves out; no more than are asked for. It takes turns with
 * whatever else is to be done, so nobody holds a transaction meanwhile.
 */
export function admitted(search: MemorySearch, scored: readonly ScoredMemory[]): Promise<ScoredMemory[]> {
  return finishInTurns(admitting(search, scored));
}

function* admitting({ query, limit }: MemorySearch, scored: readonly ScoredMemory[]): Generator<void, ScoredMemory[]> {
  const found: ScoredMemory[] = [];
  for (const hit of scored) {
    if (found.length >= limit) break;
    if (admits(query, [hit.memory.contentText])) found.push(hit);
    yield;
  }
  return found;
}
