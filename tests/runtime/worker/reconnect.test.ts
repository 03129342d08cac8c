import { EventEmitter, once } from "node:events";
import pg from "pg";
import { pino } from "pino";
import { templateAddress } from "../../testkit/database.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

async function setup(): Promise<EngineFixture> {
  return EngineFixture.open();
}

/** Lets nobody connect to the database and ends the worker's sessions; the test's own stay. */
async function databaseAway(t: EngineFixture, workerKey: string): Promise<{ comeBack(): Promise<void> }> {
  const { rows } = await t.pool.query<{ name: string }>("select current_database() as name");
  const name = rows[0]?.name ?? "";
  const admin = new pg.Client({ connectionString: templateAddress.read().admin });
  await admin.connect();
  await admin.query(`alter database ${name} allow_connections false`);
  await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name = any($2)", [
    name,
    [workerKey, "agent-platform renewals"],
  ]);
  return {
    async comeBack() {
      await admin.query(`alter database ${name} allow_connections true`);
      await admin.end();
    },
  };
}

/** A log whose messages are events. */
function heardLog(): { log: pino.Logger; heard: EventEmitter } {
  const heard = new EventEmitter();
  const log = pino({ level: "warn" }, { write: (line: string) => heard.emit((JSON.parse(line) as { msg: string }).msg) });
  return { log, heard };
}

describe("a worker whose database was away", () => {
  it("claims no orphans until one lease after its first good renewal, so that owners get their runs back first", async () => {
    const t = await setup();
    // Long enough for a renewal on a machine that stalls: a lease that ends without an outage is another story.
    const leaseMs = 5_000;
    const dead = t.worker();
    const orphan = await t.create(plan([node("theirs", "hold")]));
    await t.calls.heldNode("theirs");
    await dead.kill();
    t.calls.held.clear();
    const { log, heard } = heardLog();
    const worker = t.worker({ leaseMs, workerKey: "survivor", log });
    const own = await t.create(plan([node("mine", "hold")]));
    const mine = await t.calls.heldNode("mine");

    const unrenewed = once(heard, "leases not renewed");
    const outage = await databaseAway(t, "survivor");
    await unrenewed;
    await t.pool.query("update runtime.work set visible_at = now() where key = $1", [orphan]);
    const fresh = await t.create(plan([node("new", "pure")]));
    const claimedAt = new Map<string, number>();
    worker.signals.on("claimed", (keys) => {
      const atMs = performance.now();
      for (const key of keys) claimedAt.set(key, atMs);
    });
    const backAt = performance.now();
    await outage.comeBack();

    expect((await t.finished(fresh)).status).toBe("COMPLETED");
    (await t.calls.heldNode("theirs")).end();
    expect((await t.finished(orphan)).status).toBe("COMPLETED");
    const orphanAt = claimedAt.get(orphan) ?? 0;
    expect(orphanAt - backAt).toBeGreaterThanOrEqual(leaseMs);
    expect(claimedAt.get(fresh)).toBeLessThanOrEqual(orphanAt);
    // Its own run outlasted its lease and was nobody else's meanwhile.
    mine.end();
    expect((await t.finished(own)).status).toBe("COMPLETED");
    expect(t.calls.log.toSorted()).toEqual(["mine", "new", "theirs", "theirs"]);
  });
});
