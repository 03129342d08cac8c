/**
 * The search. It reads an inverted index of its own (one row for each word of a memory) instead of a tsvector under GIN, because row-level
 * security lets no operator into an index scan that is not leakproof, and `@@` is not: measured on PostgreSQL 18, such a search reads
 * every row of the tenant. Equality and order of texts are leakproof.
 *
 * Score of a memory, 0 to 1: the share of the query's words that it has, rare words counting more; a word counts more where it is
 * repeated, less in a long text, and half where only its beginning is the same. Importance moves it by up to 30 %, age by up to
 * 10 %: half of that is gone after 30 days without a change.
 */
import { toEntity, type Tx } from "#shared/db/database.ts";
import { Memory, type MemoryScopeType } from "../memory.entity.ts";
import { asksForText, type SearchQuery } from "#shared/search-query.ts";
import { postingsOf } from "./postings.sql.ts";
import { queryConditions } from "./query-conditions.sql.ts";

/** What a search asks for. */
export interface MemorySearch {
  query: SearchQuery;
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

/** What a search by words found. */
export interface FoundByWords {
  hits: ScoredMemory[];
  /** Places of the terms that memories of the scope have, be they found or left out. */
  terms: number[];
}

/** The most memories that are looked at for what they have not. */
const mostWithout = 5_000;
/** Where the half of a scope is given, which no index has by itself, so many of the tenant's newest are looked at for it. */
const mostLookedForHalf = 20_000;
/** Memories whose texts are asked for a phrase at most, and their bytes together; the first is, whatever it has. */
const textsAsked = 400;
export const textBytesAsked = 2 << 20;
/** The time in which half of what freshness counts is gone. */
const halfLifeSeconds = 30 * 86_400;

/**
 * Best first; equal scores newest first. Where the query has phrases that the index knows not all of, so many more that their texts can be asked. Indexes: those of
 * {@link postingsOf}; memory_pkey.
 */
export async function memoriesSearch(tx: Tx, search: MemorySearch): Promise<FoundByWords> {
  const { query, scopeType, scopeId, memoryType, limit } = search;
  const ranges = query.terms.flatMap(({ word, upTo, stems, older }, term) => [
    { term, word, low: word, high: upTo },
    ...stems.map((stem) => ({ term, word, low: stem, high: stem })),
    ...older.map((range) => ({ term, ...range })),
  ]);
  if (ranges.length === 0) return { hits: query.excluded.length > 0 ? await memoriesWithout(tx, search) : [], terms: [] };
  const columns = [ranges.map((r) => r.term), ranges.map((r) => r.word), ranges.map((r) => r.low), ranges.map((r) => r.high)];
  const values = [tx.tenantId, ...columns, scopeType ?? null, scopeId ?? null, memoryType ?? null, asksForText(query) ? textsAsked : limit];
  const conditions = queryConditions(query, "m.id", values.length);
  const words = "w.word >= r.low and w.word <= r.high";
  const postings = postingsOf(search, { scope: { type: "$6", id: "$7" }, words, asked: ranges.length });
  const text = searchText({ postings, conditions: conditions.sql, isShort: asksForText(query) });
  const rows = await tx.sql<{ id: string | null; score: number; terms: number[] | null }>(text, [...values, ...conditions.values]);
  const found = rows.filter(({ id }) => id !== null);
  const hits = found.map(({ score, terms: _terms, ...row }) => ({ memory: toEntity(tx, Memory, row), score }));
  return { hits, terms: rows[0]?.terms ?? [] };
}

/**
 * All that is said is what memories are not to have: of the newest of the scope, and of the type, those without it, as if all of them fitted alike. What else is
 * asked of them is asked of these alone, one after another: else of half a scope that none has all were read. Indexes: memory_scope where the scope is given, else
 * memory_list; of a type memory_scope_type, or memory_type.
 */
async function memoriesWithout(tx: Tx, search: MemorySearch): Promise<ScoredMemory[]> {
  const { query, scopeType, scopeId, memoryType, limit } = search;
  const isShort = asksForText(query);
  const values = [tx.tenantId, scopeType ?? null, scopeId ?? null, memoryType ?? null, isShort ? textsAsked : limit];
  const conditions = queryConditions(query, "m.id", values.length);
  const isWhole = scopeType !== undefined && scopeId !== undefined;
  const rows = await tx.sql<{ id: string; score: number }>(
    `with newest as materialized (
       select n.id as memory_id, n.expires_at, ${importance("n")} as score
       from (
         select id, scope_type, scope_id, expires_at, importance_score, updated_at from memory.memory
         where tenant_id = $1 ${isWhole ? "and scope_type = $2 and scope_id = $3" : ""} and ${memoryType === undefined ? "$4::text is null" : "memory_type = $4"}
         order by id desc
         limit ${isWhole ? mostWithout : mostLookedForHalf}
       ) n
       where ($2::text is null or n.scope_type = $2) and ($3::text is null or n.scope_id = $3)
       order by n.id desc
       limit ${mostWithout}
     ),
     best as (
       select n.memory_id, n.score
       from newest n
       cross join lateral (
         select from memory.memory m where m.tenant_id = $1 and m.id = n.memory_id${conditions.sql} limit 1
       ) one
       where (n.expires_at is null or n.expires_at > now())
       order by n.score desc, n.memory_id desc
       limit $5
     )
     select m.*, best.score
     from ${isShort ? `(${shortText}) best` : "best"}
     join memory.memory m on m.tenant_id = $1 and m.id = best.memory_id
     order by best.score desc, m.id desc`,
    [...values, ...conditions.values],
  );
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

/** How a query is made a statement. */
interface StatementShape {
  /** SQL of the rows of the index of words, for each range `r` of words. */
  postings: string;
  /** Of the query, on `m.id`. */
  conditions: string;
  /** The texts of what is found are asked for phrases: they are not longer than they may be together. */
  isShort: boolean;
}

/**
 * Of the words' postings comes the most that each memory can score: as if it were short, new and important. Only those are looked up whose most
 * is not less than what enough others are known to have: the first of them, and then whoever may still pass these. Nothing is joined that may be
 * long on both sides: the planner knows of no CTE how long it is.
 */
function searchText({ postings, conditions, isShort }: StatementShape): string {
  return `
    with query_range as materialized (
      select * from unnest($2::int[], $3::text[], $4::text[], $5::text[]) as r(term, word, low, high)
    ),
    posting as materialized (
      select r.term, p.memory_id, sum(case when p.word = r.word then p.frequency else 0.5::float8 * p.frequency end) as frequency
      from query_range r
      cross join lateral (${postings}
      ) p
      group by r.term, p.memory_id
    ),
    -- A place for each term, in their order.
    rarity as materialized (
      select array_agg(weight order by term) as weights, sum(weight) as total, array_agg(term) filter (where memories > 0) as terms
      from (
        select t.term, c.memories, ln(1 + found.memories / greatest(coalesce(c.memories, 0), 1)) as weight
        from (select distinct term from query_range) t
        cross join (select greatest(count(*), 1)::float8 as memories from (select from posting group by memory_id) one) found
        left join (select term, count(*) as memories from posting group by term) c on c.term = t.term
      ) weighed
    ),
    most as materialized (
      select p.memory_id, array_agg(p.frequency) as frequencies, array_agg((select weights from rarity)[p.term + 1]) as weights,
        sum((select weights from rarity)[p.term + 1] * ${shareOf("p.frequency", "0")}) / (select total from rarity) * (1 + 1e-9) as score
      from posting p
      group by p.memory_id
    ),
    first as materialized (
      select * from most order by score desc, memory_id desc limit 2 * $9::int + 20
    ),
    first_scored as materialized (${scoredText("from first", conditions)}),
    enough as materialized (
      select coalesce((select score from first_scored order by score desc offset $9::int - 1 limit 1), 0) as score
    ),
    more as materialized (
      select * from most where score >= (select score from enough) and memory_id not in (select memory_id from first)
    ),
    best as (
      select memory_id, score from (select * from first_scored union all ${scoredText("from more", conditions)}) scored order by score desc, memory_id desc limit $9
    )
    -- Where nothing is found, the terms alone.
    select found.*, rarity.terms
    from rarity
    left join (
      select m.*, best.score
      from ${isShort ? `(${shortText}) best` : "best"}
      join memory.memory m on m.tenant_id = $1 and m.id = best.memory_id
    ) found on true
    order by found.score desc, found.id desc`;
}

/** The best whose texts are asked. */
const shortText = `
      select * from (
        select b.*, sum(octet_length(m.content_text)) over (order by b.score desc, b.memory_id desc) - octet_length(m.content_text) as bytes_before
        from best b
        join memory.memory m on m.tenant_id = $1 and m.id = b.memory_id
      ) sized
      where bytes_before < ${textBytesAsked}`;

/** How much of a word a memory has: all of it were endlessly often in a short text. */
function shareOf(frequency: string, wordCount: string): string {
  return `${frequency} / (${frequency} + 0.125 + 0.375 * least(${wordCount} / 50.0::float8, 4))`;
}

/** What a memory's importance and age leave of its score. */
function importance(memory: string): string {
  return `(0.7::float8 + 0.003::float8 * ${memory}.importance_score) *
            (0.9::float8 + 0.1::float8 * power(0.5::float8, greatest(extract(epoch from now() - ${memory}.updated_at)::float8, 0) / ${halfLifeSeconds}))`;
}

/**
 * Memories with their scores, those left out that are not asked for. They are looked up all at once, so that what stands on one page is read with it: 5,000 of one
 * word took 15,200 buffers one by one, and take 550 (2026-11). The two halves of each are brought together by grouping, for the planner may join lists that are long on both sides row by row.
 */
function scoredText(fromCandidates: string, conditions: string): string {
  return `
      select c.memory_id, c.importance * s.share / (select total from rarity) as score
      from (
        select memory_id, max(importance) as importance, max(word_count) as word_count, max(weights) as weights, max(frequencies) as frequencies
        from (
          select memory_id, weights, frequencies, null::float8 as importance, null::int as word_count ${fromCandidates}
          union all
          select m.id, null, null, ${importance("m")}, m.word_count
          from memory.memory m
          where m.tenant_id = $1
            and m.id = any(array(select memory_id ${fromCandidates}))
            and ($6::text is null or m.scope_type = $6)
            and ($7::text is null or m.scope_id = $7)
            and ($8::text is null or m.memory_type = $8)
            and (m.expires_at is null or m.expires_at > now())${conditions}
        ) halves
        group by memory_id
      ) c
      cross join lateral (
        select sum(u.weight * ${shareOf("u.frequency", "c.word_count")}) as share from unnest(c.weights, c.frequencies) as u(weight, frequency)
      ) s
      where c.importance is not null`;
}
