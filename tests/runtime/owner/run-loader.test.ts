/** Runs that were begun are loaded by their weight, and none waits for another's load. */
import { pino } from "pino";
import { registry } from "#shared/metrics/instruments.ts";
import type { NewRun } from "../../../subgraphs/runtime/control/new-run.ts";
import type { NodeExecutor } from "../../../subgraphs/runtime/nodes/executor.ts";
import { outputsLoad, runsLoad, runsWeigh } from "../../../subgraphs/runtime/queue/load.sql.ts";
import { HeldBytes } from "../../../subgraphs/runtime/owner/held/held-bytes.ts";
import { RunLoader, type NotLoaded } from "../../../subgraphs/runtime/owner/takeover/run-loader.ts";
import { PlanCache } from "../../../subgraphs/runtime/plan/frozen-plan.ts";
import { query } from "../../testkit/admin-query.ts";
import { EngineFixture, type SentStatement } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { eventually } from "../../testkit/eventually.ts";

const mebi = 1024 * 1024;
const timedOut = (): Error => new Error("Query read timeout");
const tooLarge = (): Error => Object.assign(new Error("out of memory"), { code: "54000", detail: "Cannot enlarge string buffer" });

/** Of each counter, whatever its labels. */
async function countsOf(...names: string[]): Promise<number[]> {
  const all = await registry.getMetricsAsJSON();
  return names.map((name) => {
    const values = all.find((metric) => metric.name === `agent_platform_${name}`)?.values ?? [];
    return values.reduce((sum, { value }) => sum + value, 0);
  });
}

const big: NodeExecutor = {
  effect: "pure",
  run: ({ config }) => ({ kind: "completed", outputText: "x".repeat(Number(config["characters"])) }),
};
const withBig = (t: EngineFixture) => (type: string) => (type === "big" ? big : t.executors(type));

/** A chain of outputs of so many characters each, and of a last node that waits to be called. */
function chain(count: number, characters: number) {
  const ids = Array.from({ length: count }, (_, k) => `n${k}`);
  const nodes = [...ids.map((id) => node(id, "big", { characters })), node("last", "call")];
  return plan(
    nodes,
    nodes.slice(1).map(({ id }, k) => `${nodes[k]!.id}>${id}`),
  );
}

/** Runs, each begun by a worker that has stopped before the call at its end. */
async function begun(
  t: EngineFixture,
  documents: ({ document: ReturnType<typeof chain> } & Pick<NewRun, "tenantId" | "gate">)[],
): Promise<string[]> {
  const ids = await Promise.all(documents.map(({ document, ...more }) => t.create(document, more)));
  const executors = withBig(t);
  const first = t.worker({ executors: (type) => (type === "call" ? t.executors("hold") : executors(type)) });
  for (const id of ids) await t.until(id, ({ nodes }) => nodes["last"] === "RUNNING" || nodes["last"] === "QUEUED");
  await first.kill();
  for (const id of ids) await t.leasesEnd(id);
  return ids;
}

const workOf = async (t: EngineFixture, key: string) =>
  (await t.pool.query("select crashes, lease, visible_at > now() as asleep from runtime.work where key = $1", [key])).rows[0] as {
    crashes: number;
    lease: string | null;
    asleep: boolean;
  };

describe("runs that were begun", () => {
  it.each([
    // It is loaded alone, for what it weighs.
    ["heavy", 4, 2 * mebi],
    // It is loaded together with them.
    ["light", 4, 10],
  ])(
    "are not kept by a %s one beside them that cannot be loaded: it alone is given back, for a while, and counts no more crashes",
    async (_, count, characters) => {
      const t = await EngineFixture.open();
      const [bad, ...light] = await begun(t, [
        { tenantId: "acme", document: chain(count, characters) },
        ...Array.from({ length: 4 }, () => ({ tenantId: "other", document: chain(2, 10) })),
      ]);
      let isBroken = true;
      let tries = 0;
      const givenBack: string[] = [];
      const sends = ({ name, values }: SentStatement): void => {
        if (name === "release_runs") givenBack.push(JSON.stringify(values));
        const isBad = name.startsWith("load") && JSON.stringify(values).includes(bad!);
        if (isBad && name === "load") tries++;
        if (isBad && name === "load" && isBroken) throw timedOut();
      };
      t.worker({ executors: withBig(t), sends });
      for (const id of light) expect((await t.finished(id)).status).toBe("COMPLETED");
      // They were loaded in halves beside it, not left for later with it.
      expect(givenBack.filter((values) => light.some((id) => values.includes(id)))).toEqual([]);
      await t.until(bad!, () => tries > 0);
      const seen = await t.until(bad!, () => true);
      expect(seen.status).toBe("RUNNING");
      // Given back again and again: it is seen between two tries.
      const row = await eventually(
        () => workOf(t, bad!),
        ({ lease, asleep }) => lease === null && asleep,
      );
      expect(row.crashes).toBe(1);
      isBroken = false;
      expect(await t.finished(bad!)).toMatchObject({ status: "COMPLETED", nodes: { n3: "COMPLETED", last: "COMPLETED" } });
    },
  );

  it("end where one has more than PostgreSQL puts into one answer: it fails, those beside it go on, and so does who waits in its line", async () => {
    const t = await EngineFixture.open();
    const gate = { key: "line", places: 1 };
    const [bad, light] = await begun(t, [
      { tenantId: "acme", document: chain(4, 10), gate },
      { tenantId: "other", document: chain(2, 10) },
    ]);
    const behind = await t.create(plan([node("a", "pure")]), { gate });
    const sends = ({ name, values }: SentStatement): void => {
      if (name === "load" && JSON.stringify(values).includes(bad!)) throw tooLarge();
    };
    const before = await countsOf("dead_letters_total", "runs_ended_total");
    t.worker({ executors: withBig(t), sends });
    expect(await t.finished(light!)).toMatchObject({ status: "COMPLETED" });
    expect(await t.finished(bad!)).toMatchObject({
      status: "FAILED",
      errorCode: "RUN_TOO_LARGE",
      nodes: { n3: "COMPLETED", last: "CANCELLED" },
    });
    expect((await t.pool.query("select from runtime.work where key = $1", [bad])).rowCount).toBe(0);
    expect((await t.finished(behind)).status).toBe("COMPLETED");
    // One dead letter; of three that ended it is one.
    const [letters = 0, ended = 0] = before;
    expect(await countsOf("dead_letters_total", "runs_ended_total")).toEqual([letters + 1, ended + 3]);
  });

  it("end with RUN_DAMAGED, each alone and after three tries over more than a lease, where what is stored of them does not fit together", async () => {
    const t = await EngineFixture.open({ madeUp: true, applyWaitMs: 1 });
    const asks = (mark: string) => plan([node("a", "pure", { mark }), node("ask", "person")], ["a>ask"]);
    const items = { items: [1, 2], body: plan([node("ask", "person")]) as never, parallel: 2 };
    const damages = {
      "the plan of another": "update runtime.run set plan_id = (select plan_id from runtime.run where id = $2) where id = $1",
      "no plan": "update runtime.run set plan_id = 'gone' where id = $1 and $2 <> ''",
      "a node that is none": "update runtime.run set initial_node = 'none' where id = $1 and $2 <> ''",
      "items that are none": `update runtime.node_run set opened = '{"v": 1, "count": 2, "chunks": 5}' where run_id = $1 and path = 'each' and $2 <> ''`,
    };
    t.worker({ leaseMs: 300 });
    const beside = await t.create(plan([node("other", "person")]));
    const ids: string[] = [];
    for (const name of Object.keys(damages))
      ids.push(await t.create(name.startsWith("items") ? plan([node("each", "iteration", items)]) : asks(name)));
    for (const id of [...ids, beside]) await t.until(id, ({ status }) => status === "WAITING");
    for (const [index, text] of Object.values(damages).entries()) await t.pool.query(text, [ids[index], beside]);
    const before = await countsOf("dead_letters_total");
    for (const runId of ids)
      await t.control.answerNode({ tenantId: "acme", runId, path: "ask", outcome: { kind: "completed" } }).catch(() => {});
    await t.control.cancel({ tenantId: "acme", runId: ids.at(-1)! }).catch(() => {});
    await t.control.answerNode({ tenantId: "acme", runId: beside, path: "other", outcome: { kind: "completed" } });
    expect((await t.finished(beside)).status).toBe("COMPLETED");
    for (const runId of ids) expect(await t.finished(runId)).toMatchObject({ status: "FAILED", errorCode: "RUN_DAMAGED" });
    expect(await countsOf("dead_letters_total")).toEqual([before[0]! + ids.length]);
    expect((await t.finished(await t.create(plan([node("b", "pure")])))).status).toBe("COMPLETED");
  });

  it("are given back, not failed, where they are too large only because their plan could not be read", async () => {
    // As many events as a run has that is loaded by its plan.
    const t = await EngineFixture.open({ madeUp: true });
    const [long] = await begun(t, [{ tenantId: "acme", document: chain(4, 10) }]);
    await t.pool.query("update runtime.run set event_seq = 600 where id = $1", [long]);
    let isAway = true;
    const sends = ({ name }: SentStatement): void => {
      if (name === "load_plan_ids" && isAway) throw Object.assign(new Error("connection lost"), { code: "08006" });
      if (name === "load" && isAway) throw tooLarge();
      if (name === "release_runs") isAway = false;
    };
    const worker = t.worker({ executors: withBig(t), sends });
    expect(await t.finished(long!)).toMatchObject({ status: "COMPLETED", nodes: { last: "COMPLETED" } });
    expect(isAway).toBe(false);
    // Its statements and this one would wait for each other.
    await worker.stop();
    // No story has the events that were made up.
    await query(t.adminUrl, "truncate runtime.run, runtime.node_run, runtime.run_story, runtime.work, runtime.inbox");
  });

  it("are not said to be too large each by itself where the process ends before they are asked for one by one", async () => {
    const statements: string[] = [];
    const db = {
      query: ({ name }: { name: string }) => {
        statements.push(name);
        if (name !== "load") return Promise.resolve({ rows: [] });
        loader.close();
        return Promise.reject(tooLarge());
      },
    } as never;
    const loader = new RunLoader({ db, log: pino({ level: "silent" }), held: new HeldBytes(mebi), plans: new PlanCache(db) });
    const claim = { tenantId: "acme", lease: "l", leaseMs: 1_000, crashes: 0, company: 0, bound: null, dbNowMs: 0, eventSeq: 5 };
    const told: NotLoaded[] = [];
    const notLoaded = async (_: unknown, why: NotLoaded) => void told.push(why);
    await loader.load(
      [
        { ...claim, runId: "a" },
        { ...claim, runId: "b" },
      ],
      { loaded: async () => {}, notLoaded },
    );
    expect(statements).toEqual(["load_weights", "load"]);
    expect(told).toMatchObject([{ isAlone: false }, { isAlone: false }]);
  });

  it("keep nobody waiting that nobody has begun, though their load is not answered", async () => {
    const t = await EngineFixture.open();
    const [stored] = await begun(t, [{ tenantId: "acme", document: chain(2, 10) }]);
    const fresh = await Promise.all(Array.from({ length: 3 }, () => t.create(plan([node("a", "pure")]), { tenantId: "other" })));
    let isAway = true;
    t.worker({
      leaseMs: 240_000,
      sends: ({ name }) => {
        if (/^load(_weights|_outputs)?$/.test(name) && isAway) throw Object.assign(new Error("connection lost"), { code: "08006" });
      },
    });
    for (const id of fresh) expect((await t.finished(id)).status).toBe("COMPLETED");
    // It is tried for half a lease, and is not given back yet.
    const { rows } = await t.pool.query("select lease is not null as held from runtime.work where key = $1", [stored]);
    expect(rows).toEqual([{ held: true }]);
    isAway = false;
    expect((await t.finished(stored!)).status).toBe("COMPLETED");
  });

  it("are read in pages of bytes, whole, and what they weigh is known before", async () => {
    const t = await EngineFixture.open();
    const [heavy, light] = await begun(t, [
      { tenantId: "acme", document: chain(5, 1.5 * mebi) },
      { tenantId: "acme", document: chain(3, 10) },
    ]);
    const weights = new Map((await runsWeigh(t.pool, [heavy!, light!])).map((weight) => [weight.id, weight]));
    expect(weights.get(heavy!)).toMatchObject({ outputBytes: 7.5 * mebi });
    expect(weights.get(light!)!.rowBytes).toBeLessThan(20_000);
    const pages: number[] = [];
    const counting = {
      query: (statement: { name: string; text: string; values: unknown[][] }) => {
        pages.push(statement.values[0]!.length);
        return t.pool.query(statement);
      },
    } as never;
    const loaded = await runsLoad(t.pool, [heavy!]);
    await outputsLoad(counting, loaded);
    expect(pages).toEqual([2, 2, 1]);
    expect(loaded[0]!.nodes.map(({ outputText }) => outputText?.length ?? null).toSorted()).toEqual(
      [...Array.from({ length: 5 }, () => 1.5 * mebi), null].toSorted(),
    );
  });

  it("are read in halves where a page is not answered in its time", async () => {
    const t = await EngineFixture.open();
    const [stored] = await begun(t, [{ tenantId: "acme", document: chain(6, 10_000) }]);
    const sizes: number[] = [];
    t.worker({
      sends: ({ name, values }) => {
        if (name !== "load_outputs") return;
        sizes.push((values[0] as string[]).length);
        if (sizes.at(-1)! > 2) throw timedOut();
      },
    });
    expect((await t.finished(stored!)).status).toBe("COMPLETED");
    expect(sizes).toEqual([6, 3, 2, 1, 3, 2, 1]);
  });

  it("have the state that they had, whatever its nodes wrote on the way", async () => {
    const t = await EngineFixture.open();
    const assign: NodeExecutor = {
      effect: "pure",
      run: ({ nodeId, config }) => ({ kind: "completed", stateUpdates: { last: nodeId, ...config } }),
    };
    const executors = (type: string) => (type === "assign" ? assign : type === "call" ? t.executors("hold") : t.executors(type));
    const first = t.worker({ executors });
    const document = plan([node("a", "assign", { z: 1 }), node("b", "assign", { a: 2 }), node("last", "call")], ["a>b", "b>last"]);
    const runId = await t.create(document);
    await t.until(runId, ({ nodes }) => nodes["last"] === "RUNNING");
    await first.kill();
    await t.leasesEnd(runId);
    t.worker();
    const { state, status } = await t.finished(runId);
    expect([status, JSON.stringify(state)]).toEqual(["COMPLETED", JSON.stringify({ last: "b", z: 1, a: 2 })]);
  });
});

describe("a run that nobody has begun", () => {
  it("is loaded where its input is large: a claim brings many", async () => {
    const t = await EngineFixture.open();
    const names: string[] = [];
    t.worker({ sends: ({ name }) => names.push(name) });
    const input = { texts: Array.from({ length: 20_000 }, (_, k) => `${k} ${Math.random()}`) };
    expect((await t.finished(await t.create(plan([node("a", "pure")]), { input }))).status).toBe("COMPLETED");
    expect(names).toContain("load");
  });
});
