/**
 * The search by vectors. Where the database has pgvector it compares them itself; else it gives the newest of the scope, one behind another, and a thread
 * compares them. Only vectors of the tenant's space are looked at: others are of another model.
 */
import { databaseNow } from "#shared/database-time.ts";
import type { Tx } from "#shared/db/database.ts";
import { toEntity } from "#shared/db/database.ts";
import { Memory } from "../memory.entity.ts";
import type { MemorySearch, ScoredMemory } from "./memory-search.sql.ts";
import { queryConditions } from "./query-conditions.sql.ts";
import type { SearchQuery } from "#shared/search-query.ts";

/** Where vectors are looked for. */
export type VectorScope = Pick<MemorySearch, "scopeType" | "scopeId" | "memoryType"> & {
  space: string;
  dimension: number;
  /** What memories must have, and must not have. */
  query?: SearchQuery;
};

/** Vectors that a thread compares with one query: so many, and as many bytes. As base64 three such blocks fit into a tenant's part of what waits for threads. */
const mostVectors = 5_000;
const mostVectorBytes = 6 << 20;

/** Vectors one behind another, as base64, with the memories that they are of, newest first. */
export interface VectorBlock {
  ids: string[];
  vectors: string;
}

/** The newest vectors of a scope. Indexes: memory_embedding_scope where the scope is given, else memory_embedding_tenant. */
export async function vectorsRead(tx: Tx, scope: VectorScope): Promise<VectorBlock> {
  const limit = Math.min(mostVectors, Math.floor(mostVectorBytes / (4 * scope.dimension)));
  const values = [...parameters(tx, scope), limit];
  const { from, conditions } = within(scope, values.length);
  const [row] = await tx.sql<{ ids: string[] | null; vectors: string | null }>(
    `select array_agg(memory_id order by memory_id desc) as ids,
       translate(encode(string_agg(vector, ''::bytea order by memory_id desc), 'base64'), E'\\n', '') as vectors
     from (
       select e.memory_id, e.vector ${from} order by e.memory_id desc limit $7
     ) newest`,
    [...values, ...conditions],
  );
  return { ids: row?.ids ?? [], vectors: row?.vectors ?? "" };
}

/** The nearest by pgvector; of equal ones the newest. Indexes: memory_embedding_hnsw_*, or those of {@link vectorsRead}. */
export async function vectorsNearest(
  tx: Tx,
  scope: VectorScope,
  { query, limit }: { query: string; limit: number },
): Promise<{ id: string; score: number }[]> {
  // Of an index of all tenants some belong to others: it goes on until there are enough.
  await tx.sql("select set_config('hnsw.iterative_scan', 'strict_order', true)");
  const distance = `e.vector::vector(${scope.dimension}) <=> $7::vector(${scope.dimension})`;
  const values = [...parameters(tx, scope), query, limit];
  const { from, conditions } = within(scope, values.length);
  return tx.sql(
    `select id, 1 - distance as score
     from (
       select e.memory_id as id, ${distance} as distance ${from} and e.dimension = ${scope.dimension}
       order by ${distance} limit $8
     ) nearest
     order by distance, id desc`,
    [...values, ...conditions],
  );
}

/**
 * Memories by id, with their scores, in the order given; those that are gone meanwhile are left out.
 *
 * @param mostBytes  of their texts together; the first is given, whatever it has
 */
export async function memoriesScored(
  tx: Tx,
  scored: readonly { id: string; score: number }[],
  mostBytes: number | null = null,
): Promise<ScoredMemory[]> {
  if (scored.length === 0) return [];
  const rows = await tx.sql<{ id: string; before: unknown }>(
    `select * from (
       select m.*, sum(octet_length(m.content_text)) over (order by array_position($2::text[], m.id)) - octet_length(m.content_text) as before
       from memory.memory m
       where m.tenant_id = $1 and m.id = any($2::text[]) and (m.expires_at is null or m.expires_at > now())
     ) sized
     where $3::int is null or before < $3`,
    [tx.tenantId, scored.map(({ id }) => id), mostBytes],
  );
  const byId = new Map(rows.map(({ before: _before, ...row }) => [row.id, row]));
  return scored.flatMap(({ id, score }) => {
    const row = byId.get(id);
    return row ? [{ memory: toEntity(tx, Memory, row), score }] : [];
  });
}

/** @param after  how many parameters the statement has before those of the conditions */
function within({ scopeType, scopeId, query }: VectorScope, after: number): { from: string; conditions: string[] } {
  const { sql, values } = query === undefined ? { sql: "", values: [] } : queryConditions(query, "e.memory_id", after);
  const from = `from memory.memory_embedding e
       join memory.memory m on m.tenant_id = $1 and m.id = e.memory_id
       where e.tenant_id = $1 and e.space = $2 and e.state = 'READY'
         and ($3::text is null or ${scopeType !== undefined ? "e.scope_type = $3" : "true"})
         and ($4::text is null or ${scopeId !== undefined ? "e.scope_id = $4" : "true"})
         and ($5::text is null or m.memory_type = $5)
         and (m.expires_at is null or m.expires_at > $6::timestamptz)${sql}`;
  return { from, conditions: values };
}

function parameters(tx: Tx, { space, scopeType, scopeId, memoryType }: VectorScope): unknown[] {
  return [tx.tenantId, space, scopeType ?? null, scopeId ?? null, memoryType ?? null, databaseNow().toISOString()];
}
