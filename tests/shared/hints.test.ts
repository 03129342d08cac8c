import { once, EventEmitter } from "node:events";
import pg from "pg";
import { defaultEnv } from "#shared/config.ts";
import { isDatabaseTimeDoubted } from "#shared/database-time.ts";
import { HintBus } from "#shared/hints.ts";
import type { Json } from "#shared/json.ts";
import { createLog } from "#shared/log.ts";
import { signalProcess } from "#shared/signal-process.ts";
import { query } from "../testkit/admin-query.ts";
import { eventually } from "../testkit/eventually.ts";
import { createTestDatabase, type TestDatabase } from "../testkit/database.ts";
import { withClockSet } from "../testkit/set-clock.ts";

let database: TestDatabase;
let buses: HintBus[];
beforeEach(async () => {
  database = await createTestDatabase();
  buses = [];
});
afterEach(async () => {
  await Promise.all(buses.map((bus) => bus.close()));
  await database.drop();
});

async function openBus(answersWithinMs?: number): Promise<HintBus> {
  const log = createLog(defaultEnv({ logLevel: "silent" }), "test");
  const bus = new HintBus({ url: database.url, log, ...(answersWithinMs !== undefined && { answersWithinMs }) });
  await bus.start();
  buses.push(bus);
  return bus;
}

/** Resolves with the next hint of a topic and key. */
function next(bus: HintBus, topic: string, key: string): Promise<[string, Json | undefined]> {
  const emitter = new EventEmitter();
  const end = bus.subscribe(topic, key, (heardKey, body) => emitter.emit("hint", heardKey, body));
  return once(emitter, "hint").finally(end) as Promise<[string, Json | undefined]>;
}

describe("hints", () => {
  it("reach other processes and listeners of their own, by key and by *", async () => {
    const [here, there] = [await openBus(), await openBus()];
    const heard = [next(here, "run", "r1"), next(there, "run", "r1"), next(there, "run", "*")];
    here.publish("run", "r1", { seq: 4 });
    expect(await Promise.all(heard)).toEqual([
      ["r1", { seq: 4 }],
      ["r1", { seq: 4 }],
      ["r1", { seq: 4 }],
    ]);
  });

  it("come without a body that is too large for one message", async () => {
    const [here, there] = [await openBus(), await openBus()];
    const heard = next(there, "delta", "r1");
    here.publish("delta", "r1", { text: "x".repeat(20_000) });
    expect(await heard).toEqual(["r1", undefined]);
  });

  it("equal hints of a moment are one message", async () => {
    const [here, there] = [await openBus(), await openBus()];
    let count = 0;
    there.subscribe("run", "r1", () => count++);
    const last = next(there, "run", "last");
    for (let index = 0; index < 100; index++) here.publish("run", "r1");
    here.publish("run", "last");
    await last;
    expect(count).toBe(1);
  });

  it("go on after the connection was lost", async () => {
    const [here, there] = [await openBus(), await openBus()];
    const admin = new pg.Client({ connectionString: database.adminUrl });
    await admin.connect();
    const { rows: cut } = await admin.query<{ pid: number }>(
      "select pid, pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
    const listening =
      "select from pg_stat_activity where datname = current_database() and query = 'listen agent_platform' and state = 'idle' and pid <> all($1)";
    await eventually(
      () => admin.query(listening, [cut.map(({ pid }) => pid)]),
      ({ rowCount }) => rowCount === 2,
    );
    await admin.end();
    const heard = next(there, "run", "r1");
    here.publish("run", "r1");
    expect(await heard).toEqual(["r1", undefined]);
  });

  it("go on over another connection where PostgreSQL does not answer on one, as when it is asked for the time after a sleep", async () => {
    const listening = async () => {
      const text =
        "select pid from pg_stat_activity where datname = current_database() and query = 'listen agent_platform' and state = 'idle'";
      return ((await query(database.adminUrl, text)) as { pid: number }[]).map(({ pid }) => pid);
    };
    const there = await openBus(1_000);
    const [frozen] = await listening();
    signalProcess(frozen, "SIGSTOP");
    try {
      await withClockSet(10_000, async () => {
        await eventually(listening, (pids) => pids.some((pid) => pid !== frozen));
        await eventually(isDatabaseTimeDoubted, (isDoubted) => !isDoubted);
      });
      const heard = next(there, "run", "r1");
      await query(database.adminUrl, "select pg_notify('agent_platform', $1)", [
        JSON.stringify({ from: "another", hints: [["run", "r1"]] }),
      ]);
      expect(await heard).toEqual(["r1", undefined]);
    } finally {
      signalProcess(frozen, "SIGCONT");
    }
  });

  it("take no harm from what others send on the channel", async () => {
    const [here, there] = [await openBus(), await openBus()];
    const admin = new pg.Client({ connectionString: database.adminUrl });
    await admin.connect();
    for (const text of ["", "no JSON", "null", "{}", '{"from":"x","hints":[1]}', '{"from":"x","hints":[["run"]]}']) {
      await admin.query("select pg_notify('agent_platform', $1)", [text]);
    }
    await admin.end();
    const heard = next(there, "run", "r1");
    here.publish("run", "r1", { seq: 1 });
    expect(await heard).toEqual(["r1", { seq: 1 }]);
  });
});
