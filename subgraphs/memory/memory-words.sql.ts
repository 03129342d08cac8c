import type { Tx } from "#shared/db/database.ts";
import type { Memory } from "./memory.entity.ts";

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
