import type pg from "pg";
import { LongValue } from "#shared/db/long-value.ts";
import { openPool } from "#shared/db/pool.ts";
import { createTestDatabase } from "../../testkit/database.ts";
import { longestTurnAtBest } from "../../testkit/longest-turn.ts";

async function setup() {
  const database = await createTestDatabase();
  const pool = openPool({ url: database.url, max: 1 });
  return { pool, [Symbol.asyncDispose]: () => pool.end().then(database.drop) };
}

const bytes = (...texts: string[]) => new LongValue(texts.map((text) => Buffer.from(text)));
const text = "select convert_from($1::bytea, 'UTF8') as long, $2::text as text, $3::int as number, $4::text as nothing";

describe("a long value", () => {
  it("arrives whole, beside values of any other kind, in a statement with a name and in one without", async () => {
    await using t = await setup();
    const values = [bytes("a", "", "ä€😀", "z"), "tëxt", 7, null];
    for (const name of ["named", "named", undefined]) {
      const { rows } = await t.pool.query({ ...(name && { name }), text, values });
      expect(rows).toEqual([{ long: "aä€😀z", text: "tëxt", number: 7, nothing: null }]);
    }
  });

  it("may have no bytes, and be one of many", async () => {
    await using t = await setup();
    const { rows } = await t.pool.query({ text: "select $1::bytea as a, $2::bytea as b", values: [bytes(), bytes("b")] });
    expect(rows).toEqual([{ a: Buffer.alloc(0), b: Buffer.from("b") }]);
  });

  it("leaves a connection that serves others, also where PostgreSQL refuses it or it stands beside what is no text", async () => {
    await using t = await setup();
    const refused = t.pool.query({ text: "select convert_from($1::bytea, 'UTF8')", values: [new LongValue([Buffer.from([0xff])])] });
    await expect(refused).rejects.toMatchObject({ code: "22021" });
    await expect(t.pool.query({ text: "select $1::bytea, $2::json", values: [bytes("a"), {}] })).rejects.toThrow("a object beside");
    expect((await t.pool.query({ text: "select length($1::bytea) as n", values: [bytes("abc")] })).rows).toEqual([{ n: 3 }]);
  });

  it("waits for its answer no longer than the statement may", async () => {
    await using t = await setup();
    const statement = { text: "select pg_sleep(30), $1::bytea", values: [bytes("a")], query_timeout: 50 };
    await expect(t.pool.query(statement)).rejects.toThrow("Query read timeout");
  });

  it("fails its statement alone where the connection is lost meanwhile", async () => {
    await using t = await setup();
    const client = await t.pool.connect();
    const { stream } = (client as unknown as { connection: pg.Connection }).connection;
    client.release();
    const pieces = Array.from({ length: 100 }, () => Buffer.alloc(1 << 20, "x"));
    const asked = t.pool.query({ text: "select length($1::bytea)", values: [new LongValue(pieces)] });
    stream.once("drain", () => stream.destroy());
    await expect(asked).rejects.toThrow(/terminated/);
    expect((await t.pool.query({ text: "select length($1::bytea) as n", values: [bytes("abc")] })).rows).toEqual([{ n: 3 }]);
  });

  it("of 50 MB is sent without a copy, which would take a turn of the main loop", async () => {
    await using t = await setup();
    const pieces = Array.from({ length: 800 }, () => Buffer.alloc(65_536, "x"));
    const statement = { text: "select length($1::bytea) as n", values: [new LongValue(pieces)] };
    const { outcome, longestMs } = await longestTurnAtBest(() => t.pool.query(statement));
    expect(outcome.rows).toEqual([{ n: 800 * 65_536 }]);
    expect(longestMs).toBeLessThan(20);
  });
});
