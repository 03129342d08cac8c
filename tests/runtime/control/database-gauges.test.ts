import { pino } from "pino";
import { newId } from "#shared/ids.ts";
import { metricsText } from "#shared/metrics/exposition.ts";
import { DatabaseGauges } from "../../../subgraphs/runtime/control/database-gauges.ts";
import { runsClaim } from "../../../subgraphs/runtime/queue/claim.sql.ts";
import { freezePlan } from "../../../subgraphs/runtime/plan/frozen-plan.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

const tenantId = "a-tenant-that-nobody-is-told-of";

async function setup(): Promise<{ t: EngineFixture; open: () => DatabaseGauges }> {
  const t = await EngineFixture.open();
  const frozen = freezePlan(tenantId, plan([node("a", "pure")]));
  const run = () => ({ id: newId(), tenantId, requestId: "r", plan: frozen });
  await t.control.createRuns([run(), run(), run(), { ...run(), priority: 100 }]);
  return { t, open: () => new DatabaseGauges({ databaseUrl: t.url, log: pino({ level: "silent" }), freshMs: 0 }) };
}

/** Samples by what stands before their values. */
async function samples(name: string): Promise<Record<string, number>> {
  const lines = (await metricsText("test")).split("\n").filter((line) => line.startsWith(`agent_platform_${name}{`));
  return Object.fromEntries(
    lines.map((line) => [line.slice(line.indexOf("{"), line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}

/** Of each lane and state there is a sample. */
const queue = (given: Record<string, number>): Record<string, number> => {
  const places = ["runs", "nodes"].flatMap((lane) => ["due", "owned", "asleep", "suspect"].map((state) => [lane, state] as const));
  return { ...Object.fromEntries(places.map(([lane, state]) => [`{lane="${lane}",state="${state}",part="test"}`, 0])), ...given };
};

describe("gauges of the database", () => {
  it("say what is in the queue, for how long, and how many runs there are", async () => {
    const { t, open } = await setup();
    const gauges = open();
    const [claim] = await runsClaim(t.pool, {
      ...{ worker: "w", limit: 1, leaseMs: 600_000, share: 10, held: new Map() },
      ...{ orphansAllowed: true, suspectsAllowed: false },
    });
    await t.pool.query("update runtime.work set crashes = 2 where key = (select key from runtime.work where lease is null limit 1)");
    expect(await samples("queue_rows")).toEqual(
      queue({
        '{lane="runs",state="due",part="test"}': 2,
        '{lane="runs",state="owned",part="test"}': 1,
        '{lane="runs",state="suspect",part="test"}': 1,
      }),
    );
    expect(claim).toBeDefined();
    const none = Object.fromEntries(
      ["RUNNING", "WAITING", "COMPLETED", "FAILED", "CANCELLED"].map((of) => [`{status="${of}",part="test"}`, 0]),
    );
    expect(await samples("runs")).toEqual({ ...none, '{status="QUEUED",part="test"}': 4 });
    const ages = await samples("queue_age_seconds");
    expect(ages['{lane="nodes",part="test"}']).toBe(0);
    expect(ages['{lane="runs",part="test"}']).toBeGreaterThan(0);
    expect(await samples("mail_rows")).toEqual({ '{box="inbox",part="test"}': 0, '{box="outbox",part="test"}': 0 });
    const ids = (await t.pool.query<{ id: string }>("select id from runtime.run order by id")).rows.map(({ id }) => id);
    await t.pool.query("update runtime.run set created_at = now() - interval '1 hour' where id = $1", [ids[1]]);
    for (const [index, state] of [1, 0, 0, 2].entries())
      await t.pool.query("insert into runtime.gate (run_id, tenant_id, key, places, state) values ($1, 't', 'k', 1, $2)", [
        ids[index],
        state,
      ]);
    expect(await samples("line_runs")).toEqual({ '{state="waiting",part="test"}': 2, '{state="executed",part="test"}': 1 });
    expect((await samples("line_age_seconds"))['{part="test"}']).toBeGreaterThanOrEqual(3_600);
    expect(await metricsText("test")).not.toContain(tenantId);
    await gauges.close();
    expect(await samples("queue_rows")).toEqual({});
  });

  it("are asked by one process of all, and by another when that one is gone", async () => {
    const { t, open } = await setup();
    const due = '{lane="runs",state="due",part="test"}';
    const [first, second] = [open(), open()];
    const watchers = async () =>
      (await t.pool.query<{ pid: number }>("select pid from pg_locks l where locktype = 'advisory' and mode = 'ExclusiveLock' and granted"))
        .rows;
    // Two that both counted would say twice as many.
    expect(await samples("queue_rows")).toEqual(queue({ [due]: 4 }));
    const [watcher] = await watchers();
    expect(await samples("queue_rows")).toEqual(queue({ [due]: 4 }));
    expect(await watchers()).toEqual([watcher]);
    await t.pool.query("select pg_terminate_backend($1)", [watcher!.pid]).catch(() => {});
    // Who had it does not know yet; then one of the two has it again.
    while (Object.keys(await samples("queue_rows")).length === 0);
    expect(await samples("queue_rows")).toEqual(queue({ [due]: 4 }));
    await first.close();
    while ((await samples("queue_rows"))[due] !== 4);
    await second.close();
  });

  it("hold nobody up when the table that they count is locked", async () => {
    const { t, open } = await setup();
    const gauges = open();
    expect(await samples("queue_rows")).toEqual(queue({ '{lane="runs",state="due",part="test"}': 4 }));
    const client = await t.pool.connect();
    await client.query("begin");
    await client.query("lock table runtime.work in access exclusive mode");
    // What was found before is told; the claim of a worker waits for the lock, not for the gauges.
    expect(await samples("queue_rows")).toEqual(queue({ '{lane="runs",state="due",part="test"}': 4 }));
    await client.query("rollback");
    client.release();
    await gauges.close();
  });
});
