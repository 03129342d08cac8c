import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { query } from "../../testkit/admin-query.ts";
import { createTestDatabase, type TestDatabase } from "../../testkit/database.ts";
import { eventually } from "../../testkit/eventually.ts";
import { loader } from "../../testkit/loader.ts";

const file = fileURLToPath(new URL("./pump-process.ts", import.meta.url));
const schedules = 120;

let database: TestDatabase;
let started: ChildProcess[] = [];
beforeEach(async () => {
  database = await createTestDatabase();
  started = [];
});
afterEach(async () => {
  for (const child of started) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await database.drop();
});

/** A pump in a process of its own; it stands still with what it has taken until it is told to go. */
function startPump(): { child: ChildProcess; taken: Promise<unknown>; go: () => void } {
  const child = fork(file, [database.url], { execArgv: loader, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  started.push(child);
  return { child, taken: once(child, "message"), go: () => void child.send("go") };
}

const ask = (text: string) => query(database.adminUrl, text);

/** Of three tenants, all due a minute ago. */
async function makeDue(): Promise<void> {
  await ask(`insert into runtime.schedule (id, tenant_id, name, workflow_id, cron, zone, missed, status, input, next_at, due_at, created_at, updated_at)
    select 's' || n, 't' || n % 3, 'x', 'w', '0 0 1 1 *', 'UTC', 'ONCE', 'ACTIVE', '{}', at, at, now(), now()
    from generate_series(1, ${schedules}) n, (select date_trunc('minute', now()) - interval '1 minute' as at) due`);
}

/** As if half a minute had passed: what somebody has in hand is anybody's again. */
const passTime = () => ask("update runtime.schedule set due_at = now() where due_at between now() and now() + interval '1 minute'");
const fired = async () => (await ask("select id from runtime.schedule where last_run_id is not null")).length;
const runs = () =>
  ask(
    "select input -> 'schedule' ->> 'id' as id, count(*)::int as runs from runtime.run group by 1 having count(*) <> 1 union all select 'all', count(*)::int from runtime.run",
  );

describe("schedules under two pumps", () => {
  it("make one run each, whoever is killed or stands still with them", async () => {
    await makeDue();
    const [killed, slow] = [startPump(), startPump()];
    await Promise.all([killed.taken, slow.taken]);
    killed.child.kill("SIGKILL");
    await once(killed.child, "exit");
    expect(await fired()).toBe(0);
    await passTime();
    const other = startPump();
    other.go();
    await eventually(fired, (count) => count === schedules);
    // It comes to itself with what others have fired meanwhile.
    slow.go();
    await passTime();
    slow.child.disconnect();
    await once(slow.child, "exit");
    expect(await runs()).toEqual([{ id: "all", runs: schedules }]);
    expect(await ask("select count(*)::int as n from runtime.work")).toEqual([{ n: schedules }]);
    expect(await ask("select id from runtime.schedule where last_run_id not in (select id from runtime.run) or next_at < now()")).toEqual(
      [],
    );
  });

  it("fire nothing of what their owner has changed meanwhile", async () => {
    await makeDue();
    const pump = startPump();
    await pump.taken;
    await ask(
      "update runtime.schedule set status = 'PAUSED', due_at = null, next_at = null, revision = revision + 1 where tenant_id <> 't1'",
    );
    await ask("delete from runtime.schedule where tenant_id = 't2'");
    await ask("delete from runtime.schedule where tenant_id = 't1' and id <> 's1'");
    pump.go();
    await eventually(fired, (count) => count === 1);
    pump.child.disconnect();
    await once(pump.child, "exit");
    expect(await runs()).toEqual([{ id: "all", runs: 1 }]);
  });
});
