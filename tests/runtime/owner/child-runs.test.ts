import { eventually } from "../../testkit/eventually.ts";
import { newId } from "#shared/ids.ts";
import { AppError } from "#shared/errors.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { childNode, childOf, parentOf, TestPump } from "../../testkit/engine/child-runs.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { pino } from "pino";
import { AwaitedRuns } from "../../../subgraphs/runtime/control/awaited-runs.ts";
import { RoomLooks, type Seen } from "../../../subgraphs/runtime/control/room-looks.ts";
import type { RunMessagesOptions } from "../../../subgraphs/runtime/control/run-messages.ts";
import { TenantQuotas } from "../../../subgraphs/runtime/control/tenant-quotas.ts";
import { settle, type Fate } from "../../../subgraphs/runtime/control/outbox-pump.ts";
import { maxChildBytes } from "../../../subgraphs/runtime/owner/composites/child-runs.ts";
import { runClaim } from "../../../subgraphs/runtime/queue/claim.sql.ts";
import { runFailUnstored } from "../../../subgraphs/runtime/queue/dead-letter.sql.ts";
import { gateIsFull } from "../../../subgraphs/runtime/queue/gate.sql.ts";
import { outboxKinds } from "../../../subgraphs/runtime/queue/statuses.ts";

const { ended, cancel, create } = outboxKinds;
const hold = plan([node("work", "hold")]);
const fail = plan([node("work", "fail")]);
const answer = plan([node("say", "answer", { answer: "Hello" }), node("set", "assign", { updates: { seen: true } })], ["say>set"]);

const waiting = (t: EngineFixture, id: string) => t.until(id, ({ status }) => status === "WAITING");
afterEach(() => {
  jest.useRealTimers();
});

const inbox = (t: EngineFixture) => t.pool.query("select kind, path from runtime.inbox").then(({ rows }) => rows);

describe("a run that another has made", () => {
  it("is made by the outbox, and its end is its node's", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    t.worker();
    const id = await t.create(parentOf(answer));
    await waiting(t, id);
    const child = (await childOf(t, id))!;
    // Its making alone: it may have ended before the pump looks again.
    const making = await pump.take();
    await settle(t.pool, await pump.deliver(making));
    await t.finished(child);
    expect([...making.map(({ kind }) => kind), ...(await pump.run())]).toEqual([create, ended]);
    expect(await t.finished(id)).toMatchObject({ status: "COMPLETED", outputText: "Hello", nodes: { sub: "COMPLETED" } });
    expect((await t.view(id)).outputJson).toEqual({ result: "Hello", state: { seen: true } });
    const { rows } = await t.pool.query(
      "select c.parent_run_id, c.parent_path, c.depth, c.detached, c.input, c.trace_id = p.trace_id as same, c.parent_span_id = runtime.node_span_id(p.id, 'sub', 1) as beneath from runtime.run c join runtime.run p on p.id = c.parent_run_id where c.id = $1",
      [child],
    );
    expect(rows).toEqual([
      { parent_run_id: id, parent_path: "sub", depth: 1, detached: false, input: { who: "Ada" }, same: true, beneath: true },
    ]);
  });

  it("that nobody waits for lives alone", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    t.worker();
    const id = await t.create(parentOf(hold, childNode("sub", {}, { detached: true })));
    expect(await t.finished(id)).toMatchObject({ status: "COMPLETED", nodes: { sub: "COMPLETED" } });
    const child = (await childOf(t, id))!;
    expect((await t.view(id)).outputJson).toEqual({ runId: child });
    expect(await pump.run()).toEqual([create]);
    (await t.calls.heldNode("work")).end();
    expect(await t.finished(child)).toMatchObject({ status: "COMPLETED" });
    expect(await pump.run()).toEqual([]);
  });

  it("that fails fails its node, which may handle it", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    t.worker();
    const id = await t.create(parentOf(fail, childNode("sub", { on_error: "branch" }), node("sorry", "echo")));
    await waiting(t, id);
    await pump.run();
    const child = (await childOf(t, id))!;
    await t.finished(child);
    await pump.run();
    expect(await t.finished(id)).toMatchObject({ status: "COMPLETED", handledErrors: 1 });
    const { rows } = await t.pool.query("select error_code, error_message, output_json from runtime.node_run where path = 'sub'");
    expect(rows).toEqual([
      {
        error_code: "CHILD_RUN_FAILED",
        error_message: `Run ${child} failed: BROKEN: The node work failed: as told`,
        output_json: { runId: child, errorCode: "BROKEN", errorMessage: "The node work failed: as told" },
      },
    ]);
  });

  it("is made anew for each attempt", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    t.worker();
    const id = await t.create(
      parentOf(
        plan([node("work", "flaky", { failures: 1, byPath: true })]),
        childNode("sub", { retry: { max_attempts: 2, backoff_seconds: 0 } }),
      ),
    );
    await waiting(t, id);
    const first = (await childOf(t, id))!;
    await pump.run();
    await t.finished(first);
    await pump.run();
    const second = await eventuallyOther(t, id, first);
    await pump.run();
    expect(await t.finished(second)).toMatchObject({ status: "COMPLETED" });
    await pump.run();
    expect(await t.finished(id)).toMatchObject({ status: "COMPLETED" });
  });
});

it("a run that goes on from one which failed with the run that it waited for makes that anew, beneath itself", async () => {
  const t = await EngineFixture.open();
  const pump = new TestPump(t);
  t.worker();
  const failed = await t.create(parentOf(fail, node("before", "pure"), childNode()));
  await waiting(t, failed);
  const first = (await childOf(t, failed))!;
  const settled = async (id: string, child: string) => {
    await pump.run();
    await t.finished(child);
    await pump.run();
    return t.finished(id);
  };
  await settled(failed, first);
  const again = newId();
  await t.control.retryRun({ tenantId: "acme", runId: failed, newRunId: again });
  await waiting(t, again);
  const second = (await childOf(t, again))!;
  expect(await settled(again, second)).toMatchObject({ status: "FAILED", nodes: { before: "COMPLETED", sub: "FAILED" } });
  const { rows } = await t.pool.query(
    "select id, parent_run_id as parent, status from runtime.run where parent_run_id is not null order by id",
  );
  expect(rows).toEqual([
    { id: first, parent: failed, status: 4 },
    { id: second, parent: again, status: 4 },
  ]);
});

it("a run gives those that it makes so much together and no more, whoever owns it then", async () => {
  const t = await EngineFixture.open();
  const pump = new TestPump(t);
  t.worker();
  const input = { text: "x".repeat(1_000_000) };
  const first = childNode("first", {}, { input, detached: true });
  const last = childNode("last", {}, { input, detached: true });
  const id = await t.create({ ...plan([first, node("ask", "person"), last], ["first>ask", "ask>last"]), workflows: { child: answer } });
  await waiting(t, id);
  const bytes = JSON.stringify(input).length;
  const given = async () => (await t.pool.query("select child_bytes::int as bytes from runtime.run where id = $1", [id])).rows[0].bytes;
  expect(await given()).toBe(bytes);
  await t.pool.query("update runtime.run set child_bytes = $2 where id = $1", [id, maxChildBytes - bytes + 1]);
  await t.control.answerNode({ tenantId: "acme", runId: id, path: "ask", outcome: { kind: "completed" } });
  expect(await t.finished(id)).toMatchObject({ status: "FAILED", errorCode: "SUB_WORKFLOW_TOO_LARGE", nodes: { last: "FAILED" } });
  await pump.run();
});

describe("what runs tell others", () => {
  it("waits while the tenant may have no more runs", async () => {
    const t = await EngineFixture.open();
    const full = new TestPump(t, { admit: () => Promise.reject(new AppError("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "No more runs.")) });
    t.worker();
    const id = await t.create(parentOf(answer));
    await waiting(t, id);
    expect(await full.run()).toEqual([create]);
    expect((await t.pool.query("select attempts from runtime.outbox")).rows).toEqual([{ attempts: 1 }]);
    const pump = new TestPump(t);
    await pump.due();
    await pump.run();
    await t.finished((await childOf(t, id))!);
    await pump.run();
    expect(await t.finished(id)).toMatchObject({ status: "COMPLETED" });
  });

  it("lets no more than so many stand in a line behind one that waits for a person, and lets pass what stands in none", async () => {
    const t = await EngineFixture.open();
    const defaults = { queuedRuns: 1, runningRuns: null, runsPerHour: null, storageMib: null };
    const log = pino({ level: "silent" });
    // Each by a process that has just counted.
    const admit: RunMessagesOptions["admit"] = (tenantId, movesNobody) =>
      new TenantQuotas({ db: t.pool, log, defaults }).admit(tenantId, { isPart: true, movesNobody });
    const pump = new TestPump(t, { admit });
    t.worker();
    const keyed = { ...plan([node("ask", "person")]), concurrency: { limit: 1 } };
    const states = async () =>
      (await t.pool.query("select state, count(*)::int as count from runtime.gate group by state order by state")).rows;
    const next = async () => {
      const parent = await t.create(parentOf(keyed));
      await waiting(t, parent);
      await pump.run();
      return (await childOf(t, parent))!;
    };
    const holder = await next();
    await waiting(t, holder);
    // One may wait, and five more do.
    for (let n = 0; n < 6; n++) await next();
    const inLine = [
      { state: 0, count: 6 },
      { state: 1, count: 1 },
    ];
    expect(await states()).toEqual(inLine);
    for (let n = 0; n < 2; n++) await next();
    expect(await states()).toEqual(inLine);
    expect((await t.pool.query("select kind from runtime.outbox")).rows).toEqual([{ kind: create }, { kind: create }]);
    const other = await t.create(parentOf(answer));
    await waiting(t, other);
    await pump.run();
    await t.finished((await childOf(t, other))!);
    // A part of the holder's own work stands in no line.
    const { rows } = await t.pool.query<{ key: string }>("select key from runtime.gate limit 1");
    const place = { tenantId: "acme", key: rows[0]!.key, places: 1 };
    expect(await gateIsFull(t.pool, { ...place, runId: holder })).toBe(false);
    expect(await gateIsFull(t.pool, { ...place, runId: other })).toBe(true);
    expect(await gateIsFull(t.pool, { ...place, runId: other, places: 8 })).toBe(false);
  });

  it("costs others the same however much of one tenant waits, and comes when there is room", async () => {
    const t = await EngineFixture.open({ madeUp: true });
    let room = 0;
    const refusal = () => new AppError("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "No more runs.");
    const admit = (tenantId: string) =>
      tenantId !== "wide" || room-- > 0 ? Promise.resolve({ end: () => {} }) : Promise.reject(refusal());
    const pump = new TestPump(t, { admit, room: () => room });
    const { rows } = await t.pool.query("select plan_id from runtime.run where id = $1", [await t.create(plan([node("a", "pure")]))]);
    const facts = {
      planId: rows[0].plan_id,
      kind: "WORKFLOW",
      depth: 1,
      dryRun: false,
      requestId: "r",
      traceId: "0".repeat(32),
      parentSpanId: "0".repeat(16),
    };
    const ask = `insert into runtime.outbox (run_id, tenant_id, kind, target_run_id, target_path, body, input)
      select $1, $1, 4, runtime.new_run_id(), 'each#' || g || '/go', $3, '{}' from generate_series(1, $2::int) g`;
    const made = async (tenantId: string) => (await t.pool.query("select id from runtime.run where tenant_id = $1", [tenantId])).rowCount;
    await t.pool.query(ask, ["wide", 2_000, JSON.stringify(facts)]);
    await pump.run();
    // Each alone would come again in a second: they come ten in a second.
    const apart =
      "select extract(epoch from max(visible_at) - min(visible_at))::int as seconds, count(*)::int as count from runtime.outbox";
    expect((await t.pool.query(apart)).rows).toEqual([{ seconds: expect.any(Number), count: 2_000 }]);
    expect((await t.pool.query(apart)).rows[0].seconds).toBeGreaterThan(150);
    await t.pool.query(ask, ["narrow", 1, JSON.stringify(facts)]);
    await pump.run();
    expect([await made("wide"), await made("narrow")]).toEqual([0, 1]);
    // One comes by itself. It finds room, and as many others as there is room for come at once.
    room = 500;
    await t.pool.query("update runtime.outbox set visible_at = now() where target_path = 'each#7/go'");
    await pump.run();
    expect([await made("wide"), (await t.pool.query(apart)).rows]).toEqual([500, [{ seconds: expect.any(Number), count: 1_500 }]]);
    // Who comes when the line is gone does not stand behind it.
    room = 5_000;
    await pump.due();
    await pump.run();
    room = 0;
    await t.pool.query(ask, ["wide", 1, JSON.stringify(facts)]);
    await pump.run();
    const pause = "select extract(epoch from visible_at - now())::int as seconds from runtime.outbox";
    expect((await t.pool.query(pause)).rows).toEqual([{ seconds: expect.any(Number) }]);
    expect((await t.pool.query(pause)).rows[0].seconds).toBeLessThan(60);
  });

  it("is let come as soon as there is room, each tenant's for itself, however long it was put off", async () => {
    const t = await EngineFixture.open({ madeUp: true });
    const room = { wide: 0, narrow: 0 };
    const full = new AppError("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "No more runs.");
    const looked: string[] = [];
    let fails = 1;
    const pump = new TestPump(t, {
      admit: () => Promise.reject(full),
      roomNow: async (tenantId) => {
        looked.push(tenantId);
        // A look that finds no answer is no last one.
        if (fails-- > 0) throw new Error("the database is away");
        return room[tenantId as keyof typeof room];
      },
    });
    let told = 0;
    pump.start(() => told++);
    const ask = `insert into runtime.outbox (run_id, tenant_id, kind, target_run_id, target_path, body, input)
      select $1, $1, 4, runtime.new_run_id(), 'each#' || g || '/go', '{}', '{}' from generate_series(1, $2::int) g`;
    await t.pool.query(ask, ["wide", 20]);
    await t.pool.query(ask, ["narrow", 1]);
    await pump.run();
    await t.pool.query("update runtime.outbox set visible_at = now() + interval '1 hour'");
    const due = async () =>
      (
        await t.pool.query(
          "select tenant_id as tenant, count(*)::int as count from runtime.outbox where visible_at <= now() group by tenant_id order by tenant_id",
        )
      ).rows;
    await eventually(
      async () => new Set(looked).size,
      (count) => count === 2,
    );
    expect([await due(), told]).toEqual([[], 0]);
    room.narrow = 5;
    await eventually(due, ([first]) => first !== undefined);
    expect(await due()).toEqual([{ tenant: "narrow", count: 1 }]);
    room.wide = 20;
    await eventually(due, (rows) => rows.length === 2);
    expect(await due()).toEqual([
      { tenant: "narrow", count: 1 },
      { tenant: "wide", count: 20 },
    ]);
    expect(told).toBe(2);
    await pump.close();
  });

  it.each([
    new AppError("DOWNSTREAM_UNAVAILABLE", "SUBGRAPH_NOT_ANSWERING", "It hangs."),
    new AppError("RESOURCE_EXHAUSTED", "SUBGRAPH_BUSY", "It is busy."),
  ])("that a fault puts off is brought forward once by room, and then comes as after any fault: $code", async (fault) => {
    const t = await EngineFixture.open({ madeUp: true });
    const looked: string[] = [];
    const passed = new Set<string>();
    let asked = 0;
    const pump = new TestPump(t, {
      admit: async (tenantId) => {
        // One is refused until there is room, the other always.
        if (!passed.has(tenantId)) throw new AppError("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "No more runs.");
        return { end: () => {} };
      },
      roomNow: async (tenantId) => {
        looked.push(tenantId);
        if (tenantId === "full") return 0;
        passed.add(tenantId);
        return 5;
      },
      failureRun: async () => {
        asked++;
        throw fault;
      },
    });
    let pumped = Promise.resolve();
    pump.start(() => {
      pumped = pumped.then(async () => void (await pump.run()));
    });
    await t.pool.query(
      `insert into runtime.outbox (run_id, tenant_id, kind, target_run_id, target_path, body, attempts)
       select tenant, tenant, ${create}, 'f-' || tenant, '', '{"onFailure": "tell", "requestId": "r"}', 8 from unnest(array['full', 'roomy']) tenant`,
    );
    await pump.run();
    await eventually(
      async () => asked,
      (count) => count > 0,
    );
    // Three more looks at the other: pauses double, so a second one at this tenant would be among them.
    const before = looked.length;
    await eventually(
      async () => looked.slice(before).filter((tenantId) => tenantId === "full").length,
      (count) => count >= 3,
    );
    await pumped;
    await pump.close();
    expect([asked, looked.filter((tenantId) => tenantId === "roomy")]).toEqual([1, ["roomy"]]);
    const left = "select extract(epoch from visible_at - now())::int as seconds from runtime.outbox where tenant_id = 'roomy'";
    expect((await t.pool.query(left)).rows[0].seconds).toBeGreaterThan(60);
  });

  it("is looked for when its pause is stored, so that one that is refused in a batch that takes long comes as soon as there is room too", async () => {
    const t = await EngineFixture.open({ madeUp: true });
    const looked: string[] = [];
    const pump = new TestPump(t, {
      admit: () => Promise.reject(new AppError("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "No more runs.")),
      roomNow: async (tenantId) => {
        looked.push(tenantId);
        return tenantId === "full" ? 0 : 5;
      },
    });
    const due = Promise.withResolvers<void>();
    pump.start(due.resolve);
    const ask = `insert into runtime.outbox (run_id, tenant_id, kind, target_run_id, target_path, body, attempts)
      values ($1, $1, ${create}, 'f-' || $1, '', '{}', 8)`;
    await t.pool.query(ask, ["roomy"]);
    const refused = await pump.deliver(await pump.take());
    await t.pool.query(ask, ["full"]);
    await pump.run();
    // Looks at another, later than one at this tenant would be.
    await eventually(
      async () => looked.length,
      (count) => count >= 2,
    );
    expect(new Set(looked)).toEqual(new Set(["full"]));
    await settle(t.pool, refused);
    await due.promise;
    const { rows } = await t.pool.query("select visible_at <= now() as due from runtime.outbox where tenant_id = 'roomy'");
    expect(rows).toEqual([{ due: true }]);
    await pump.close();
  });

  it("is looked for without a timer while four looks hang, then of whoever has waited longest, and no more often than somebody is due", async () => {
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
    const looked: string[] = [];
    const hanging: ((seen: Seen) => void)[] = [];
    const look = (tenantId: string): Promise<Seen> => {
      looked.push(tenantId);
      return new Promise((resolve) => hanging.push(resolve));
    };
    const looks = new RoomLooks({ log: pino({ level: "silent" }), look });
    const tenants = Array.from({ length: 6 }, (_, place) => `t${place}`);
    for (const tenantId of tenants) looks.wanted(tenantId);
    await jest.advanceTimersByTimeAsync(10_000);
    expect([looked, jest.getTimerCount()]).toEqual([tenants.slice(0, 4), 0]);
    looks.wanted("t9");
    expect(jest.getTimerCount()).toBe(0);
    for (const end of hanging.splice(0)) end("nothing");
    // Twenty in a second.
    await jest.advanceTimersByTimeAsync(60);
    expect(looked.slice(4)).toEqual(["t4"]);
    await jest.advanceTimersByTimeAsync(200);
    expect(looked.slice(4)).toEqual(["t4", "t5", "t9"]);
    const [first, ...others] = hanging.splice(0);
    for (const end of others) end("nothing");
    first?.("waits");
    // Nothing wakes the process but a look that is due.
    const { setTimeout: arm } = globalThis;
    let armed = 0;
    globalThis.setTimeout = ((...given: Parameters<typeof arm>) => (armed++, arm(...given))) as typeof arm;
    for (let count = 1; count <= 5; count++) {
      await jest.advanceTimersByTimeAsync(15_000);
      expect(looked.slice(7)).toEqual(Array.from({ length: count }, () => "t4"));
      hanging.pop()?.("waits");
    }
    globalThis.setTimeout = arm;
    expect(armed).toBeLessThanOrEqual(5);
    // What goes on brings a look forward that is 15 s away.
    await jest.advanceTimersByTimeAsync(10);
    looks.wentOn("t4");
    await jest.advanceTimersByTimeAsync(101);
    expect(looked.slice(7)).toHaveLength(6);
    for (const end of hanging.splice(0)) end("nothing");
    await looks.close();
  });

  it("is looked at less and less often where what a look lets come is refused again, and soon where it goes on", async () => {
    jest.useFakeTimers();
    let count = 0;
    const refused = (): Promise<Seen> => {
      count++;
      setTimeout(() => looks.wanted("t"), 20);
      return Promise.resolve("let");
    };
    const looks = new RoomLooks({ log: pino({ level: "silent" }), look: refused });
    looks.wanted("t");
    await jest.advanceTimersByTimeAsync(60_000);
    expect(count).toBeGreaterThan(8);
    expect(count).toBeLessThan(15);
    const before = count;
    looks.wentOn("t");
    await jest.advanceTimersByTimeAsync(500);
    expect(count).toBe(before + 2);
    await looks.close();
    // A look that finds nothing begins no longer pause.
    const looked: number[] = [];
    const empty = new RoomLooks({
      log: pino({ level: "silent" }),
      look: () => (looked.push(performance.now()), Promise.resolve("nothing")),
    });
    for (let asked = 0; asked < 8; asked++) {
      empty.wanted("t");
      await jest.advanceTimersByTimeAsync(300);
    }
    expect(looked).toHaveLength(8);
    await empty.close();
  });

  it("is taken of each tenant, whatever others have", async () => {
    const t = await EngineFixture.open({ madeUp: true });
    const message =
      "insert into runtime.outbox (run_id, tenant_id, kind, target_run_id, body) select $1 || g, $1, 4, 'r' || g, '{}' from generate_series(1, $2::int) g";
    await t.pool.query(message, ["loud", 500]);
    await t.pool.query(message, ["quiet", 1]);
    const taken = await new TestPump(t).take();
    expect(new Set(taken.map(({ tenantId }) => tenantId))).toEqual(new Set(["loud", "quiet"]));
  });

  it.each([0, 1, 2])(
    "leaves nothing of a run whose parent was deleted, whoever delivers its end dies after %i statements",
    async (statements) => {
      const t = await EngineFixture.open();
      const pump = new TestPump(t);
      t.worker();
      const id = await t.create(parentOf(answer));
      await waiting(t, id);
      // Its making alone: the end that is told in the same round would reach the parent before this is gone.
      await settle(t.pool, await pump.deliver(await pump.take()));
      await t.finished((await childOf(t, id))!);
      await t.pool.query("delete from runtime.run where id = $1", [id]);
      await t.pool.query("delete from runtime.node_run where run_id = $1", [id]);
      let left = statements;
      const query = (...given: Parameters<typeof t.pool.query>): unknown =>
        left-- > 0 ? t.pool.query(...given) : Promise.reject(new Error("dead"));
      const dying = new TestPump(t, { db: { query } as typeof t.pool });
      await dying.deliver(await dying.take());
      await pump.due();
      await pump.run();
      expect((await t.pool.query("select id from runtime.run")).rows).toEqual([]);
      expect((await t.pool.query("select kind from runtime.outbox")).rows).toEqual([]);
    },
  );

  it("goes on while the workflow is looked for that is to run when a run fails, and the platform's part hangs that knows it", async () => {
    const t = await EngineFixture.open();
    const asked: string[] = [];
    let answers = (): void => {};
    const hanging = new Promise<void>((resolve) => (answers = resolve));
    const pump = new TestPump(t, {
      failureRun: async ({ named }) => {
        asked.push(named);
        await hanging;
        return { refused: { code: "WORKFLOW_NOT_FOUND", message: "There is none." } };
      },
    });
    t.worker();
    const names = ["tell", "tell-us"];
    for (const onFailure of names) await t.finished(await t.create(fail, { onFailure }));
    expect(await pump.run()).toEqual([create, create]);
    expect(asked.toSorted()).toEqual(names);
    const id = await t.create(parentOf(answer));
    await waiting(t, id);
    // The run that was made may have ended before the pump looked again.
    const told = await pump.run();
    await t.finished((await childOf(t, id))!);
    expect([...told, ...(await pump.run())]).toEqual([create, ended]);
    expect(await t.finished(id)).toMatchObject({ status: "COMPLETED", outputText: "Hello" });
    expect((await t.pool.query("select body ->> 'onFailure' as named from runtime.outbox order by 1")).rows).toHaveLength(2);
    answers();
    await pump.close();
    expect((await t.pool.query("select kind from runtime.outbox")).rows).toEqual([]);
  });

  it("comes again one after another where there is no room to look for its workflow, which counts as no attempt", async () => {
    const t = await EngineFixture.open();
    let fail = (): void => {};
    const hanging = new Promise<never>((_, reject) => (fail = () => reject(new AppError("DOWNSTREAM_UNAVAILABLE", "DOWN", "It is down."))));
    hanging.catch(() => {});
    const pump = new TestPump(t, { failureRun: () => hanging });
    await t.pool.query(
      `insert into runtime.outbox (run_id, tenant_id, kind, target_run_id, target_path, body)
       select 'r' || n, 'acme', ${create}, 'f' || n, '', '{"onFailure": "tell", "requestId": "r"}' from generate_series(1, 300) n`,
    );
    const fates: Fate[] = [];
    for (let batch = 0; batch < 3; batch++) {
      fates.splice(0, Infinity, ...(await pump.deliver(await pump.take())));
      await settle(t.pool, fates);
    }
    const pauses = fates.flatMap((fate) => (fate.kind === "later" ? [fate.pauseMs] : []));
    expect(pauses).toHaveLength(100);
    expect(Math.max(...pauses) - Math.min(...pauses)).toBeGreaterThan(900);
    fail();
    await pump.close();
    const { rows } = await t.pool.query("select attempts, count(*)::int from runtime.outbox group by attempts order by attempts");
    expect(rows).toEqual([
      { attempts: 0, count: 292 },
      { attempts: 1, count: 8 },
    ]);
  });

  it("stands in the statements too that fail a run without its owner", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    const worker = t.worker();
    const middle = { ...plan([childNode()]), on_failure: "tell" };
    const id = await t.create({ ...plan([childNode("sub", {}, { workflow_version_id: "middle" })]), workflows: { child: hold, middle } });
    await waiting(t, id);
    await pump.run();
    const middleId = (await childOf(t, id))!;
    await waiting(t, middleId);
    await pump.run();
    const inner = (await childOf(t, middleId))!;
    await worker.kill();
    const claim = await runClaim(t.pool, { runId: middleId, tenantId: "acme", worker: "w", leaseMs: 30_000, orphansAllowed: true });
    await runFailUnstored(t.pool, { runId: middleId, lease: claim!.lease });
    const { rows } = await t.pool.query("select kind, target_run_id from runtime.outbox where run_id = $1 order by kind", [middleId]);
    expect(rows).toMatchObject([{ kind: ended, target_run_id: id }, { kind: cancel, target_run_id: inner }, { kind: create }]);
    t.worker();
    await pump.run();
    expect(await t.finished(id)).toMatchObject({ status: "FAILED", errorCode: "CHILD_RUN_FAILED" });
    expect(await t.finished(inner)).toMatchObject({ status: "CANCELLED" });
  });

  it("is told once more of a run that waits for one which is over, where it was lost", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    t.worker();
    const id = await t.create(parentOf(answer));
    await waiting(t, id);
    await pump.run();
    await t.finished((await childOf(t, id))!);
    await t.pool.query("delete from runtime.outbox");
    const looks = new AwaitedRuns({ db: t.pool, log: pino({ level: "silent" }) });
    await looks.look();
    await looks.look();
    expect(await pump.run()).toEqual([ended]);
    expect(await t.finished(id)).toMatchObject({ status: "COMPLETED" });
  });
});

describe("the end of a node that waits for a run", () => {
  it.each<[string, "before" | "after"]>([
    ["before the run is made: it is made CANCELLED", "before"],
    ["after it was made: it is cancelled", "after"],
  ])("by a cancel comes %s", async (_, when) => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    t.worker();
    const id = await t.create(parentOf(hold));
    await waiting(t, id);
    const child = (await childOf(t, id))!;
    if (when === "after") {
      await pump.run();
      await t.calls.heldNode("work");
    }
    await t.control.cancel({ tenantId: "acme", runId: id });
    await t.finished(id);
    const kinds = await pump.run();
    expect(kinds).toContain(cancel);
    expect(await t.finished(child)).toMatchObject({ status: "CANCELLED", nodes: when === "before" ? {} : { work: "CANCELLED" } });
    await pump.run();
    expect(await inbox(t)).toEqual([]);
  });

  it.each<[string, number]>([
    ["is made once by two pumps that have it in hand", 1],
    ["is cancelled, whatever a pump does later that had its making in hand", 2],
  ])("that %s", async (_, which) => {
    const t = await EngineFixture.open();
    const [one, other] = [new TestPump(t), new TestPump(t)];
    t.worker();
    const id = await t.create(parentOf(hold));
    await waiting(t, id);
    const child = (await childOf(t, id))!;
    const taken = await one.take();
    await other.due();
    if (which === 2) {
      await t.control.cancel({ tenantId: "acme", runId: id });
      await t.finished(id);
    }
    await other.run();
    await one.deliver(taken);
    const { rows } = await t.pool.query("select count(*)::int as many from runtime.run");
    expect(rows).toEqual([{ many: 2 }]);
    if (which === 1) await t.control.cancel({ tenantId: "acme", runId: id });
    await t.finished(id);
    await one.run();
    expect(await t.finished(child)).toMatchObject({ status: "CANCELLED" });
    await one.run();
  });

  it("by its time-out cancels it, and makes another where it is tried again", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    t.worker();
    const id = await t.create(parentOf(hold, childNode("sub", { timeout_seconds: 0.2, retry: { max_attempts: 2, backoff_seconds: 0 } })));
    expect(await t.finished(id)).toMatchObject({ status: "FAILED", errorCode: "NODE_TIMEOUT" });
    // Nobody has told them yet: of each attempt there is what makes its run.
    const { rows } = await t.pool.query("select target_run_id as made from runtime.outbox where kind = $1", [create]);
    expect(rows).toHaveLength(2);
    await pump.run();
    for (const { made } of rows) expect((await t.finished(made)).status).toBe("CANCELLED");
  });

  it("that ended while nobody owned the run that waits is read by its next owner", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    const worker = t.worker();
    const id = await t.create(parentOf(plan([node("work", "hold")])));
    await waiting(t, id);
    await pump.run();
    const call = await t.calls.heldNode("work");
    call.end();
    const child = (await childOf(t, id))!;
    await t.finished(child);
    await worker.kill();
    const taken = await pump.take();
    await pump.deliver(taken);
    await pump.deliver(taken);
    t.worker();
    expect(await t.finished(id)).toMatchObject({ status: "COMPLETED" });
    await pump.due();
    await pump.run();
  });

  it("by a failure beside it cancels it", async () => {
    const t = await EngineFixture.open();
    const pump = new TestPump(t);
    t.worker();
    const id = await t.create(parentOf(hold, childNode(), node("beside", "hold")));
    const call = await t.calls.heldNode("beside");
    await t.until(id, ({ nodes }) => nodes["sub"] === "WAITING");
    const child = (await childOf(t, id))!;
    call.end({ kind: "failed", code: "BROKEN", message: "as told", retryable: false });
    expect(await t.finished(id)).toMatchObject({ status: "FAILED", nodes: { sub: "CANCELLED" } });
    await pump.run();
    expect(await t.finished(child)).toMatchObject({ status: "CANCELLED" });
  });
});

/** The run that another attempt has made. */
async function eventuallyOther(t: EngineFixture, id: string, first: string): Promise<string> {
  const made = await eventually(
    () => childOf(t, id),
    (one) => one !== first,
  );
  return made!;
}
