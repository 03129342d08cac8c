/**
 * The search by vectors. Where the database has pgvector it compares them itself; else it gives the newest of the scope, one behind another, and a thread
 * compares them. Only vectors of the tenant's space are looked at: others are of another model.
 */
import { databaseNow } from "#shared/database-time.ts";
import type { Tx } from "#shared/db/database.ts";
import { toEntity } from "#shared/db/database.ts";
import { Memory } from "../memory.entity.ts";
import { indexedDimensions } from "../migrations/0004-embeddings.ts";
import type { MemorySearch, ScoredMemory } from "./memory-search.sql.ts";
import { queryConditions, type QueryConditions } from "./query-conditions.sql.ts";
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
/** The same of those that PostgreSQL compares without an index; as many as pgvector looks at of one (`hnsw.max_scan_tuples`). */
const mostComparedThere = 20_000;
const mostComparedBytes = 256 << 20;
/** Rows that are read for them: of a half of a scope, or READY, there may be none. */
const mostLooked = 20_000;

/** Vectors one behind another, as base64, with the memories that they are of, newest first. */
export interface VectorBlock {
  ids: string[];
  vectors: string;
}

/**
 * The newest vectors of a scope. Indexes: memory_embedding_scope where the scope is given, else memory_embedding_tenant; of a type memory_scope_type, or memory_type.
 */
export async function vectorsRead(tx: Tx, scope: VectorScope): Promise<VectorBlock> {
  const values = [...parameters(tx, scope), vectorsWithin(mostVectorBytes, scope)];
  const { sql, conditions } = newest(scope, { most: mostVectors, after: values.length });
  const [row] = await tx.sql<{ ids: string[] | null; vectors: string | null }>(
    `select array_agg(memory_id order by memory_id desc) as ids,
       translate(encode(string_agg(vector, ''::bytea order by memory_id desc), 'base64'), E'\\n', '') as vectors
     from (${sql} order by n.memory_id desc limit $7) newest`,
    [...values, ...conditions],
  );
  return { ids: row?.ids ?? [], vectors: row?.vectors ?? "" };
}

/** The nearest by pgvector; of equal ones the newest. Indexes: memory_embedding_hnsw_* where its dimension has one, else those of {@link vectorsRead}. */
export async function vectorsNearest(
  tx: Tx,
  scope: VectorScope,
  { query, limit }: { query: string; limit: number },
): Promise<{ id: string; score: number }[]> {
  const { dimension } = scope;
  // Of an index of all tenants some belong to others: it goes on until there are enough.
  await tx.sql("select set_config('hnsw.iterative_scan', 'strict_order', true)");
  const distance = `n.vector::vector(${dimension}) <=> $7::vector(${dimension})`;
  const values = [...parameters(tx, scope), query, limit];
  const most = Math.min(mostComparedThere, vectorsWithin(mostComparedBytes, scope));
  const { sql, conditions } = indexedDimensions.includes(dimension)
    ? all(scope, values.length)
    : newest(scope, { most, after: values.length });
  return tx.sql(
    `select id, 1 - distance as score
     from (
       select n.memory_id as id, ${distance} as distance from (${sql}) n order by ${distance} limit $8
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

/** Vectors, as SQL that gives `memory_id` and `vector`, and the parameters behind those that the statement has. */
interface Vectors {
  sql: string;
  conditions: QueryConditions["values"];
}

/** All vectors of a scope, for an index that gives the nearest of them first. */
function all(scope: VectorScope, after: number): Vectors {
  const conditions = conditionsOf(scope, "n.memory_id", after);
  const sql = `select n.memory_id, n.vector
       from memory.memory_embedding n
       join memory.memory m on m.tenant_id = $1 and m.id = n.memory_id
       where n.tenant_id = $1 and n.space = $2 and n.state = 'READY' and n.dimension = ${scope.dimension}
         and ${isOfScope("n", scope)} and ${isAsked}${conditions.sql}`;
  return { sql, conditions: conditions.values };
}

/**
 * The newest vectors of a scope, and of a type where one is asked for. What no index knows is asked of no more rows than {@link mostLooked}: of half a scope that
 * nobody has all would be read. The memories are looked up one by one, or the planner may read those of all tenants.
 */
function newest(scope: VectorScope, { most, after }: { most: number; after: number }): Vectors {
  const { scopeType, scopeId, memoryType } = scope;
  const isWhole = scopeType !== undefined && scopeId !== undefined;
  const within = isWhole ? "and c.scope_type = $3 and c.scope_id = $4" : "";
  const ofSpace = (isAsked = "") =>
    `select c.memory_id from memory.memory_embedding c where c.tenant_id = $1 and c.space = $2 ${within} ${isAsked} order by c.memory_id desc limit ${mostLooked}`;
  const ofType = `select c.id as memory_id from memory.memory c where c.tenant_id = $1 and c.memory_type = $5 ${within} order by c.id desc limit ${mostLooked}`;
  // The newest of a type may all be still to be embedded, where older ones have vectors. In order, or each would be looked up.
  const candidates =
    memoryType === undefined
      ? ofSpace()
      : `select * from ((${ofType}) union (${ofSpace(`and (${isEmbedding})`)})) c order by c.memory_id desc`;
  const conditions = conditionsOf(scope, "n.memory_id", after);
  const ofSome = conditions.sql === "" ? most : Math.min(most, mostVectors);
  const sql = `select n.memory_id, n.vector
       from (
         select n.memory_id, v.vector
         from (${candidates}) n
         cross join lateral (
           select e.vector
           from memory.memory_embedding e
           join memory.memory m on m.tenant_id = $1 and m.id = e.memory_id
           where e.tenant_id = $1 and e.memory_id = n.memory_id and e.space = $2 and e.state = 'READY' and ${isOfScope("e", scope)} and ${isAsked}
           limit 1
         ) v
         order by n.memory_id desc limit ${ofSome}
       ) n
       where true${conditions.sql}`;
  return { sql, conditions: conditions.values };
}

/** SQL: whether the tenant has memories without a vector of the space; asked once. Indexes: memory_embedding_pending, memory_embedding_tenant. */
const isEmbedding = ["state = 'PENDING'", "space < $2", "space > $2"]
  .map((has) => `(select exists (select from memory.memory_embedding where tenant_id = $1 and ${has}))`)
  .join(" or ");

/** Names the parameters where nothing is asked of them, too: PostgreSQL wants to know their types. */
function isOfScope(row: string, { scopeType, scopeId }: VectorScope): string {
  return `($3::text is null or ${scopeType !== undefined ? `${row}.scope_type = $3` : "true"})
         and ($4::text is null or ${scopeId !== undefined ? `${row}.scope_id = $4` : "true"})`;
}

/** Whether a memory is of the type asked for, and has not expired. */
const isAsked = "($5::text is null or m.memory_type = $5) and (m.expires_at is null or m.expires_at > $6::timestamptz)";

function conditionsOf({ query }: VectorScope, memoryId: string, after: number): QueryConditions {
  return query === undefined ? { sql: "", values: [] } : queryConditions(query, memoryId, after);
}

function vectorsWithin(bytes: number, { dimension }: VectorScope): number {
  return Math.floor(bytes / (4 * dimension));
}

function parameters(tx: Tx, { space, scopeType, scopeId, memoryType }: VectorScope): unknown[] {
  return [tx.tenantId, space, scopeType ?? null, scopeId ?? null, memoryType ?? null, databaseNow().toISOString()];
}
