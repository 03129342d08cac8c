import type pg from "pg";
import { EventBatcher } from "../../../subgraphs/runtime/control/event-batcher.ts";
import type { Queryable } from "../../../subgraphs/runtime/queue/statement.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

const tenantId = "acme";
const unknown = { tenantId, runId: "nope", after: 0 };

/** A batcher on the fixture's database, and the statements that it has sent. */
async function setup(now?: () => number) {
  const t = await EngineFixture.open();
  const sent: pg.QueryConfig[] = [];
  let gate = Promise.resolve();
  const query = async (statement: pg.QueryConfig) => {
    sent.push(statement);
    await gate;
    return t.pool.query(statement);
  };
  const hold = () => {
    const held = Promise.withResolvers<void>();
    gate = held.promise;
    return held.resolve;
  };
  const batcher = new EventBatcher({ query } as Queryable, { ...(now && { now }) });
  return { t, sent, batcher, hold, runs: () => sent.map(({ values }) => values![0] as string[]) };
}

describe("reads of events", () => {
  it("of one turn share a statement; each caller gets its own run's events, and null for what its tenant has not", async () => {
    const { t, runs, batcher } = await setup();
    const ids = [await t.create(plan([node("a", "pure")])), await t.create(plan([]))];
    const [queued, ended, foreign, none] = await Promise.all([
      batcher.read({ tenantId, runId: ids[0]!, after: 0 }),
      batcher.read({ tenantId, runId: ids[1]!, after: 1 }),
      batcher.read({ tenantId: "beta", runId: ids[0]!, after: 0 }),
      batcher.read(unknown),
    ]);
    expect(queued).toMatchObject({ events: [{ seq: 1, type: "RUN_STATUS", runStatus: "QUEUED" }], hasMore: false, done: false });
    expect(ended).toMatchObject({ events: [{ seq: 2, runStatus: "COMPLETED" }], hasMore: false, done: true });
    expect([foreign, none]).toEqual([null, null]);
    expect(runs()).toEqual([[ids[0], ids[1], ids[0], "nope"]]);
  });

  it("that ask for the same are answered by one row", async () => {
    const { t, runs, batcher } = await setup();
    const runId = await t.create(plan([node("a", "pure")]));
    const pages = await Promise.all(Array.from({ length: 50 }, () => batcher.read({ tenantId, runId, after: 0 })));
    expect(pages.every((page) => page?.events.length === 1)).toBe(true);
    expect(runs()).toEqual([[runId]]);
  });

  it("are answered in several turns of the main loop where callers have much to do with them", async () => {
    const { t, runs, batcher } = await setup();
    const runId = await t.create(plan([node("a", "pure")]));
    let inTurn = 0;
    let most = 0;
    let isDone = false;
    const look = () => {
      inTurn = 0;
      if (!isDone) setImmediate(look);
    };
    setImmediate(look);
    const callers = Array.from({ length: 100 }, () =>
      batcher.read({ tenantId, runId, after: 0 }).then(() => {
        for (const until = performance.now() + 1; performance.now() < until;);
        most = Math.max(most, (inTurn += 1));
      }),
    );
    await Promise.all(callers);
    isDone = true;
    expect(runs()).toEqual([[runId]]);
    // Of 5 ms, and a few that had begun.
    expect(most).toBeLessThan(20);
  });

  it("of many runs get fewer events each, are told that there are more, and are not done before the last", async () => {
    const { t, sent, batcher } = await setup();
    const names = Array.from({ length: 60 }, (_, n) => `n${n}`);
    const runId = await t.create(plan(names.map((name) => node(name, "pure"))));
    t.worker();
    await t.finished(runId);
    const [page] = await Promise.all([
      batcher.read({ tenantId, runId, after: 0 }),
      ...Array.from({ length: 199 }, (_, n) => batcher.read({ ...unknown, after: n })),
    ]);
    expect(sent).toHaveLength(1);
    expect(page).toMatchObject({ hasMore: true, done: false });
    expect(page!.events).toHaveLength(25);
    const rest = await batcher.read({ tenantId, runId, after: 25 });
    expect(rest).toMatchObject({ hasMore: false, done: true });
    expect(rest!.events[0]!.seq).toBe(26);
  });

  it("fail alone where PostgreSQL refuses what one of them asks", async () => {
    const { t, batcher } = await setup();
    const runId = await t.create(plan([node("a", "pure")]));
    const asked = [batcher.read({ tenantId, runId, after: 0 }), batcher.read({ tenantId, runId, after: 2 ** 40 }), batcher.read(unknown)];
    const [fine, refused, none] = await Promise.allSettled(asked);
    expect(fine).toMatchObject({ value: { events: [{ seq: 1 }] } });
    expect(refused).toMatchObject({ status: "rejected", reason: { code: "22003" } });
    expect(none).toMatchObject({ value: null });
  });

  it("give up when their turn does not come in time, and those behind them do not wait for them", async () => {
    let nowMs = 0;
    const { batcher, hold } = await setup(() => nowMs);
    const release = hold();
    const turn = () => new Promise(setImmediate);
    const flying = [batcher.read(unknown)];
    await turn();
    flying.push(batcher.read(unknown));
    await turn();
    const late = batcher.read(unknown);
    late.catch(() => {});
    await turn();
    nowMs += 10_001;
    const fresh = batcher.read({ ...unknown, after: 1 });
    await turn();
    release();
    await expect(late).rejects.toMatchObject({ reason: "DATABASE_BUSY" });
    expect(await Promise.all([...flying, fresh])).toEqual([null, null, null]);
  });

  it("look runs and events up by their keys, also where the tables were empty when it was planned", async () => {
    const { t, sent, batcher } = await setup();
    await batcher.read(unknown);
    const [{ text }] = sent as [pg.QueryConfig];
    const client = await t.pool.connect();
    await client.query(`prepare planned as ${text}`);
    const { rows } = await client.query<{ "QUERY PLAN": string }>("explain execute planned (array['a'], array['b'], array[0], 200)");
    client.release();
    const lines = rows.map((row) => row["QUERY PLAN"]).join("\n");
    expect(lines).not.toMatch(/Hash|Merge|Seq Scan/);
    expect(lines.match(/Index Scan using run_(tenant|pkey|story_pkey)/g)).toHaveLength(2);
    expect(lines.match(/Index Cond/g)).toHaveLength(2);
  });
});
