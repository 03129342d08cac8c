import pg from "pg";
import { pino } from "pino";
import { newId } from "#shared/ids.ts";
import { RunRemoval } from "../../../subgraphs/runtime/control/run-removal.ts";
import { freezePlan } from "../../../subgraphs/runtime/plan/frozen-plan.ts";
import { pieceRows, removalPiece, Removing, runsDelete } from "../../../subgraphs/runtime/queue/removal.sql.ts";
import { query } from "../../testkit/admin-query.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { eventually } from "../../testkit/eventually.ts";
import { withClockSet } from "../../testkit/set-clock.ts";

const dayMs = 86_400_000;

/** An id as one that was made so many days ago. */
function idOf(daysAgo: number): string {
  const hex = (Date.now() - daysAgo * dayMs).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}${newId().slice(13)}`;
}

async function setup(): Promise<{
  t: EngineFixture;
  finished: (daysAgo: number, tenantId?: string) => Promise<string>;
  removal: (keepDays?: number) => RunRemoval;
}> {
  const t = await EngineFixture.open();
  const removals: RunRemoval[] = [];
  return {
    t,
    async finished(daysAgo, tenantId = "acme") {
      const id = idOf(daysAgo);
      await t.control.createRuns([{ id, tenantId, requestId: "r", plan: freezePlan(tenantId, plan([node("a", "pure")])) }]);
      await t.control.cancel({ runId: id, tenantId });
      await t.pool.query("update runtime.run set ended_at = now() - $2 * interval '1 day' where id = $1", [id, daysAgo]);
      return id;
    },
    removal(keepDays) {
      const removal = new RunRemoval({ databaseUrl: t.url, log: pino({ level: "silent" }), keepDays, lookMs: 50 });
      removals.push(removal);
      return removal;
    },
  };
}

const ids = async (t: EngineFixture, table: string, column = "run_id"): Promise<string[]> =>
  (await t.pool.query<{ id: string }>(`select distinct ${column} as id from runtime.${table} order by 1`)).rows.map(({ id }) => id);

describe("runs that have ended long enough ago", () => {
  it("are removed with all their rows, of every tenant; others stay, however old they are", async () => {
    const { t, finished, removal } = await setup();
    const gone = [await finished(40), await finished(31, "beta")];
    const kept = [await finished(29), await finished(0)];
    // It was made long ago, and goes on; and one that was made long ago and ended yesterday.
    const open = idOf(50);
    await t.control.createRuns([{ id: open, tenantId: "acme", requestId: "r", plan: freezePlan("acme", plan([node("a", "pure")])) }]);
    const late = await finished(45);
    await t.pool.query("update runtime.run set ended_at = now() - interval '1 day' where id = $1", [late]);
    const sweep = removal(30);
    sweep.start();
    const stay = [...kept, open, late].sort();
    expect(
      await eventually(
        () => ids(t, "run", "id"),
        (found) => !gone.some((id) => found.includes(id)),
      ),
    ).toEqual(stay);
    await eventually(
      () => ids(t, "removal"),
      (found) => found.length === 0,
    );
    for (const table of ["run_event", "node_run"]) expect((await ids(t, table)).filter((id) => !stay.includes(id))).toEqual([]);
    await sweep.close();
  });

  it("are those that ended long ago by the database's clock: a machine whose clock goes ahead removes none that is to be kept", async () => {
    const { t, finished, removal } = await setup();
    const gone = await finished(31);
    const kept = [await finished(29), await finished(0)].sort();
    const sweep = removal(30);
    const left = await withClockSet(400 * 86_400_000, async () => {
      sweep.start();
      await eventually(
        () => ids(t, "run", "id"),
        (found) => !found.includes(gone),
      );
      // It ends after the piece under way, so nothing goes later.
      await sweep.close();
      return ids(t, "run", "id");
    });
    expect(left).toEqual(kept);
  });

  it("stay where nobody said how long they are kept", async () => {
    const { t, finished, removal } = await setup();
    const old = await finished(4_000);
    const deleted = await finished(1);
    await t.control.deleteRun({ runId: deleted, tenantId: "acme" });
    const sweep = removal();
    sweep.start();
    await eventually(
      () => ids(t, "removal"),
      (found) => found.length === 0,
    );
    expect(await ids(t, "run", "id")).toEqual([old]);
    await sweep.close();
  });
});

describe("what is left of deleted runs", () => {
  it("goes on to be removed by another process when the first has died half-way", async () => {
    const { t, finished, removal } = await setup();
    const id = await finished(1);
    await t.control.deleteRun({ runId: id, tenantId: "acme" });
    // A piece, and then nothing more of this process.
    await t.pool.query(
      "insert into runtime.trace_span (run_id, span_id, tenant_id, span_type, name, status, started_at) select $1, i::text, 'acme', 'TOOL', 'x', 1, now() from generate_series(1, 6000) i",
      [id],
    );
    expect(await removalPiece(t.pool, new Removing([id]))).toBe(5_000);
    expect(await ids(t, "removal")).toEqual([id]);
    const sweep = removal();
    sweep.start();
    await eventually(
      () => ids(t, "removal"),
      (found) => found.length === 0,
    );
    expect(await ids(t, "run_event")).toEqual([]);
    await sweep.close();
  });

  it("is removed by one process at a time, and by another when that one stops", async () => {
    const { t, finished, removal } = await setup();
    const blocker = await t.pool.connect();
    await blocker.query("select pg_advisory_lock(hashtextextended('agent-platform removal', 0))");
    const id = await finished(1);
    await t.control.deleteRun({ runId: id, tenantId: "acme" });
    const sweeps = [removal(), removal()];
    for (const sweep of sweeps) sweep.wanted();
    const looks = async () =>
      (
        await t.pool.query<{ n: number }>(
          "select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'agent-platform removal'",
        )
      ).rows[0]!.n;
    await eventually(looks, (open) => open > 0);
    await eventually(looks, (open) => open === 0);
    expect(await ids(t, "removal")).toEqual([id]);
    blocker.release(true);
    await eventually(
      () => ids(t, "removal"),
      (found) => found.length === 0,
    );
    for (const sweep of sweeps) await sweep.close();
  });

  it("is removed from the beginning on another connection: the database may have lost the last of what went", async () => {
    const { t, finished, removal } = await setup();
    const id = await finished(1);
    await t.pool.query(
      "insert into runtime.run_story (run_id, seq, type, at, tenant_id) select $1, i, 0, now(), 'acme' from generate_series(1000, 7000) i",
      [id],
    );
    await t.control.deleteRun({ runId: id, tenantId: "acme" });
    // Between its first piece, which is of events, and the next it asks whether others are late.
    const blocker = new pg.Client({ connectionString: t.adminUrl });
    await blocker.connect();
    await blocker.query("begin; lock table runtime.work in access exclusive mode");
    const sweep = removal();
    sweep.start();
    const asking =
      "select pid from pg_stat_activity where datname = current_database() and application_name = 'agent-platform removal' and wait_event_type = 'Lock'";
    await eventually(
      () => query(t.adminUrl, asking),
      (found) => found.length === 1,
    );
    await t.pool.query(
      "insert into runtime.trace_span (run_id, span_id, tenant_id, span_type, name, status, started_at) values ($1, 's', 'acme', 'TOOL', 'x', 1, now())",
      [id],
    );
    await query(t.adminUrl, `select pg_terminate_backend(pid) from (${asking}) a`);
    await blocker.end();
    await eventually(
      () => ids(t, "removal"),
      (found) => found.length === 0,
    );
    expect([await ids(t, "trace_span"), await ids(t, "run_story")]).toEqual([[], []]);
    await sweep.close();
  });

  it("has the plans that were theirs alone, however many runs had one, and however little of a piece is left for them", async () => {
    const { t, finished } = await setup();
    const runIds = await Promise.all(Array.from({ length: 22 }, () => finished(1)));
    const planIds = runIds.map((_, index) => `mocked:${Math.max(index, 1)}`);
    for (const planId of new Set(planIds))
      await t.pool.query("insert into runtime.plan (id, tenant_id, document) values ($1, 'acme', '{}')", [planId]);
    await t.pool.query(
      "update runtime.run r set plan_id = m.plan_id from unnest($1::text[], $2::text[]) m (id, plan_id) where r.id = m.id",
      [runIds, planIds],
    );
    await t.pool.query("delete from runtime.run_story where run_id = any($1)", [runIds]);
    // Behind so many events a piece has room for two plans.
    await t.pool.query(
      "insert into runtime.run_story (run_id, seq, type, at, tenant_id) select $1, i, 0, now(), 'acme' from generate_series(1, $2::int) i",
      [runIds[0], pieceRows - 20],
    );
    await runsDelete(t.pool, { tenantId: "acme", condition: { ids: runIds }, after: "", looks: 100, limit: 100 });
    const removing = new Removing(runIds);
    while (!removing.isOver) await removalPiece(t.pool, removing);
    expect((await ids(t, "plan", "id")).filter((id) => id.startsWith("mocked:"))).toEqual([]);
  });

  it("goes in pieces: none has more than 5,000 rows", async () => {
    const { t, finished } = await setup();
    const id = await finished(1);
    await t.pool.query(
      "insert into runtime.trace_span (run_id, span_id, tenant_id, span_type, name, status, started_at) select $1, i::text, 'acme', 'TOOL', 'x', 1, now() from generate_series(1, 12000) i",
      [id],
    );
    await runsDelete(t.pool, { tenantId: "acme", condition: { ids: [id] }, after: "", looks: 1, limit: 1 });
    const pieces: number[] = [];
    const removing = new Removing([id]);
    while (!removing.isOver) pieces.push(await removalPiece(t.pool, removing));
    expect(Math.max(...pieces)).toBe(5_000);
    expect(pieces.reduce((sum, rows) => sum + rows, 0)).toBeGreaterThanOrEqual(12_000);
    expect(await ids(t, "removal")).toEqual([]);
  });
});
