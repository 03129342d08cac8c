import type pg from "pg";
import { Database } from "#shared/db/database.ts";
import { Lender } from "#shared/db/lender.ts";
import { createTestDatabase } from "../../testkit/database.ts";

afterEach(() => {
  jest.useRealTimers();
});

async function setup() {
  const { url, drop } = await createTestDatabase();
  const database = await Database.open({ url, schema: "workflow", entities: [], migrations: [] });
  const close = async () => {
    await database.close();
    await drop();
  };
  return { database, [Symbol.asyncDispose]: close };
}

const one = { name: "lender-one", text: "select 1 as one", values: [] };

describe("a tenant whose transactions are slow", () => {
  it("waits for itself: others read and write meanwhile", async () => {
    await using t = await setup();
    const slow = t.database.forTenant("slow");
    const twoHaveBegun = Promise.withResolvers<void>();
    const mayEnd = Promise.withResolvers<void>();
    let begun = 0;
    const slowTransaction = () =>
      slow.transaction(async (tx) => {
        await tx.sql("select 1");
        if (++begun === 2) twoHaveBegun.resolve();
        await mayEnd.promise;
      });
    const ended = Promise.all(Array.from({ length: 6 }, slowTransaction));
    try {
      await Promise.race([twoHaveBegun.promise, ended]);
      const other = t.database.forTenant("other");
      expect(await other.query(one)).toEqual([{ one: 1 }]);
      expect(await other.transaction((tx) => tx.sql("select 2 as two"))).toEqual([{ two: 2 }]);
      await t.database.ping();
      expect(begun).toBe(2);
    } finally {
      mayEnd.resolve();
      await ended;
    }
    expect(await slow.query(one)).toEqual([{ one: 1 }]);
  });
});

describe("a borrower", () => {
  const lending = (connect: () => Promise<unknown>, look = () => Promise.resolve()) =>
    new Lender({ pool: { connect } as unknown as pg.Pool, connections: 2, each: 1, look });
  const connected = () => Promise.resolve({ release: () => {} });
  const refusal = (lent: Promise<unknown>) => lent.catch((cause: unknown) => cause);

  it("is told that there is too much to do, when there was no turn in 10 s and PostgreSQL is well", async () => {
    jest.useFakeTimers();
    const lender = lending(connected);
    const first = await lender.lend("a");
    const second = refusal(lender.lend("a"));
    await jest.advanceTimersByTimeAsync(10_000);
    expect(await second).toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "DATABASE_BUSY", facts: { retryAfterMs: 1_000 } });
    const third = lender.lend("a");
    first.release();
    (await third).release();
    await lender.lend("a");
  });

  it("is told at once that there is too much to do, by how long its transactions take, and others are not", async () => {
    jest.useFakeTimers();
    const lender = lending(connected);
    let held = await lender.lend("a");
    for (let k = 0; k < 20; k++) {
      const next = lender.lend("a");
      jest.advanceTimersByTime(1_000);
      held.release();
      held = await next;
    }
    const waiting = Array.from({ length: 10 }, () => lender.lend("a"));
    expect(await refusal(lender.lend("a"))).toMatchObject({ reason: "DATABASE_BUSY", facts: { retryAfterMs: 11_000 } });
    (await lender.lend("b")).release();
    held.release();
    for (const lent of waiting) (await lent).release();
  });

  it("hears within seconds that PostgreSQL is gone, however long the queue is", async () => {
    jest.useFakeTimers();
    let isThere = true;
    const lender = lending(connected, () => (isThere ? Promise.resolve() : Promise.reject(new Error("ECONNREFUSED"))));
    const first = await lender.lend("a");
    const waiting = Array.from({ length: 100 }, () => refusal(lender.lend("a")));
    let told = 0;
    for (const lent of waiting) void lent.then(() => told++);
    const passes = async (seconds: number) => {
      await jest.advanceTimersByTimeAsync(seconds * 1_000);
      return told;
    };
    expect(await passes(3)).toBe(0);
    // One that comes late is no end of it: the machine may have stood still.
    for (const is of [false, true, false]) {
      isThere = is;
      expect(await passes(1)).toBe(0);
    }
    expect(await passes(1)).toBe(100);
    for (const lent of waiting) expect(await lent).toMatchObject({ reason: "DATABASE_UNAVAILABLE" });
    isThere = true;
    first.release();
    (await lender.lend("a")).release();
  });

  it("hears nothing of one look that hangs, however long, and of the second in a row that PostgreSQL is gone", async () => {
    jest.useFakeTimers();
    const looks: PromiseWithResolvers<void>[] = [];
    const hangs = () => {
      const look = Promise.withResolvers<void>();
      looks.push(look);
      return look.promise;
    };
    // As DatabaseLook: who asks while somebody looks is given the same answer.
    let looking: Promise<void> | undefined;
    const lender = lending(connected, () => (looking ??= hangs().finally(() => (looking = undefined))));
    const first = await lender.lend("a");
    let told: unknown;
    const waiting = refusal(lender.lend("a")).then((cause) => (told = cause));
    await jest.advanceTimersByTimeAsync(3_000);
    looks[0]!.reject(new Error("late"));
    await jest.advanceTimersByTimeAsync(0);
    expect([looks.length, told]).toEqual([1, undefined]);
    await jest.advanceTimersByTimeAsync(1_000);
    looks[1]!.reject(new Error("ECONNREFUSED"));
    await waiting;
    expect(told).toMatchObject({ reason: "DATABASE_UNAVAILABLE" });
    first.release();
  });

  it("gives its turn back when there is no connection", async () => {
    let isThere = false;
    const connect = () => (isThere ? Promise.resolve({ release: () => {} }) : Promise.reject(new Error("ECONNREFUSED")));
    const lender = lending(connect);
    await expect(lender.lend("a")).rejects.toThrow("ECONNREFUSED");
    isThere = true;
    (await lender.lend("a")).release();
  });
});
