import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { connectInBackground } from "../../cli/compose/connections.ts";
import { ShutdownList } from "../../cli/process/shutdown-list.ts";
import { defaultEnv } from "#shared/config.ts";
import { DatabaseClock, heardDatabaseTime } from "#shared/database-time.ts";
import { EndpointRegistry } from "#shared/endpoint/caller.ts";
import { newId } from "#shared/ids.ts";
import { createLog } from "#shared/log.ts";
import { InternalKeys } from "#shared/trust/internal-keys.ts";
import { readToken, signToken } from "#shared/trust/token.ts";
import { MemoryCounts } from "../../router/edge/rates/memory-counts.ts";
import { eventually } from "../testkit/eventually.ts";
import { testKeys } from "../testkit/internal-keys.ts";
import { rawAnswer, startRawServer } from "../testkit/raw-server.ts";
import { withClockSet } from "../testkit/set-clock.ts";

const hourMs = 3_600_000;
const nearly = (ms: number) => ({ asymmetricMatch: (other: unknown) => typeof other === "number" && Math.abs(other - ms) < 60_000 });

/** A clock, and what PostgreSQL would say whose own is so far ahead of this machine's. */
function setup() {
  const clock = new DatabaseClock();
  const heard = (aheadMs: number, { askedAtMs = performance.now(), database = "one" } = {}) =>
    clock.heard(Date.now() + aheadMs, { askedAtMs, database });
  return { clock, heard };
}

/** Moves the clock that never jumps, for what is done meanwhile. */
function withMonotonicMoved(byMs: number, work: () => void): void {
  const now = performance.now.bind(performance);
  performance.now = () => now() + byMs;
  try {
    work();
  } finally {
    Reflect.deleteProperty(performance, "now");
  }
}

describe("the time of day", () => {
  it("is this machine's until the database has told its own, and then the database's", async () => {
    const { clock, heard } = setup();
    expect(clock.nowMs()).toEqual(nearly(Date.now()));
    heard(hourMs);
    expect(clock.nowMs()).toEqual(nearly(Date.now() + hourMs));
    const before = clock.nowMs();
    for (const byMs of [-24 * hourMs, 24 * hourMs]) expect(await withClockSet(byMs, () => clock.nowMs())).toEqual(nearly(before));
    // The next sample follows a clock of the database that was set.
    heard(0);
    expect(clock.nowMs()).toEqual(nearly(Date.now()));
  });

  it("is not taken from an answer that was long on its way", () => {
    const { clock, heard } = setup();
    heard(0);
    heard(hourMs, { askedAtMs: performance.now() - 5_000 });
    expect(clock.nowMs()).toEqual(nearly(Date.now()));
  });

  it("is one database's while that is heard, whatever others say", async () => {
    const { clock, heard } = setup();
    heard(0);
    heard(hourMs, { database: "two" });
    expect(clock.nowMs()).toEqual(nearly(Date.now()));
    // Both of this machine's clocks go on.
    const later = () => {
      heard(hourMs, { database: "two" });
      heard(0);
      expect(clock.nowMs()).toEqual(nearly(Date.now() + hourMs));
    };
    await withClockSet(121_000, () => withMonotonicMoved(121_000, later));
  });

  it.each([-10_000, 10_000])(
    "is doubted where the machine has slept or its clock was set (%d ms), until a database has told it",
    async (byMs) => {
      for (const database of ["one", "two"]) {
        const { clock, heard } = setup();
        expect(clock.isDoubted).toBe(false);
        heard(hourMs);
        expect(clock.isDoubted).toBe(false);
        await withClockSet(byMs, () => {
          expect(clock.isDoubted).toBe(true);
          heard(0, { database });
          expect(clock.isDoubted).toBe(false);
          expect(clock.nowMs()).toEqual(nearly(Date.now()));
        });
      }
    },
  );

  it("is doubted where somebody else has another, until its database has told it", () => {
    const { clock, heard } = setup();
    heard(0);
    clock.doubt();
    heard(hourMs, { database: "two" });
    expect(clock.isDoubted).toBe(true);
    heard(0);
    expect(clock.isDoubted).toBe(false);
  });

  it.each([-24 * hourMs, -5 * 60_000, 5 * 60_000, 24 * hourMs])(
    "is the same to processes whose clocks are %d ms apart: tokens are taken, ids stay in order",
    async (byMs) => {
      heardDatabaseTime(Date.now(), { askedAtMs: performance.now(), database: "one" });
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

describe("a process that a subgraph does not believe", () => {
  it("asks the database for the time where the time is why, and seldom, however many refuse it", async () => {
    let asked = 0;
    const database = createServer((socket) => void (asked++, socket.on("error", () => {}).destroy())).listen(0, "127.0.0.1");
    await once(database, "listening");
    const subgraph = await startRawServer();
    const refuseAs = (reason: string) =>
      subgraph.answer(rawAnswer(401, [], JSON.stringify({ errors: [{ message: "no", extensions: { code: "UNAUTHENTICATED", reason } }] })));
    const refusedAgain = (times: number, since = subgraph.requests.length) =>
      eventually(
        () => subgraph.requests.length - since,
        (count) => count >= times,
      );
    const names = ["model", "memory", "session", "skill"];
    const env = defaultEnv({
      logLevel: "silent",
      subgraphUrls: Object.fromEntries(names.map((name) => [name, `${subgraph.url}/graphql`])),
    });
    const shutdown = new ShutdownList();
    const timeUrl = `postgres://nobody@127.0.0.1:${(database.address() as AddressInfo).port}/none`;
    const connecting = { registry: new EndpointRegistry(), keys: testKeys, shutdown, log: createLog(env, "test"), timeUrl };
    try {
      refuseAs("TOKEN_FORGED");
      connectInBackground(names, env, connecting);
      await refusedAgain(20);
      expect(asked).toBe(0);
      refuseAs("TOKEN_EXPIRED");
      const since = performance.now();
      await refusedAgain(40);
      expect(asked).toBeGreaterThan(0);
      expect(asked).toBeLessThanOrEqual(1 + (performance.now() - since) / 5_000);
    } finally {
      await shutdown.run();
      await subgraph.close();
      database.close();
    }
  });
});
