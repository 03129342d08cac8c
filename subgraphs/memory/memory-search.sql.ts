/**
 * The search. It reads an inverted index of its own (one row for each word of a memory) instead of a tsvector under GIN, because row-level
 * security lets no operator into an index scan that is not leakproof, and `@@` is not: measured on PostgreSQL 18, such a search reads
 * every row of the tenant. Equality and order of texts are leakproof.
 *
 * Score of a memory, 0 to 1: the share of the query's words that it has, rare words counting more; a word counts more where it is
 * repeated, less in a long text, and half where only its beginning is the same. Importance moves it by up to 30 %.
 */
import { toEntity, type Tx } from "#shared/db/database.ts";
import { Memory, type MemoryScopeType } from "./memory.entity.ts";
import type { SearchTerm } from "#shared/words.ts";

/** What a search asks for. */
export interface MemorySearch {
  terms: readonly SearchTerm[];
  scopeType: MemoryScopeType | undefined;
  scopeId: string | undefined;
  memoryType: string | undefined;
  limit: number;
}

/** A memory that was found. */
export interface ScoredMemory {
  memory: Memory;
  score: number;
}

/** The most memories that are looked at for one word, newest first: a word that 80,000 memories have costs 0.24 s on two busy cores (2026-11). */
const postingsPerWord = 5_000;

/** Best first; equal scores newest first. Index: memory_word_scope where the scope is given, else memory_word_tenant. */
export async function memoriesSearch(tx: Tx, search: MemorySearch): Promise<ScoredMemory[]> {
  const { terms, scopeType, scopeId, memoryType, limit } = search;
  if (terms.length === 0) return [];
  const ranges = terms.flatMap(({ word, upTo, stems }, term) => [
    { term, word, low: word, high: upTo },
    ...stems.map((stem) => ({ term, word, low: stem, high: stem })),
  ]);
  const columns = [ranges.map((r) => r.term), ranges.map((r) => r.word), ranges.map((r) => r.low), ranges.map((r) => r.high)];
  const rows = await tx.sql<{ score: number }>(searchText({ scopeType, scopeId }), [
    ...columns,
    tx.tenantId,
    scopeType ?? null,
    scopeId ?? null,
    memoryType ?? null,
    limit,
  ]);
  return rows.map(({ score, ...row }) => ({ memory: toEntity(tx, Memory, row), score }));
}

/** Notes that memories were found now. Those that another search notes at the same moment are left to it. */
export async function memoriesTouch(tx: Tx, ids: readonly string[], at: Date): Promise<void> {
  await tx.sql(
    `update memory.memory set last_accessed_at = $2
     where id in (select id from memory.memory where tenant_id = $3 and id = any($1::text[]) for update skip locked)`,
    [[...ids], at.toISOString(), tx.tenantId],
  );
}

function searchText({ scopeType, scopeId }: Pick<MemorySearch, "scopeType" | "scopeId">): string {
  const scope = [scopeType && "w.scope_type = $6", scopeId && "w.scope_id = $7"].filter(Boolean).map((condition) => `and ${condition}`);
  return `
    with query_range as (
      select * from unnest($1::int[], $2::text[], $3::text[], $4::text[]) as r(term, word, low, high)
    ),
    posting as (
      select r.term, p.memory_id, sum(p.frequency * case when p.word = r.word then 1 else 0.5 end)::float8 as frequency
      from query_range r
      cross join lateral (
        select w.memory_id, w.word, w.frequency
        from memory.memory_word w
        where w.tenant_id = $5 ${scope.join(" ")} and w.word >= r.low and w.word <= r.high
        order by w.word, w.memory_id desc
        limit ${postingsPerWord}
      ) p
      group by r.term, p.memory_id
    ),
    candidate as materialized (
      select p.term, p.memory_id, p.frequency / (p.frequency + 0.125 + 0.375 * least(m.word_count / 50.0, 4)) as weight,
        0.7 + 0.3 * m.importance_score / 100.0 as importance
      from posting p
      -- The limit keeps the planner from joining all memories instead: it cannot know how few postings there are.
      cross join lateral (
        select m.word_count, m.importance_score
        from memory.memory m
        where m.tenant_id = $5
          and m.id = p.memory_id
          and ($6::text is null or m.scope_type = $6)
          and ($7::text is null or m.scope_id = $7)
          and ($8::text is null or m.memory_type = $8)
          and (m.expires_at is null or m.expires_at > now())
        limit 1
      ) m
    ),
    found as (
      select count(distinct memory_id)::float8 as memories from candidate
    ),
    rarity as (
      select t.term, ln(1 + greatest(found.memories, 1) / greatest(count(c.memory_id), 1)) as weight
      from (select distinct term from query_range) t
      cross join found
      left join candidate c on c.term = t.term
      group by t.term, found.memories
    ),
    best as (
      select c.memory_id, sum(c.weight * r.weight) / (select sum(weight) from rarity) * max(c.importance) as score
      from candidate c
      join rarity r on r.term = c.term
      group by c.memory_id
      order by score desc, c.memory_id desc
      limit $9
    )
    select m.*, best.score::float8 as score
    from best
    join memory.memory m on m.tenant_id = $5 and m.id = best.memory_id
    order by best.score desc, m.id desc`;
}
