/**
 * Where words are looked for: the rows of the index of words, of a scope, newest first and no more than so many, whatever there are. A scope is given as a whole, not at all,
 * or by half: then no index has it by itself.
 */
import { MemoryScopeType } from "../memory.entity.ts";

/** Rows of all words of a query, and of what else each finds; a query of 64 words has up to 256 of them, and as many for words of before. */
const postingsOfAll = 60_000;
/** Rows of one word, newest first: one that all of 60,000 memories have costs 0.17 to 0.3 s on two busy cores (2026-11). */
const postingsPerWord = 5_000;
/** Where the type of a scope alone is given, so many of the tenant's newest are looked at for it. */
const mostLookedForType = 20_000;

/** A scope as it is asked for; undefined: any. */
export interface AskedScope {
  scopeType: MemoryScopeType | undefined;
  scopeId: string | undefined;
}

/** How rows of the index of words are asked for. */
export interface Postings {
  /** Of the statement: the scope's type, and its id. */
  scope: { type: string; id: string };
  /** A condition on `w.word`. */
  words: string;
  /** How many such conditions are asked, one after another. */
  asked: number;
}

/**
 * SQL of some rows of the index of words, as `memory_id`, `word` and `frequency`. Indexes: memory_word_scope where the scope is given, or its id; else memory_word_tenant.
 */
export function postingsOf({ scopeType, scopeId }: AskedScope, { scope, words, asked }: Postings): string {
  const each = Math.floor(postingsOfAll / asked);
  const most = Math.min(postingsPerWord, each);
  const newest = (columns: string, conditions: string, limit: number) => `
        select w.memory_id, w.word, w.frequency${columns}
        from memory.memory_word w
        where w.tenant_id = $1 ${conditions} and ${words}
        order by w.word, w.memory_id desc
        limit ${limit}`;
  if (scopeType === undefined && scopeId === undefined) return newest("", "", most);
  if (scopeType !== undefined && scopeId !== undefined)
    return newest("", `and w.scope_type = ${scope.type} and w.scope_id = ${scope.id}`, most);
  if (scopeId !== undefined) {
    const types = Object.values(MemoryScopeType).map((type) => `'${type}'`);
    const ofType = Math.min(postingsPerWord, Math.floor(each / types.length));
    return `
      select typed.* from unnest(array[${types.join(", ")}]) as s(type)
      cross join lateral (${newest("", `and w.scope_type = s.type and w.scope_id = ${scope.id}`, ofType)}) typed`;
  }
  const looked = Math.min(mostLookedForType, each);
  return `
      select n.memory_id, n.word, n.frequency from (${newest(", w.scope_type", "", looked)}) n
      where n.scope_type = ${scope.type}
      order by n.word, n.memory_id desc
      limit ${most}`;
}
