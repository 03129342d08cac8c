import type pg from "pg";
import { oneTrip } from "#shared/db/one-trip.ts";
import { openPool } from "#shared/db/pool.ts";
import { query } from "../../testkit/admin-query.ts";
import { createTestDatabase, type TestDatabase } from "../../testkit/database.ts";

/** A table whose rows are their tenants' by row-level security; `later` is compared when the transaction ends. */
const table = `
create schema trip;
create table trip.note (tenant_id text not null default app.current_tenant(), id int primary key, later int unique deferrable initially deferred);
insert into trip.note values ('t1', 1, 1), ('t2', 2, 2);
alter table trip.note enable row level security;
alter table trip.note force row level security;
create policy tenant on trip.note using (tenant_id = app.current_tenant())`;

interface Asked {
  name: string;
  text: string;
  values: unknown[];
}

const seen: Asked = { name: "seen", text: "select tenant_id as tenant, id from trip.note where id < $1 order by id", values: [100] };
const added = (id: number, later = id): Asked => ({
  name: "added",
  text: "insert into trip.note (id, later) values ($1, $2)",
  values: [id, later],
});
/** What ends with the transaction, seen past it. */
const left = `select current_setting('transaction_read_only') as "readOnly", current_setting('enable_seqscan') as seqscan,
  coalesce(current_setting('app.tenant_id', true), '') as tenant`;

let database: TestDatabase;
let pool: pg.Pool;
beforeEach(async () => {
  database = await createTestDatabase();
  await query(database.url, table);
  pool = openPool({ url: database.url, max: 1, pipeline: true });
});
afterEach(async () => {
  await pool.end();
  await database.drop();
});

type Kind = "reads" | "writes";

const trip = (client: pg.PoolClient, tenantId: string, asked: Asked, kind: Kind) =>
  oneTrip<{ tenant: string; id: number }>(client, asked, { kind, tenantId }).then(({ rows }) => rows);

const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => "none",
    (cause: unknown) => (cause as { code?: string }).code,
  );

/** Both tenants' trips, one behind the other on its way, and what the session keeps of them. */
async function expectOrder(client: pg.PoolClient): Promise<void> {
  const [one, two] = await Promise.all([trip(client, "t1", seen, "reads"), trip(client, "t2", seen, "reads")]);
  expect({ one, two }).toEqual({ one: [{ tenant: "t1", id: 1 }], two: [{ tenant: "t2", id: 2 }] });
  expect((await client.query(left)).rows).toEqual([{ readOnly: "off", seqscan: "on", tenant: "" }]);
}

const refusals: [what: string, code: string, kind: Kind, asked: Asked][] = [
  ["is refused when it is parsed", "42P01", "reads", { name: "unparsed", text: "select $1::int from trip.nothing", values: [1] }],
  ["is refused when its values are bound", "22P02", "reads", { name: "unbound", text: "select $1::int as id", values: ["x"] }],
  ["is refused when it is executed", "23505", "writes", added(2, 3)],
  ["is refused when it is committed", "23505", "writes", added(3, 2)],
  ["writes though it is to read", "25006", "reads", added(3)],
];

describe("a statement in one trip", () => {
  it("reads and writes for its tenant, and leaves nothing of it in the session", async () => {
    const client = await pool.connect();
    await expectOrder(client);
    await trip(client, "t1", added(3), "writes");
    expect(await trip(client, "t1", seen, "reads")).toEqual([1, 3].map((id) => ({ tenant: "t1", id })));
    expect(await trip(client, "t2", seen, "reads")).toEqual([{ tenant: "t2", id: 2 }]);
    expect((await client.query("select name from pg_prepared_statements where name like 'trip%' order by name")).rows).toHaveLength(2);
    client.release();
  });

  it.each(refusals)("that %s (%s) does nothing, and harms none behind it: as the first of a connection, and later", async (...refusal) => {
    const [, code, kind, asked] = refusal;
    const client = await pool.connect();
    for (const [tenant, other] of [
      ["t1", "t2"],
      ["t2", "t1"],
    ] as const) {
      const [refused, behind] = await Promise.all([codeOf(trip(client, tenant, asked, kind)), trip(client, other, seen, "reads")]);
      expect({ refused, behind }).toEqual({ refused: code, behind: [{ tenant: other, id: Number(other[1]) }] });
      await expectOrder(client);
    }
    client.release();
  });

  it.each(["first", "later"])(
    "whose session is ended meanwhile fails with those behind it, and the next connection is in order (%s)",
    async (when) => {
      const client = await pool.connect();
      if (when === "later") await expectOrder(client);
      const end: Asked = { name: "end", text: "select pg_terminate_backend(pg_backend_pid()), $1::int", values: [1] };
      const both = await Promise.allSettled([trip(client, "t1", end, "writes"), trip(client, "t2", added(4), "writes")]);
      expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
      client.release(new Error("lost"));
      const next = await pool.connect();
      await expectOrder(next);
      next.release();
    },
  );

  it("has failed only where it has: what prepares its opening may be refused while the trip behind it is done", async () => {
    const client = await pool.connect();
    // PostgreSQL knows the name already, which the driver does not.
    await client.query("prepare trip_writes(text) as select set_config('app.tenant_id', $1, true)");
    await trip(client, "t1", added(3), "writes");
    expect(await trip(client, "t1", seen, "reads")).toEqual([1, 3].map((id) => ({ tenant: "t1", id })));
    // Where both are refused the trip's opening says why.
    await client.query("deallocate trip_writes");
    await client.query("prepare trip_writes as select 1");
    expect(await codeOf(trip(client, "t1", added(4), "writes"))).toBe("42P05");
    expect(await trip(client, "t2", seen, "reads")).toEqual([{ tenant: "t2", id: 2 }]);
    client.release();
  });
});
