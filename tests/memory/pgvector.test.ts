/** Memory's migrations and statements on a PostgreSQL that has pgvector: PGlite behind a socket. */
import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import pg from "pg";
import type { Tx } from "#shared/db/database.ts";
import { embeddingsStore, embeddingWanted } from "../../subgraphs/memory/embedding/embedding-queue.sql.ts";
import { readQuery } from "#shared/search-query.ts";
import { MemoryScopeType, type Memory } from "../../subgraphs/memory/memory.entity.ts";
import { memorySubgraph } from "../../subgraphs/memory/subgraph.ts";
import { unitVectors } from "../../subgraphs/memory/embedding/vector.ts";
import { pgvectorColumn, vectorColumn } from "../../subgraphs/memory/embedding/vector-column.ts";
import { vectorsNearest, type VectorScope } from "../../subgraphs/memory/search/vector-search.sql.ts";

let database: PGlite;
let server: PGLiteSocketServer;
let url: string;
let client: pg.Client;

beforeAll(async () => {
  database = await PGlite.create({ extensions: { vector } });
  server = new PGLiteSocketServer({ db: database, port: 0, host: "127.0.0.1", maxConnections: 2 });
  await server.start();
  url = `postgres://postgres@${server.getServerConn()}/postgres`;
  client = new pg.Client(url);
  await client.connect();
  await client.query(`create role platform; create schema app; create schema memory; grant usage on schema app, memory to platform;
    create function app.current_tenant() returns text language sql stable as $$ select current_setting('app.tenant_id') $$`);
  await migrated();
  await client.query("grant all on all tables in schema memory to platform; set role platform");
});
afterAll(async () => {
  await client.end();
  await server.stop();
  await database.close();
});

async function migrated() {
  for (const { class: Made } of memorySubgraph.migrations) {
    const migration = new (Made as unknown as new (...none: undefined[]) => { up(): void; getQueries(): unknown[] })(undefined, undefined);
    migration.up();
    for (const statement of migration.getQueries()) await client.query(String(statement));
  }
}

const directions = (count: number, dimension: number) =>
  Array.from({ length: count }, (_, index) => Array.from({ length: dimension }, (_, at) => Math.sin((index + 1) * (at + 1))));

/** A transaction of a tenant, as the subgraph's statements have it. */
async function inTenant<T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  const sql = async (text: string, values: readonly unknown[] = []) => (await client.query(text, [...values])).rows;
  await client.query("begin");
  await client.query("select set_config('app.tenant_id', $1, true)", [tenantId]);
  const done = await work({ tenantId, sql } as unknown as Tx);
  await client.query("commit");
  return done;
}

/** Remembers something, with its vector. */
function remembered(
  tenantId: string,
  ids: readonly string[],
  vectors: readonly number[][],
  given: { scopeId?: string } = {},
): Promise<void> {
  return inTenant(tenantId, async (tx) => {
    const { scopeId = "u1" } = given;
    for (const id of ids) {
      await tx.sql(
        `insert into memory.memory (id, tenant_id, scope_type, scope_id, memory_type, content_text, word_count, metadata, importance_score, created_at, updated_at)
         values ($1, $2, 'USER', $3, 'fact', $1, 1, '{}', 50, now(), now())`,
        [id, tenantId, scopeId],
      );
      await embeddingWanted(tx, { id, tenantId, scopeType: MemoryScopeType.USER, scopeId } as Memory);
    }
    const units = unitVectors(vectors);
    const rows = ids.map((id, index) => ({ id, revision: 0, vector: pgvectorColumn.write(units[index]!) }));
    const dimension = vectors[0]!.length;
    await embeddingsStore(tx, pgvectorColumn.read, { space: `p/m/${dimension}`, dimension, rows });
  });
}

const scope = (dimension: number, more: Partial<VectorScope> = {}): VectorScope => ({
  ...{ space: `p/m/${dimension}`, dimension, scopeType: undefined, scopeId: undefined, memoryType: undefined },
  ...more,
});
const nearest = (tenantId: string, vector: number[], more: Partial<VectorScope> = {}, limit = 3) =>
  inTenant(tenantId, (tx) =>
    vectorsNearest(tx, scope(vector.length, more), { query: pgvectorColumn.write(unitVectors([vector])[0]!), limit }),
  );

describe("memory on a database with pgvector", () => {
  it("keeps vectors in pgvector's type", async () => {
    expect((await vectorColumn(url)).isIndexed).toBe(true);
  });

  it("compares vectors in the database, within the tenant and the scope asked for; of equal ones the newest first", async () => {
    await remembered(
      "t1",
      ["a1", "a2", "a3"],
      [
        [1, 0, 0],
        [3, 0, 0],
        [0, 1, 0],
      ],
    );
    await remembered("t1", ["b1"], [[1, 0, 0]], { scopeId: "u2" });
    await remembered("t2", ["c1"], [[1, 0, 0]]);
    const within = { scopeType: MemoryScopeType.USER, scopeId: "u1" };
    const found = await nearest("t1", [1, 1, 0], within);
    expect(found.map(({ id }) => id)).toEqual(["a3", "a2", "a1"]);
    for (const { score } of found) expect(score).toBeCloseTo(Math.SQRT1_2, 4);
    expect((await nearest("t1", [1, 0, 0], {}, 10)).map(({ id }) => id)).toEqual(["b1", "a2", "a1", "a3"]);
    expect((await nearest("t2", [1, 0, 0])).map(({ id }) => id)).toEqual(["c1"]);
    await client.query("reset role; update memory.memory set expires_at = now() - interval '1 minute' where id = 'a2'; set role platform");
    expect((await nearest("t1", [1, 0, 0], within, 1)).map(({ id }) => id)).toEqual(["a1"]);
  });

  it("compares the newest 20,000 of a dimension without an index, with operators the newest 5,000, in the scope and type asked for", async () => {
    await remembered("t4", ["e"], [[0, 1, 0]], { scopeId: "u4" });
    const more = (columns: string) => `select 'e' || lpad(i::text, 5, '0'), ${columns}`;
    await inTenant("t4", async (tx) => {
      const memory =
        "tenant_id, scope_type, scope_id, memory_type, content_text, word_count, metadata, importance_score, created_at, updated_at";
      await tx.sql(
        `insert into memory.memory (id, ${memory}) ${more(memory)} from memory.memory, generate_series(1, 20000) i where id = 'e'`,
      );
      const vector = "tenant_id, scope_type, scope_id, state, space, dimension";
      await tx.sql(
        `insert into memory.memory_embedding (memory_id, ${vector}, vector) ${more(`${vector}, '[1,0,0]'`)} from memory.memory_embedding, generate_series(1, 20000) i where memory_id = 'e'`,
      );
    });
    const within = { scopeType: MemoryScopeType.USER, scopeId: "u4" };
    const first = async (more: Partial<VectorScope> = {}) => (await nearest("t4", [0, 1, 0], { ...within, ...more }, 1))[0]?.score;
    const change = (text: string) => inTenant("t4", (tx) => tx.sql(text));
    expect(await first()).toBe(0);
    // A type that few have is behind 20,000 others.
    await change("update memory.memory set memory_type = 'rare' where id = 'e'");
    expect([await first({ memoryType: "rare" }), await first({ memoryType: "nobody's" })]).toEqual([1, undefined]);
    await change("delete from memory.memory where id = 'e00001'");
    expect(await first()).toBe(1);
    await change("update memory.memory_embedding set vector = '[0,1,0]' where memory_id = 'e15000'");
    expect(await first({ query: readQuery("van -needle") })).toBe(0);
    await change("delete from memory.memory where id = 'e20000'");
    expect(await first({ query: readQuery("van -needle") })).toBe(1);
  });

  it("has an HNSW index for vectors of common dimensions, and finds by it what a comparison of all finds", async () => {
    const vectors = directions(80, 256);
    await remembered(
      "t3",
      vectors.map((_, index) => `d${String(index).padStart(2, "0")}`),
      vectors,
    );
    const cosine = (a: number[], b: number[]) => {
      const product = (x: number[], y: number[]) => x.reduce((sum, value, at) => sum + value * y[at]!, 0);
      return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
    };
    const query = vectors[41]!.map((value, at) => value + 0.1 * Math.cos(at));
    const exact = vectors.map((one, index) => ({ index, score: cosine(one, query) })).sort((a, b) => b.score - a.score);
    await client.query("set enable_seqscan = off; set enable_sort = off; set enable_bitmapscan = off");
    const found = await nearest("t3", query);
    expect(found[0]).toMatchObject({ id: `d${exact[0]!.index}` });
    expect(found[0]!.score).toBeCloseTo(exact[0]!.score, 4);
    const plan = await inTenant("t3", (tx) => {
      const explained = {
        ...tx,
        sql: (text: string, values?: readonly unknown[]) => tx.sql(text.replace(/^(?=select id)/, "explain "), values),
      };
      return vectorsNearest(explained as Tx, scope(256), { query: pgvectorColumn.write(unitVectors([query])[0]!), limit: 3 });
    });
    expect(JSON.stringify(plan)).toContain("memory_embedding_hnsw_256");
  });

  it.each<[string, boolean]>([
    ["0.4.4", false],
    ["0.7.4", false],
    ["0", false],
    ["unheard", false],
    ["0.8.0", true],
    ["0.10.1", true],
    ["1.0.0-beta", true],
  ])("uses its type where it is of version %s: %s", async (version, isIndexed) => {
    await client.query("reset role; drop schema memory cascade; create schema memory");
    await client.query("update pg_extension set extversion = $1 where extname = 'vector'", [version]);
    await migrated();
    expect((await vectorColumn(url)).isIndexed).toBe(isIndexed);
  });
});
