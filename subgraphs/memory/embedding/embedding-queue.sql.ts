/**
 * Which memories are to be embedded: rows, so that none is forgotten whoever ends. A tenant's row says when somebody is to look after its memories; the
 * process that looks holds a lease, and what it had not stored when it ended is made again by the next.
 */
import type { Db, Tx } from "#shared/db/database.ts";
import type { Memory } from "../memory.entity.ts";

/** A memory whose vector is to be made. */
export interface WaitingMemory {
  id: string;
  /** Of its content; a vector of an older one is not stored. */
  revision: number;
  /** How often the model has failed by it alone. */
  failures: number;
  text: string;
}

/** A memory without a vector, and why: the reason of an error. */
export interface NotEmbedded {
  memory: WaitingMemory;
  problem: string;
}

/** What is known of a tenant's vectors. */
export interface EmbeddingSpace {
  /** Vectors of one space are compared with each other: one model of one provider, of one dimension. null: nothing was embedded yet. */
  space: string | null;
  model: string | null;
  dimension: number | null;
  /** Why nothing is embedded just now: a reason of an error, such as MODEL_PROVIDER_FAILED, or `NO_EMBEDDING_MODEL`. */
  problem: string | null;
}

/** Of a text as much is embedded: models read some thousand tokens. */
const embeddedCharacters = 8_000;
/** A text by which the model has failed so often is not tried again. */
const failuresUntilGivenUp = 5;

/**
 * Has a memory's vector made, with the memory. The tenant's row is written only where nobody looks soon, or all that remember something would wait for
 * each other; who looks at the same moment looks again a minute later. Where there is a problem its pause is waited for.
 */
export async function embeddingWanted(tx: Tx, memory: Memory): Promise<void> {
  await tx.sql(
    `with wanted as (
       insert into memory.memory_embedding (memory_id, tenant_id, scope_type, scope_id, state) values ($1, $2, $3, $4, 'PENDING')
       on conflict (memory_id) do update
       set state = 'PENDING', space = null, dimension = null, vector = null, problem = null, failures = 0, retry_at = null,
         revision = memory_embedding.revision + 1
     )
     insert into memory.embedding_tenant (tenant_id, due_at)
     select $2, now()
     where not exists (
       select from memory.embedding_tenant t where t.tenant_id = $2 and (t.due_at <= now() or t.problem is not null)
     )
     on conflict (tenant_id) do update set due_at = now()`,
    [memory.id, memory.tenantId, memory.scopeType, memory.scopeId],
  );
}

/** Some memories without a vector of this space, those that have none first. Indexes: memory_embedding_pending, memory_embedding_tenant. */
export async function embeddingsWaiting(tx: Tx, space: string | null, limit: number): Promise<WaitingMemory[]> {
  return tx.sql<WaitingMemory>(
    `with waiting as (
       (select e.memory_id, e.revision, e.failures from memory.memory_embedding e
        where e.tenant_id = $1 and e.state = 'PENDING' and (e.retry_at is null or e.retry_at <= now()) order by e.memory_id limit $3)
       union all
       (select e.memory_id, e.revision, e.failures from memory.memory_embedding e
        where e.tenant_id = $1 and e.state <> 'PENDING' and (e.space < $2 or e.space > $2) and (e.retry_at is null or e.retry_at <= now()) limit $3)
       limit $3
     )
     select m.id, w.revision, w.failures, left(m.content_text, ${embeddedCharacters}) as text
     from waiting w join memory.memory m on m.tenant_id = $1 and m.id = w.memory_id`,
    [tx.tenantId, space ?? "", limit],
  );
}

/**
 * Stores vectors of a space, where the memory is what it was. A row that somebody holds is left to wait: who holds it may wait for the tenant's row, which
 * the caller has.
 *
 * @param asVector  how a text of numbers becomes what the column holds
 * @returns how many were stored
 */
export async function embeddingsStore(
  tx: Tx,
  asVector: (text: string) => string,
  stored: { space: string; dimension: number; rows: readonly { id: string; revision: number; vector: string }[] },
): Promise<number> {
  const { space, dimension, rows } = stored;
  if (rows.length === 0) return 0;
  const written = await tx.sql(
    `update memory.memory_embedding e
     set state = 'READY', space = $2, dimension = $3, vector = ${asVector("v.vector")}, problem = null, failures = 0, retry_at = null
     from unnest($4::text[], $5::int[], $6::text[]) as v(memory_id, revision, vector)
     where e.tenant_id = $1 and e.memory_id = v.memory_id and e.revision = v.revision and e.memory_id in (${freeRows("$4")})
     returning e.memory_id`,
    [tx.tenantId, space, dimension, rows.map(({ id }) => id), rows.map(({ revision }) => revision), rows.map(({ vector }) => vector)],
  );
  return written.length;
}

/**
 * Notes memories that the model does not take; they are tried again when they change, or the model does. Rows that somebody holds are left, as
 * {@link embeddingsStore} leaves them.
 *
 * @returns how many were noted
 */
export async function embeddingsRefuse(tx: Tx, space: string, rows: readonly NotEmbedded[]): Promise<number> {
  if (rows.length === 0) return 0;
  const written = await tx.sql(
    `update memory.memory_embedding e
     set state = 'FAILED', space = $2, dimension = null, vector = null, problem = v.problem, failures = 0, retry_at = null
     from unnest($3::text[], $4::int[], $5::text[]) as v(memory_id, revision, problem)
     where e.tenant_id = $1 and e.memory_id = v.memory_id and e.revision = v.revision and e.memory_id in (${freeRows("$3")})
     returning e.memory_id`,
    [tx.tenantId, space, ...columnsOf(rows)],
  );
  return written.length;
}

/**
 * Notes memories by which the model fails alone: each is tried again after a minute, two, four, eight; what has failed five times is as if it were refused. Rows
 * that somebody holds are left, as {@link embeddingsStore} leaves them.
 *
 * @returns how many were noted
 */
export async function embeddingsDefer(tx: Tx, space: string, rows: readonly NotEmbedded[]): Promise<number> {
  if (rows.length === 0) return 0;
  const isLast = `e.failures + 1 >= ${failuresUntilGivenUp}`;
  const written = await tx.sql(
    `update memory.memory_embedding e
     set state = case when ${isLast} then 'FAILED' else e.state end, space = case when ${isLast} then $2 else e.space end, problem = v.problem,
       dimension = case when ${isLast} then null else e.dimension end, vector = case when ${isLast} then null else e.vector end,
       failures = case when ${isLast} then 0 else e.failures + 1 end,
       retry_at = case when ${isLast} then null else now() + interval '1 minute' * power(2, e.failures) end
     from unnest($3::text[], $4::int[], $5::text[]) as v(memory_id, revision, problem)
     where e.tenant_id = $1 and e.memory_id = v.memory_id and e.revision = v.revision and e.memory_id in (${freeRows("$3")})
     returning e.memory_id`,
    [tx.tenantId, space, ...columnsOf(rows)],
  );
  return written.length;
}

function columnsOf(rows: readonly NotEmbedded[]): unknown[] {
  return [rows.map(({ memory }) => memory.id), rows.map(({ memory }) => memory.revision), rows.map(({ problem }) => problem)];
}

/**
 * In how many milliseconds the first of the memories that wait by themselves is tried again, of those that {@link embeddingsWaiting} will give for this space;
 * below zero: it is due. null: none does; `greatest` would make a number of it. Index: memory_embedding_retry.
 */
export async function embeddingRetryMs(tx: Tx, space: string | null): Promise<number | null> {
  const [row] = await tx.sql<{ ms: number | null }>(
    `select (extract(epoch from min(e.retry_at) - now()) * 1000)::float8 as ms
     from memory.memory_embedding e
     where e.tenant_id = $1 and e.retry_at is not null and (e.state = 'PENDING' or e.space < $2 or e.space > $2)`,
    [tx.tenantId, space ?? ""],
  );
  return row?.ms ?? null;
}

/** Of some memories' rows those that nobody else holds, which are held from now on. */
function freeRows(ids: string): string {
  return `select f.memory_id from memory.memory_embedding f
       where f.tenant_id = $1 and f.memory_id = any(${ids}::text[]) order by f.memory_id for update skip locked`;
}

/** What is known of the tenant's vectors; undefined: it never had a memory. Each search asks. Index: primary key. */
export async function embeddingSpace(db: Db): Promise<EmbeddingSpace | undefined> {
  const text = "select space, model, dimension, problem from memory.embedding_tenant where tenant_id = $1";
  return (await db.query<EmbeddingSpace>({ name: "memory_embedding_space", text, values: [db.tenantId] }))[0];
}

/** From now on the tenant's vectors are of this space; those of another are made anew, soon. */
export async function embeddingSpaceSet(tx: Tx, space: Required<Pick<EmbeddingSpace, "space" | "model" | "dimension">>): Promise<void> {
  await tx.sql(
    `insert into memory.embedding_tenant (tenant_id, due_at, space, model, dimension) values ($1, now(), $2, $3, $4)
     on conflict (tenant_id) do update
     set space = excluded.space, model = excluded.model, dimension = excluded.dimension, due_at = now(), attempts = 0, problem = null
     where embedding_tenant.space is distinct from excluded.space`,
    [tx.tenantId, space.space, space.model, space.dimension],
  );
}

/** Has the embedder look at a tenant soon that has no problem yet: its model has gone. */
export async function embeddingLookWanted(tx: Tx): Promise<void> {
  await tx.sql("update memory.embedding_tenant set due_at = now() where tenant_id = $1 and problem is null and due_at > now()", [
    tx.tenantId,
  ]);
}

/** How far the embedding of a tenant's memories is; null: it was never begun. */
export interface EmbeddingProgress extends Pick<EmbeddingSpace, "model" | "dimension" | "problem"> {
  ready: number;
  waiting: number;
  failed: number;
  otherSpace: number;
}

/**
 * What is known of the tenant's vectors, and how many memories have one and wait for one; counted up to 100,000 of each. One statement, so that it is of one
 * moment. Indexes: memory_embedding_pending, memory_embedding_failed, memory_embedding_tenant; no index is entered by `<>`.
 */
export async function embeddingProgress(tx: Tx): Promise<EmbeddingProgress> {
  const count = (condition: string) =>
    `(select count(*) from (select from memory.memory_embedding e where e.tenant_id = $1 and ${condition} limit 100000) c)::int`;
  const own = (column: string) => `(select t.${column} from memory.embedding_tenant t where t.tenant_id = $1)`;
  const space = own("space");
  const [row] = await tx.sql<EmbeddingProgress>(
    `select ${own("model")} as model, ${own("dimension")} as dimension, ${own("problem")} as problem,
       ${count("e.state = 'PENDING'")} as waiting, ${count(`e.state = 'READY' and e.space = ${space}`)} as ready,
       ${count(`e.state = 'FAILED' and e.space = ${space}`)} as failed,
       ${count(`e.state <> 'PENDING' and (e.space < ${space} or e.space > ${space})`)} as "otherSpace"`,
    [tx.tenantId],
  );
  return row!;
}
