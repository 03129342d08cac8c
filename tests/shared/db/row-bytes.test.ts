import { Database } from "#shared/db/database.ts";
import { ReadBytes, readLimits } from "#shared/read-bytes.ts";
import { createTestDatabase } from "../../testkit/database.ts";

async function setup() {
  const { url, drop } = await createTestDatabase();
  const database = await Database.open({ url, schema: "workflow", entities: [], migrations: [] });
  const reads = new ReadBytes(readLimits);
  const close = async () => {
    await database.close();
    await drop();
  };
  return { database, reads, [Symbol.asyncDispose]: close };
}

// 200 MB, of which PostgreSQL tells nobody before.
const large = "select repeat('x', 1000000) as text from generate_series(1, 200)";

describe("a statement whose rows nobody has measured", () => {
  it.each(["read", "transaction", "query"] as const)("is cut off where an operation has read too much: %s", async (way) => {
    await using t = await setup();
    const reading = t.reads.open({ tenantId: "t1", isMutation: false });
    const db = t.database.forTenant("t1", reading);
    const reads = way === "query" ? db.query({ name: "large", text: large, values: [] }) : db[way]((tx) => tx.sql(large));
    const refusal: unknown = await reads.catch((cause: unknown) => cause);
    const told = refusal instanceof Error && "cause" in refusal && refusal.cause instanceof Error ? refusal.cause : refusal;
    expect(told).toMatchObject({ reason: "READ_TOO_LARGE", facts: { limitBytes: readLimits.operationBytes } });
    expect(t.reads.held).toBeLessThan(readLimits.operationBytes + (1 << 20));
    reading.release();
    expect(t.reads.held).toBe(0);
    expect(
      await t.database.forTenant("t1", t.reads.open({ tenantId: "t1", isMutation: false })).read((tx) => tx.sql("select 1 as one")),
    ).toEqual([{ one: 1 }]);
  });
});
