import type { Tx } from "#shared/db/database.ts";
import type { MemorySearch } from "./memory-search.sql.ts";
import type { Memory } from "../memory.entity.ts";
import { postingsOf } from "./postings.sql.ts";

/** Writes the words that a memory is found by. */
export async function memoryWordsInsert(tx: Tx, memory: Memory, words: ReadonlyMap<string, number>): Promise<void> {
  await tx.sql(
    `insert into memory.memory_word (tenant_id, scope_type, scope_id, memory_id, word, frequency)
     select $1, $2, $3, $4, w.word, w.frequency from unnest($5::text[], $6::int[]) as w(word, frequency)`,
    [memory.tenantId, memory.scopeType, memory.scopeId, memory.id, [...words.keys()], [...words.values()]],
  );
}

/** Forgets the words of a memory. Index: primary key (memory_id, word). */
export async function memoryWordsDelete(tx: Tx, memory: Memory): Promise<void> {
  await tx.sql("delete from memory.memory_word where tenant_id = $2 and memory_id = $1", [memory.id, tx.tenantId]);
}

/**
 * Those of some words that memories of a scope have; of the tenant, where the scope's type alone is given: among its newest of each the type would be looked for, of thousands of
 * words. Indexes: those of {@link postingsOf}.
 */
export async function wordsThere(tx: Tx, search: Pick<MemorySearch, "scopeType" | "scopeId">, words: readonly string[]): Promise<string[]> {
  const scope = { type: "$3", id: "$4" };
  const asked = search.scopeId === undefined ? { scopeType: undefined, scopeId: undefined } : search;
  const postings = postingsOf(asked, { scope, words: "w.word = sought.word", asked: words.length });
  const rows = await tx.sql<{ word: string }>(
    `select sought.word from unnest($2::text[]) as sought(word)
     cross join lateral (select from (${postings}) p where ($3::text is null or true) and ($4::text is null or true) limit 1) there`,
    [tx.tenantId, [...words], search.scopeType ?? null, search.scopeId ?? null],
  );
  return rows.map(({ word }) => word);
}
