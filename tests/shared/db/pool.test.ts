import pg from "pg";
import { databaseNowMs } from "#shared/database-time.ts";
import { hearDatabaseTime, openPool, withOptions, type PoolOptions } from "#shared/db/pool.ts";
import { preparing } from "#shared/db/prepared.ts";
import { query } from "../../testkit/admin-query.ts";
import { createTestDatabase, type TestDatabase } from "../../testkit/database.ts";
import { eventually } from "../../testkit/eventually.ts";

async function setup(options: Partial<PoolOptions> = {}): Promise<TestDatabase & { pool: pg.Pool } & AsyncDisposable> {
  const database = await createTestDatabase();
  const pool = openPool({ url: database.url, ...options });
  return { ...database, pool, [Symbol.asyncDispose]: () => pool.end().then(database.drop) };
}

/** The sessions of the pool, as PostgreSQL sees them. */
async function sessionsOf({ adminUrl }: TestDatabase): Promise<number[]> {
  const text = "select pid from pg_stat_activity where datname = current_database() and usename like 'agent_platform%' order by pid";
  return ((await query(adminUrl, text)) as { pid: number }[]).map(({ pid }) => pid);
}

const isFull = (pool: pg.Pool) =>
  eventually(
    () => Promise.resolve(pool.idleCount),
    (idle) => idle === pool.options.max,
  );

describe("a pool with prepared statements", () => {
  const one = { name: "one", text: "select $1::int as n" };

  // As it is wherever nobody has turned it off, which the tests' workers do.
  beforeEach(() => void (preparing.isAhead = true));
  afterEach(() => void (preparing.isAhead = false));

  it("opens all its connections before anybody asks, each with every statement planned", async () => {
    await using t = await setup({ max: 2, scope: "engine", prepared: [one] });
    await isFull(t.pool);
    const clients = await Promise.all([t.pool.connect(), t.pool.connect()]);
    for (const client of clients) {
      const { rows } = await client.query("select name, generic_plans::int as plans from pg_prepared_statements");
      expect(rows).toEqual([{ name: "one", plans: 1 }]);
      // PostgreSQL refuses to prepare a name twice.
      expect((await client.query({ ...one, values: [7] })).rows).toEqual([{ n: 7 }]);
      client.release();
    }
  });

  it("executes none of them to be prepared", async () => {
    const text = "delete from runtime.plan";
    const database = await createTestDatabase();
    await query(database.adminUrl, "insert into runtime.plan (id, tenant_id, document) values ('p', 't', '{}')");
    const pool = openPool({ url: database.url, max: 1, scope: "engine", prepared: [{ name: "forget", text }] });
    await isFull(pool);
    expect((await pool.query("select id from runtime.plan")).rows).toEqual([{ id: "p" }]);
    await pool.end();
    await database.drop();
  });

  it("opens a connection in place of each that is lost", async () => {
    await using t = await setup({ max: 2, scope: "engine", prepared: [one] });
    await isFull(t.pool);
    const lost = await sessionsOf(t);
    await query(t.adminUrl, "select pg_terminate_backend(pid) from unnest($1::int[]) as pid", [lost]);
    const isReplaced = (pids: number[]) => pids.length === 2 && pids.every((pid) => !lost.includes(pid));
    await eventually(() => sessionsOf(t), isReplaced);
    await isFull(t.pool);
    expect((await t.pool.query({ ...one, values: [7] })).rows).toEqual([{ n: 7 }]);
  });

  it("lends connections where a statement cannot be prepared, because its table is not there yet", async () => {
    await using t = await setup({ max: 1, scope: "engine", prepared: [{ name: "early", text: "select * from not_there_yet" }, one] });
    await isFull(t.pool);
    expect((await t.pool.query({ ...one, values: [7] })).rows).toEqual([{ n: 7 }]);
  });
});

describe("a pool", () => {
  it.each(["tenants", "engine"])("of the %s has no statement compiled, whatever the server does by itself", async (whose) => {
    await using t = await setup({ max: 1, ...(whose === "engine" && { scope: "engine" }) });
    const { rows } = await t.pool.query("select setting, source from pg_settings where name = 'jit'");
    expect(rows).toEqual([{ setting: "off", source: "client" }]);
  });

  it("keeps a connection whose statement was refused, and gives up one that gave no answer", async () => {
    await using t = await setup({ max: 1 });
    await t.pool.query("select 1");
    const before = await sessionsOf(t);
    await expect(t.pool.query("select 1 / 0")).rejects.toThrow("division by zero");
    await t.pool.query("select 1");
    expect(await sessionsOf(t)).toEqual(before);
    await expect(t.pool.query({ text: "select pg_sleep(60)", query_timeout: 1 } as pg.QueryConfig)).rejects.toThrow("Query read timeout");
    const { rows } = await t.pool.query<{ pid: number }>("select pg_backend_pid() as pid");
    expect(before).not.toContain(rows[0]!.pid);
  });
});

describe("a new connection", () => {
  /** A URL of the same database as by a server that writes on another timeline, and has another time. */
  async function as({ url }: TestDatabase, { timeline, aheadHours = 0 }: { timeline: string; aheadHours?: number }): Promise<string> {
    await query(
      url,
      `create schema "as_${timeline}";
      create function "as_${timeline}".pg_walfile_name(pg_lsn) returns text language sql as $$ select '${timeline}0000000000000001' $$;
      create function "as_${timeline}".clock_timestamp() returns timestamptz language sql as $$ select now() + interval '${aheadHours} h' $$`,
    );
    return withOptions(url, [`search_path=as_${timeline},pg_catalog`]);
  }

  it("to an old primary is refused, and its time is nobody's", async () => {
    const database = await createTestDatabase();
    await hearDatabaseTime(await as(database, { timeline: "00000003" }));
    const before = databaseNowMs();
    await expect(hearDatabaseTime(await as(database, { timeline: "00000002", aheadHours: 1 }))).rejects.toThrow(
      "the server is an old primary: it writes on timeline 2, and timeline 3 was seen",
    );
    expect(databaseNowMs() - before).toBeLessThan(1_800_000);
    await database.drop();
  });

  it("is compared with those of the same database alone: a pooler may lead another to a copy", async () => {
    const [one, two] = [await createTestDatabase(), await createTestDatabase()];
    await hearDatabaseTime(await as(one, { timeline: "00000003" }));
    await hearDatabaseTime(await as(two, { timeline: "00000002" }));
    await Promise.all([one.drop(), two.drop()]);
  });

  it("asks a service that does not tell its timeline for it once, and one that has told again", async () => {
    const [silent, telling] = [await createTestDatabase(), await createTestDatabase()];
    const forbid = "revoke execute on function pg_control_system() from public";
    const ask = pg.Client.prototype.query;
    let asked = 0;
    pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
      asked++;
      return ask.apply(this, given as never);
    } as never;
    const statementsOf = async (url: string) => {
      asked = 0;
      await hearDatabaseTime(url);
      return asked;
    };
    try {
      await query(silent.adminUrl, forbid);
      expect([await statementsOf(silent.url), await statementsOf(silent.url)]).toEqual([2, 1]);
      expect(await statementsOf(telling.url)).toBe(1);
      await query(telling.adminUrl, forbid);
      expect([await statementsOf(telling.url), await statementsOf(telling.url)]).toEqual([2, 2]);
    } finally {
      pg.Client.prototype.query = ask;
      await Promise.all([silent.drop(), telling.drop()]);
    }
  });
});
