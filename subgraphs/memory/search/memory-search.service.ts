import { databaseNow } from "#shared/database-time.ts";
import { checkRange, checkStorableText, checkText } from "#shared/fields.ts";
import { asksForText, readQuery } from "#shared/search-query.ts";
import { admitted } from "./admitted.ts";
import { fuseRanks } from "./fusion.ts";
import { MemorySearchMode } from "./memory-search-mode.ts";
import { memoriesSearch, textBytesAsked, type FoundByWords, type MemorySearch, type ScoredMemory } from "./memory-search.sql.ts";
import { nearestMemories } from "../embedding/memory-vector.service.ts";
import type { MemoryContext } from "../memory.context.ts";
import { MemoryScopeType } from "../memory.entity.ts";
import type { SearchMemoriesInput } from "../memory.inputs.ts";
import { noted, type Read } from "./noted.ts";
import { queryVector, type QueryVector } from "./query-vector.ts";
import { withTypos } from "./typos.service.ts";
import { memoriesScored } from "./vector-search.sql.ts";

/** Of each order that is fused so many are looked at, or as many as are asked for. */
const fusedEach = 50;
/** Of the nearest so many are asked for the phrases of a query. */
const textsAsked = 100;

/**
 * Finds memories by their words, by their vectors or by both, best first, in the caller's tenant and the scope asked for. What is found is noted as
 * accessed now.
 *
 * @throws AppError NOT_AVAILABLE (mode VECTOR or HYBRID without vectors), NUMBER_OUT_OF_RANGE, TEXT_TOO_SHORT, TEXT_TOO_LONG, TEXT_NOT_STORABLE; of these modes what the
 *         model subgraph refuses
 */
export async function searchMemories(context: MemoryContext, input: SearchMemoriesInput): Promise<ScoredMemory[]> {
  const mode = input.mode ?? MemorySearchMode.AUTO;
  const query = readQuery(checkText("query", input.query, { min: 1, max: 10_000 }));
  const search: MemorySearch = {
    query,
    limit: checkRange("limit", input.limit ?? 10, { min: 1, max: 100 }),
    scopeType: input.scopeType ?? undefined,
    scopeId: scopeIdOf(context.tenantId, input),
    memoryType: input.memoryType == null ? undefined : checkStorableText("memoryType", input.memoryType),
  };
  // All that is said is what they are not to have: nothing is near to that.
  const vector = query.text === "" ? undefined : await queryVector(context, mode, query.text);
  const nearest = vector && (await nearestTo(context, deeper(search, mode), { mode, vector }));
  const at = databaseNow();
  const hits = await noted(context.db, { isLong: asksForText(query), at }, (read) => foundBy(read, search, { mode, nearest }));
  // After the transaction: in it the ORM would write each of them once more.
  for (const { memory } of hits) memory.lastAccessedAt = at;
  return hits;
}

/** The id of the scope asked for; undefined: of any. Of TENANT there is one alone, so that it is a whole scope without its id. */
function scopeIdOf(tenantId: string, { scopeType, scopeId }: SearchMemoriesInput): string | undefined {
  if (scopeId == null) return scopeType === MemoryScopeType.TENANT ? tenantId : undefined;
  return checkStorableText("scopeId", checkText("scopeId", scopeId, { min: 1, max: 200 }));
}

/** How long a search that is as good without waits for its turn, and for the vectors to be compared. */
const patienceMs = 3_000;

/** The memories nearest to a query; undefined: in mode AUTO, where vectors cannot be compared now, the words are there all the same. */
async function nearestTo(context: MemoryContext, search: MemorySearch, { mode, vector }: { mode: MemorySearchMode; vector: QueryVector }) {
  if (mode !== MemorySearchMode.AUTO) return nearestMemories(context, search, vector);
  const patience = AbortSignal.timeout(patienceMs);
  const signal = context.signal ? AbortSignal.any([context.signal, patience]) : patience;
  try {
    return await nearestMemories({ ...context, signal }, search, vector);
  } catch (cause) {
    if (context.signal?.aborted === true) throw cause;
    context.log.warn({ err: cause, tenantId: context.tenantId }, "vectors were not compared with a query; it is searched by its words");
    return undefined;
  }
}

interface Found {
  mode: MemorySearchMode;
  /** undefined: by words alone. */
  nearest: { id: string; score: number }[] | undefined;
}

async function foundBy(read: Read, search: MemorySearch, { mode, nearest }: Found): Promise<ScoredMemory[]> {
  const byWords = (search: MemorySearch) => withTypos(read, search, (search) => admittedByWords(read, search));
  if (nearest === undefined) return byWords(search);
  const near = asksForText(search.query)
    ? await admitted(search, await read((tx) => memoriesScored(tx, nearest, textBytesAsked)))
    : undefined;
  if (mode === MemorySearchMode.VECTOR) return near?.slice(0, search.limit) ?? read((tx) => memoriesScored(tx, nearest));
  const words = await byWords(deeper(search, mode));
  const orders = [words.map(({ memory }) => memory.id), near?.map(({ memory }) => memory.id) ?? nearest.map(({ id }) => id)];
  return read((tx) => memoriesScored(tx, fuseRanks(orders, search.limit)));
}

async function admittedByWords(read: Read, search: MemorySearch): Promise<FoundByWords> {
  const found = await read((tx) => memoriesSearch(tx, search));
  return asksForText(search.query) ? { ...found, hits: (await admitted(search, found.hits)).slice(0, search.limit) } : found;
}

function deeper(search: MemorySearch, mode: MemorySearchMode): MemorySearch {
  if (asksForText(search.query)) return { ...search, limit: textsAsked };
  return mode === MemorySearchMode.VECTOR ? search : { ...search, limit: Math.max(search.limit, fusedEach) };
}
