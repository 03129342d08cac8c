import { databaseNowMs, heardDatabaseTime } from "#shared/database-time.ts";
import { newId } from "#shared/ids.ts";
import { InternalKeys } from "#shared/trust/internal-keys.ts";
import { readToken, signToken } from "#shared/trust/token.ts";
import { MemoryCounts } from "../../router/edge/rates/memory-counts.ts";
import { withClockSet } from "../testkit/set-clock.ts";

const hourMs = 3_600_000;
const nearly = (ms: number) => ({ asymmetricMatch: (other: unknown) => typeof other === "number" && Math.abs(other - ms) < 60_000 });

/** What PostgreSQL would say whose clock is so far ahead of this machine's. */
const heard = (aheadMs: number, askedAtMs = performance.now()) => heardDatabaseTime(Date.now() + aheadMs, askedAtMs);

afterEach(() => heard(0));

describe("the time of day", () => {
  it("is this machine's until the database has told its own, and then the database's", async () => {
    // A copy that has heard nothing: other suites of this process may have.
    const copy = `../../shared/database-time.ts?${performance.now()}`;
    const fresh = (await import(copy)) as { databaseNowMs(): number };
    for (const byMs of [0, hourMs]) await withClockSet(byMs, () => expect(fresh.databaseNowMs()).toEqual(nearly(Date.now())));
    heard(hourMs);
    expect(databaseNowMs()).toEqual(nearly(Date.now() + hourMs));
    const before = databaseNowMs();
    for (const byMs of [-24 * hourMs, 24 * hourMs]) expect(await withClockSet(byMs, databaseNowMs)).toEqual(nearly(before));
    // The next sample follows a clock of the database that was set.
    heard(0);
    expect(databaseNowMs()).toEqual(nearly(Date.now()));
  });

  it("is not taken from an answer that was long on its way", () => {
    heard(0);
    heard(hourMs, performance.now() - 5_000);
    expect(databaseNowMs()).toEqual(nearly(Date.now()));
  });

  it.each([-24 * hourMs, -5 * 60_000, 5 * 60_000, 24 * hourMs])(
    "is the same to processes whose clocks are %d ms apart: tokens are taken, ids stay in order",
    async (byMs) => {
      heard(0);
      const keys = new InternalKeys(["0a".repeat(32)]);
      const content = { audience: "tool", info: { tenantId: "t1", requestId: "r" }, text: "x" };
      const token = await withClockSet(byMs, () => signToken(content, keys.all[0]!));
      expect(readToken(token, { audience: "tool", keys: keys.all })).toMatchObject({ tenantId: "t1" });
      const ids = [newId(), await withClockSet(byMs, newId), newId()];
      expect(ids.toSorted()).toEqual(ids);
    },
  );
});

describe("a window of a rate", () => {
  it("ends in its time though the machine's clock is set back in it", async () => {
    const counts = new MemoryCounts({ points: 2, duration: 1 });
    await withClockSet(hourMs, async () => {
      await counts.consume("a");
      await counts.consume("a");
      await expect(counts.consume("a")).rejects.toMatchObject({ remainingPoints: 0 });
    });
    const refused = await counts.consume("a").catch((refusal: unknown) => refusal as { msBeforeNext: number });
    expect(refused.msBeforeNext).toBeLessThanOrEqual(1_000);
  });
});
