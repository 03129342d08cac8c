import type pg from "pg";
import { Database } from "#shared/db/database.ts";
import { Lender } from "#shared/db/lender.ts";
import { createTestDatabase } from "../../testkit/database.ts";

afterEach(() => {
  import.meta.jest.useRealTimers();
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
  it("is refused as one who finds no connection is, when there was no turn in 10 s", async () => {
    import.meta.jest.useFakeTimers();
    const pool = { connect: () => Promise.resolve({ release: () => {} }) } as unknown as pg.Pool;
    const lender = new Lender(pool, 1);
    const first = await lender.lend("a");
    const second = lender.lend("a").catch((cause: unknown) => cause);
    await import.meta.jest.advanceTimersByTimeAsync(10_000);
    expect(await second).toEqual(new Error("timeout exceeded when trying to connect"));
    const third = lender.lend("a");
    first.release();
    (await third).release();
    await lender.lend("a");
  });

  it("gives its turn back when there is no connection", async () => {
    let isThere = false;
    const connect = () => (isThere ? Promise.resolve({ release: () => {} }) : Promise.reject(new Error("ECONNREFUSED")));
    const lender = new Lender({ connect } as unknown as pg.Pool, 1);
    await expect(lender.lend("a")).rejects.toThrow("ECONNREFUSED");
    isThere = true;
    (await lender.lend("a")).release();
  });
});
