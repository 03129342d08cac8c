import { checkRange, checkText } from "#shared/fields.ts";
import { memoryErrors } from "./errors.ts";
import { MemorySearchMode } from "./memory-search-mode.ts";
import { memoriesSearch, memoriesTouch, type ScoredMemory } from "./memory-search.sql.ts";
import type { MemoryContext } from "./memory.context.ts";
import type { SearchMemoriesInput } from "./memory.inputs.ts";
import { searchTerms } from "#shared/words.ts";

/**
 * Finds memories by their words, best first, in the caller's tenant and the scope asked for. What is found is noted as accessed now.
 *
 * @throws AppError NOT_AVAILABLE (mode VECTOR or HYBRID), NUMBER_OUT_OF_RANGE, TEXT_TOO_SHORT, TEXT_TOO_LONG
 */
export async function searchMemories({ db }: MemoryContext, input: SearchMemoriesInput): Promise<ScoredMemory[]> {
  const mode = input.mode ?? MemorySearchMode.AUTO;
  if (mode === MemorySearchMode.VECTOR || mode === MemorySearchMode.HYBRID)
    throw memoryErrors.NOT_AVAILABLE({ field: "mode", value: mode });
  const terms = searchTerms(checkText("query", input.query, { min: 1, max: 10_000 }));
  const limit = checkRange("limit", input.limit ?? 10, { min: 1, max: 100 });
  const { scopeType = null, scopeId = null, memoryType = null } = input;
  const at = new Date();
  const hits = await db.transaction(async (tx) => {
    const found = await memoriesSearch(tx, {
      terms,
      limit,
      scopeType: scopeType ?? undefined,
      scopeId: scopeId ?? undefined,
      memoryType: memoryType ?? undefined,
    });
    if (found.length > 0)
      await memoriesTouch(
        tx,
        found.map((hit) => hit.memory.id),
        at,
      );
    return found;
  });
  // After the transaction: in it the ORM would write each of them once more.
  for (const { memory } of hits) memory.lastAccessedAt = at;
  return hits;
}
