/** Events that are stored together share rows; whoever reads them, from wherever, sees each of them once, as it was told. */
import fc from "fast-check";
import { runClaim } from "../../../subgraphs/runtime/queue/claim.sql.ts";
import { eventsRead } from "../../../subgraphs/runtime/queue/events.sql.ts";
import { flushBatch, FlushRows, runsFlush } from "../../../subgraphs/runtime/queue/flush.sql.ts";
import type { EventRow, NodeRunRow } from "../../../subgraphs/runtime/queue/rows.ts";
import { eventsOfRow, mostEventsOfRow, storyRows } from "../../../subgraphs/runtime/queue/story.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

const atMs = 1_795_000_000_123.456;
const tenantId = "acme";

/** Microseconds, as PostgreSQL keeps times. */
const timeOf = (micros: number): number => (1_795_000_000_000_000 + micros) / 1_000;

const anyEvent = fc.record({
  type: fc.constantFrom(0, 1, 2),
  status: fc.option(fc.integer({ min: 0, max: 6 })),
  attempt: fc.option(fc.integer({ min: 1, max: 30_000 })),
  atMs: fc.integer({ min: 0, max: 10 ** 10 }).map(timeOf),
  path: fc.option(fc.string({ unit: "grapheme", maxLength: 400 })),
  spanId: fc.option(fc.constantFrom("00f067aa0ba902b7", "cafe")),
});
/** Numbered one after another, but for gaps. */
const anyStory = fc
  .array(
    fc.tuple(
      anyEvent,
      fc.integer({ min: 1, max: 40 }).map((step) => (step > 39 ? 2 : 1)),
    ),
    { maxLength: 200 },
  )
  .map((steps) => {
    let seq = 0;
    return steps.map(([event, step]): EventRow => ({ seq: (seq += step), ...event }));
  });

describe("rows of a story", () => {
  it("give back the events that they were made of, in their order", () => {
    fc.assert(
      fc.property(anyStory, (events) => {
        const rows = storyRows(events).map(({ earlier, ...last }) => ({ ...last, earlier: earlier == null ? null : JSON.parse(earlier) }));
        expect(rows.flatMap(eventsOfRow)).toEqual(events);
        for (const { seq, earlier } of rows) expect(events.some((event) => event.seq === seq - (earlier?.length ?? 0))).toBe(true);
      }),
    );
  });

  it.each([
    ["so many events", 200, "", [64, 64, 64, 8]],
    ["what fits into a row of a table", 30, "x".repeat(300), [5, 5, 5, 5, 5, 5]],
    ["one event that is longer", 2, "x".repeat(4_000), [1, 1]],
  ])("have %s at most", (_what, count, path, sizes) => {
    const events = Array.from({ length: count }, (_, index): EventRow => ({ seq: index + 1, type: 1, status: 3, attempt: 1, atMs, path }));
    expect(storyRows(events).map(({ earlier }) => (JSON.parse(earlier ?? "[]") as unknown[]).length + 1)).toEqual(sizes);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(mostEventsOfRow);
  });

  it.each([Number.NaN, Infinity])("are refused for the time %p", (time) => {
    const events = [atMs, time, atMs].map((at, index): EventRow => ({ seq: index + 1, type: 0, status: 1, atMs: at }));
    expect(() => storyRows(events)).toThrow(`at is ${time}`);
  });
});

interface Ending {
  runId: string;
  nodes: NodeRunRow[];
  /** Number of the run's last event. */
  last: number;
}

/** Puts the end of a run that the test owns into a flush, with so many node runs that were finished before they had a row. */
async function endingAdd(t: EngineFixture, rows: FlushRows, k: number, count: number): Promise<Ending> {
  const runId = await t.create(plan([node("a", "pure")]));
  const { lease } = (await runClaim(t.pool, { runId, tenantId, worker: "w", leaseMs: 30_000, orphansAllowed: true }))!;
  const last = count + 3;
  const row = { id: runId, lease, e0: 1, e1: last, seen: 0, calm: true, rest: "end", status: 3, workerKey: "w", clear: false } as const;
  rows.runs.add(k, [{ ...row, startedMs: atMs, endedMs: atMs + count }]);
  const nodes = Array.from({ length: count }, (_, index): NodeRunRow => {
    const [seq, times] = [index + 3, { createdMs: atMs, startedMs: atMs, endedMs: atMs + index / 8 }];
    return { path: `n${index}`, nodeType: "pure", status: index % 7 === 3 ? 6 : 3, attempt: 1, seq, doneSeq: seq, ...times };
  });
  rows.nodes.add(k, nodes);
  rows.events.add(k, [
    { seq: 2, type: 0, status: 1, atMs },
    { seq: last, type: 0, status: 3, atMs: atMs + count },
  ]);
  return { runId, nodes, last };
}

/** A run whose node runs one flush has stored. */
async function stored(count: number): Promise<Ending & { t: EngineFixture }> {
  const t = await EngineFixture.open({ madeUp: true });
  const rows = new FlushRows();
  const ending = await endingAdd(t, rows, 0, count);
  expect(await runsFlush(t.pool, flushBatch(rows, "end"), false)).toMatchObject([{ why: "ok" }]);
  return { t, ...ending };
}

describe("a stored story", () => {
  it("is read once and in order from behind every cursor, however few events are asked for", async () => {
    const { t, runId, nodes, last } = await stored(150);
    const { rows: all } = await t.pool.query("select seq, path from runtime.run_event where run_id = $1 order by seq", [runId]);
    expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: last }, (_, index) => index + 1));
    expect(all.filter(({ path }) => path !== null).map(({ path }) => path)).toEqual(nodes.map(({ path }) => path));
    const cursors = Array.from({ length: last + 1 }, (_, after) => ({ tenantId, runId, after }));
    for (const limit of [1, 2, 63, 64, 65, 200]) {
      const pages = await eventsRead(t.pool, cursors, limit);
      expect(pages.map((page) => page!.events.map(({ seq }) => seq))).toEqual(
        cursors.map(({ after }) => all.slice(after, after + limit).map(({ seq }) => seq)),
      );
      expect(pages.map((page) => page!.hasMore)).toEqual(cursors.map(({ after }) => after + limit < last));
      expect(pages.map((page) => page!.done)).toEqual(cursors.map(({ after }) => after + limit >= last));
    }
  });

  it("has of each node run what its row says, to a microsecond, and so has the view of single events", async () => {
    const { t, runId, nodes } = await stored(10);
    const [page] = await eventsRead(t.pool, [{ tenantId, runId, after: 2 }], nodes.length);
    expect(page!.events).toEqual(
      nodes.map(({ path, status, attempt, doneSeq, endedMs }) => ({
        seq: doneSeq,
        type: "NODE_STATUS",
        at: new Date(endedMs!),
        path,
        runStatus: null,
        nodeStatus: status === 3 ? "COMPLETED" : "SKIPPED",
        attempt,
        spanId: null,
      })),
    );
    const { rows } = await t.pool.query(
      `select count(*)::int as count from runtime.node_run n join runtime.run_event e on e.run_id = n.run_id and e.seq = n.done_seq
       where (e.type, e.status, e.attempt, e.at, e.tenant_id, e.path) = (1, n.status, n.attempt, n.ended_at, n.tenant_id, n.path) and e.span_id is null`,
    );
    expect(rows).toEqual([{ count: nodes.length }]);
  });

  it("takes single events from the version before, which inserts them where they lay then", async () => {
    const t = await EngineFixture.open({ madeUp: true });
    const runId = await t.create(plan([node("a", "pure")]));
    await t.pool.query(
      `with r as (update runtime.run set event_seq = 3 where id = $1 returning id, tenant_id)
       insert into runtime.run_event (run_id, tenant_id, seq, type, status, attempt, at, path, span_id)
       select id, tenant_id, 2, 1::smallint, 3, 1, now(), 'a', null from r union all select id, tenant_id, 3, 2::smallint, null, 1, now(), 'a', 'cafe' from r`,
      [runId],
    );
    const [page] = await eventsRead(t.pool, [{ tenantId, runId, after: 0 }], 10);
    expect(page!.events.map(({ seq, type, path, spanId }) => [seq, type, path, spanId])).toEqual([
      [1, "RUN_STATUS", null, null],
      [2, "NODE_STATUS", "a", null],
      [3, "SPAN", "a", "cafe"],
    ]);
  });
});

describe("what a flush writes", () => {
  it("is two records of the log for each finished node run, and some for each run", async () => {
    const t = await EngineFixture.open({ madeUp: true });
    const [runs, nodes] = [20, 10];
    const client = await t.pool.connect();
    // PostgreSQL counts them for each session, so nobody else's are among them.
    const recordsSoFar = async (): Promise<number> => {
      await client.query("select pg_stat_force_next_flush()");
      return Number((await client.query("select wal_records as count from pg_stat_get_backend_wal(pg_backend_pid())")).rows[0].count);
    };
    const recordsOfBatch = async (): Promise<number> => {
      const rows = new FlushRows();
      for (let k = 0; k < runs; k++) await endingAdd(t, rows, k, nodes);
      const before = await recordsSoFar();
      expect((await runsFlush(client, flushBatch(rows, "end"), false)).every(({ why }) => why === "ok")).toBe(true);
      return (await recordsSoFar()) - before;
    };
    try {
      // The least: a batch may come upon what PostgreSQL tidies up in between.
      const records = Math.min(await recordsOfBatch(), await recordsOfBatch(), await recordsOfBatch());
      // Its row and an entry of its index; a run: its own row, its work, a row of its story with an entry. The rest are pages that were split or made.
      expect(records / (runs * nodes)).toBeLessThan(2 + 6 / nodes);
    } finally {
      client.release();
    }
  });
});
