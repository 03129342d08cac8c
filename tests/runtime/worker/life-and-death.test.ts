import { once } from "node:events";
import pg from "pg";
import { pino } from "pino";
import { UnheldLeases } from "../../../subgraphs/runtime/owner/unheld-leases.ts";
import { query } from "../../testkit/admin-query.ts";
import { eventually } from "../../testkit/eventually.ts";
import { EngineFixture, type SentStatement } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

async function setup(): Promise<EngineFixture> {
  return EngineFixture.open();
}

describe("takeover", () => {
  it("goes on where a killed worker stopped, and calls nothing again that was stored", async () => {
    const t = await setup();
    const first = t.worker();
    const runId = await t.create(plan([node("a", "call"), node("b", "hold"), node("c", "pure")], ["a>b", "b>c"]));
    await t.calls.heldNode("b");
    await first.kill();
    t.calls.held.clear();
    await t.leasesEnd(runId);
    t.worker();
    (await t.calls.heldNode("b")).end();
    const view = await t.finished(runId);
    expect(view.nodes).toEqual({ a: "COMPLETED", b: "COMPLETED", c: "COMPLETED" });
    expect(t.calls.log).toEqual(["a", "b", "b", "c"]);
  });

  it("calls an at-most-once node never again: it waits with OUTCOME_UNKNOWN for a person", async () => {
    const t = await setup();
    const first = t.worker();
    const runId = await t.create(plan([node("pay", "hold", {}, { at_most_once: true }), node("after", "pure")], ["pay>after"]));
    await t.calls.heldNode("pay");
    await first.kill();
    await t.leasesEnd(runId);
    t.worker();
    await t.until(runId, ({ nodes }) => nodes["pay"] === "WAITING");
    const { rows } = await t.pool.query("select wait_reason from runtime.node_run where path = 'pay'");
    expect(rows).toEqual([{ wait_reason: "OUTCOME_UNKNOWN" }]);
    expect(await t.control.answerNode({ tenantId: "acme", runId, path: "pay", outcome: { kind: "completed", outputText: "paid" } })).toBe(
      "applied",
    );
    expect((await t.finished(runId)).status).toBe("COMPLETED");
    expect(t.calls.log.filter((id) => id === "pay")).toHaveLength(1);
  });

  it("makes an at-most-once attempt that timed out not again, whatever retry says: it waits for a person", async () => {
    const t = await setup();
    t.worker();
    const once = { at_most_once: true, retry: { max_attempts: 3, backoff_seconds: 0 } };
    const runId = await t.create(plan([node("pay", "hold", {}, once), node("after", "pure")], ["pay>after"]));
    const failed = { kind: "failed", code: "NODE_TIMEOUT", message: "too late", retryable: true } as const;
    (await t.calls.heldNode("pay")).end({ ...failed, effectUnknown: true });
    await t.until(runId, ({ nodes }) => nodes["pay"] === "WAITING");
    const { rows } = await t.pool.query("select wait_reason, attempt, error_code from runtime.node_run where path = 'pay'");
    expect(rows).toEqual([{ wait_reason: "OUTCOME_UNKNOWN", attempt: 1, error_code: "NODE_TIMEOUT" }]);
    await t.control.answerNode({ tenantId: "acme", runId, path: "pay", outcome: { kind: "completed", outputText: "paid" } });
    expect((await t.finished(runId)).status).toBe("COMPLETED");
    expect(t.calls.log.filter((id) => id === "pay")).toHaveLength(1);
  });

  it("makes an at-most-once attempt that failed for sure again", async () => {
    const t = await setup();
    t.worker();
    const once = { at_most_once: true, retry: { max_attempts: 3, backoff_seconds: 0 } };
    const runId = await t.create(plan([node("pay", "flaky", { failures: 1 }, once)]));
    expect((await t.finished(runId)).status).toBe("COMPLETED");
    expect(t.calls.log).toEqual(["pay", "pay"]);
  });

  it("fails the node that was executed alone when its third owner died, with WORKER_CRASHED, and counts no other", async () => {
    const t = await setup();
    const runId = await t.create(plan([node("poison", "hold"), node("fine", "pure")]));
    for (let crash = 0; crash < 3; crash++) {
      const worker = t.worker({ suspects: crash === 2 });
      await t.calls.heldNode("poison");
      await worker.kill();
      t.calls.held.clear();
      await t.leasesEnd(runId);
    }
    t.worker({ suspects: true });
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "FAILED", errorCode: "WORKER_CRASHED", nodes: { poison: "FAILED", fine: "COMPLETED" } });
  });

  it("writes nothing once its lease was lost", async () => {
    const t = await setup();
    const first = t.worker();
    const runId = await t.create(plan([node("a", "hold"), node("b", "pure")], ["a>b"]));
    const held = await t.calls.heldNode("a");
    // Somebody else takes the run, as after a stop longer than the lease.
    const admin = new pg.Client({ connectionString: t.adminUrl });
    await admin.connect();
    await admin.query(
      "with r as (update runtime.run set lease = gen_random_uuid() returning lease, id) update runtime.work w set lease = r.lease from r where w.key = r.id",
    );
    const released = once(first.signals, "released");
    held.end();
    expect((await released)[1]).toEqual({ kind: "lost" });
    expect((await t.view(runId)).nodes).toEqual({ a: "RUNNING" });
    await admin.end();
    await t.leasesEnd(runId);
    t.worker();
    await t.until(runId, ({ nodes }) => nodes["a"] === "RUNNING");
    (await t.calls.heldNode("a")).end();
    expect((await t.finished(runId)).status).toBe("COMPLETED");
  });
});

describe("a worker that stops", () => {
  it("finishes what executes and gives the rest back without counting a crash", async () => {
    const t = await setup();
    const first = t.worker();
    const runId = await t.create(plan([node("a", "hold"), node("b", "call"), node("c", "pure")], ["a>b", "b>c"]));
    const held = await t.calls.heldNode("a");
    const stopped = first.stop();
    held.end();
    await stopped;
    const { rows } = await t.pool.query("select crashes, lease from runtime.work where key = $1", [runId]);
    expect(rows).toEqual([{ crashes: 0, lease: null }]);
    expect((await t.view(runId)).nodes).toEqual({ a: "COMPLETED" });
    t.worker();
    expect((await t.finished(runId)).status).toBe("COMPLETED");
  });
});

/** A run whose only node may be called once, and waits as an offer for whoever executes it. */
async function onceOffered(t: EngineFixture): Promise<string> {
  t.worker({ slots: 0 });
  const runId = await t.create(plan([node("pay", "hold", {}, { at_most_once: true })]));
  const offers = () => t.pool.query("select from runtime.work where run_id = $1 and path is not null", [runId]);
  await eventually(offers, ({ rowCount }) => rowCount === 1);
  return runId;
}

async function reasonOf(t: EngineFixture): Promise<unknown> {
  const { rows } = await t.pool.query<{ wait_reason: unknown }>("select wait_reason from runtime.node_run where path = 'pay'");
  return rows[0]?.wait_reason;
}

describe("an offered node that is called once at most, of a process that gives it up", () => {
  it("is not called again after its stop", async () => {
    const t = await setup();
    const runId = await onceOffered(t);
    const control = t.newControl();
    const executed = control.executeNextNodeRun({ tenantId: "acme", workerKey: "leaves", leaseMs: 60_000 });
    await t.calls.heldNode("pay");
    await control.close();
    t.worker();
    await eventually(
      () => reasonOf(t),
      (reason) => reason === "OUTCOME_UNKNOWN",
    );
    expect(t.calls.log).toEqual(["pay"]);
    await executed;
    await t.control.answerNode({ tenantId: "acme", runId, path: "pay", outcome: { kind: "completed", outputText: "paid" } });
    expect((await t.finished(runId)).status).toBe("COMPLETED");
  });

  it("is left to its lease by a look for claims that were not answered", async () => {
    const t = await setup();
    const runId = await onceOffered(t);
    const { cut, check } = cutter("claim_nodes");
    const sent = { results: 0, looks: 0 };
    const sends = (statement: SentStatement): void => {
      if (statement.name === "result") sent.results++;
      if (statement.name === "marked") sent.looks++;
      check(statement);
    };
    t.worker({ workerKey: "payer", only: ["hold"], leaseMs: 1_000, sends });
    const call = await t.calls.heldNode("pay");
    const admin = new pg.Client({ connectionString: t.adminUrl });
    await admin.connect();
    await admin.query("begin");
    await admin.query("select from runtime.run where id = $1 for update", [runId]);
    await admin.query("select from runtime.work where run_id = $1 for update", [runId]);
    call.end();
    // Until it is given up, it is handed in again and again.
    await eventually(
      () => sent.results,
      (results) => results > 0,
    );
    let before = 0;
    await eventually(
      () => sent.results - before,
      (more) => (before = sent.results) > 0 && more === 0,
      { everyMs: 500 },
    );
    // A renewal that was not answered.
    await admin.query("update runtime.work set visible_at = clock_timestamp() + interval '1 hour' where run_id = $1 and path is not null", [
      runId,
    ]);
    await admin.query("commit");
    await admin.end();
    cut();
    await eventually(
      () => sent.looks,
      (looks) => looks >= 2,
    );
    await t.leasesEnd(runId);
    await eventually(
      () => reasonOf(t),
      (reason) => reason === "OUTCOME_UNKNOWN",
    );
    expect(t.calls.log).toEqual(["pay"]);
    await t.control.answerNode({ tenantId: "acme", runId, path: "pay", outcome: { kind: "completed", outputText: "paid" } });
    expect((await t.finished(runId)).status).toBe("COMPLETED");
  });
});

/** A run as a claim leaves it that was committed, by this mark. */
function claimedBy(t: EngineFixture, runId: string, mark: string): Promise<unknown> {
  return query(
    t.adminUrl,
    `with w as (update runtime.work set lease = gen_random_uuid(), worker = '${mark}', visible_at = now() + interval '1 day' where key = '${runId}' returning key, lease)
     update runtime.run r set lease = w.lease from w where r.id = w.key`,
  );
}

/** Has the next claim fail, as where the connection is lost. */
function cutter(claim = "claim_runs") {
  let isCut = false;
  return {
    cut: () => (isCut = true),
    check({ name }: SentStatement): void {
      if (!isCut || name !== claim) return;
      isCut = false;
      throw Object.assign(new Error("connection lost"), { code: "08006" });
    },
  };
}

describe("a claim whose answer is lost", () => {
  it("costs its runs no lease", async () => {
    const t = await setup();
    // Made before there is a worker, as its claim leaves it that was committed and not answered.
    const runId = await t.create(plan([node("a", "call")]));
    const foreignId = await t.create(plan([node("a", "call")]));
    const claimed = (id: string, mark: string) => claimedBy(t, id, mark);
    await claimed(runId, "cut");
    await claimed(foreignId, "another");
    const held = await t.create(plan([node("b", "hold")]));
    const { cut, check: sends } = cutter();
    t.worker({ workerKey: "cut", sends });
    const call = await t.calls.heldNode("b");
    // It has heard of no fault: it looks for nothing.
    expect((await t.view(runId)).status).toBe("QUEUED");
    cut();
    expect((await t.finished(runId)).status).toBe("COMPLETED");
    expect((await t.view(foreignId)).status).toBe("QUEUED");
    call.end();
    expect((await t.finished(held)).status).toBe("COMPLETED");
    // What it held it held on.
    expect(t.calls.log.filter((id) => id === "b")).toHaveLength(1);
  });
});

describe("an API's claim whose answer is lost", () => {
  it.each([
    { name: "claim_run", execution: "WORKERS" as const },
    { name: "claim_resting", execution: "MANUAL" as const },
    { name: "claim_tenant_run", execution: "WORKERS" as const },
  ])("costs its run no lease, nor a crash ($name)", async ({ name, execution }) => {
    const t = await setup();
    const runId = await t.create(plan([node("a", "pure"), node("b", "pure")], ["a>b"]), { execution });
    const foreignId = await t.create(plan([node("a", "pure")]), { tenantId: "another" });
    const lost: string[] = [];
    const query = async (...asked: unknown[]) => {
      const answer = await (t.pool.query as (...args: unknown[]) => Promise<{ rows: unknown[] }>)(...asked);
      const sent = (asked[0] as { name?: string }).name;
      if (sent !== name || lost.length > 0 || answer.rows.length === 0) return answer;
      lost.push(name);
      throw Object.assign(new Error("connection lost"), { code: "08006" });
    };
    const pool = Object.assign(Object.create(t.pool), { query }) as typeof t.pool;
    const control = t.newControl({ pool, claimMark: "api of this process" });
    const execute = () =>
      name === "claim_tenant_run"
        ? control.executeNextNodeRun({ tenantId: "acme", workerKey: "w", leaseMs: 3_600_000 })
        : control.ownRun({ tenantId: "acme", runId, workerKey: "w", mode: { kind: "steps", max: 9 } });
    // As another process has it, which works.
    await t.pool.query(
      `with w as (update runtime.work set lease = gen_random_uuid(), worker = 'another', visible_at = now() + interval '1 hour' where key = $1 returning key, lease)
       update runtime.run r set lease = w.lease from w where r.id = w.key`,
      [foreignId],
    );
    await expect(execute()).rejects.toThrow("connection lost");
    const leases = async () =>
      (await t.pool.query("select id, lease is not null as owned from runtime.run order by id = $1 desc", [runId])).rows;
    expect(await leases()).toEqual([
      { id: runId, owned: true },
      { id: foreignId, owned: true },
    ]);
    // Its lease is longer than the test may take.
    await t.pool.query("update runtime.work set visible_at = now() + interval '1 hour' where key = $1", [runId]);
    await eventually(leases, ([run]) => run.owned === false);
    expect(await leases()).toEqual([
      { id: runId, owned: false },
      { id: foreignId, owned: true },
    ]);
    expect((await t.pool.query("select crashes from runtime.work where key = $1", [runId])).rows).toEqual([{ crashes: 0 }]);
    await t.control.ownRun({ tenantId: "acme", runId, workerKey: "w", mode: { kind: "steps", max: 9 } });
    expect((await t.view(runId)).status).toBe("COMPLETED");
    await t.leasesEnd(foreignId);
    await t.control.cancel({ tenantId: "another", runId: foreignId });
  });
});

describe("a look for claims that were not answered", () => {
  it("finds one that is committed after the first", async () => {
    const t = await setup();
    const runId = await t.create(plan([node("a", "call")]));
    await claimedBy(t, runId, "another");
    const { cut, check } = cutter();
    let looks = 0;
    const sends = async (sent: SentStatement): Promise<void> => {
      check(sent);
      if (sent.name === "marked" && ++looks === 2) await claimedBy(t, runId, "late");
    };
    const worker = t.worker({ workerKey: "late", sends });
    await once(worker.signals, "idle");
    cut();
    expect((await t.finished(runId)).status).toBe("COMPLETED");
    expect(looks).toBeGreaterThan(2);
  });

  it("keeps no claim waiting, neither where it is not answered nor where it fails, and finds them when it succeeds", async () => {
    const t = await setup();
    const lostId = await t.create(plan([node("a", "call")]));
    await claimedBy(t, lostId, "slow");
    const { cut, check } = cutter();
    const first = Promise.withResolvers<void>();
    let looks = 0;
    const sends = async (sent: SentStatement): Promise<void> => {
      check(sent);
      if (sent.name !== "marked" || ++looks > 1) return;
      await first.promise;
      throw new Error("Query read timeout");
    };
    const worker = t.worker({ workerKey: "slow", sends });
    await once(worker.signals, "idle");
    cut();
    const before = await t.create(plan([node("b", "call")]));
    expect((await t.finished(before)).status).toBe("COMPLETED");
    expect((await t.view(lostId)).status).toBe("QUEUED");
    first.resolve();
    const after = await t.create(plan([node("c", "call")]));
    expect((await t.finished(after)).status).toBe("COMPLETED");
    expect((await t.finished(lostId)).status).toBe("COMPLETED");
  });

  it("is given up where it is not answered again and again, and begun anew when it is wanted again", async () => {
    let looks = 0;
    const db = { query: () => (looks++, Promise.reject(new Error("Query read timeout"))) };
    const unheld = new UnheldLeases({ db: db as never, log: pino({ level: "silent" }), claimMark: "me", held: () => [], pauseMs: 0 });
    for (const most of [5, 10]) {
      for (let n = 0; n < 9; n++) {
        // Each claim that fails wants it.
        if (looks < most) unheld.wanted();
        await unheld.look();
      }
      expect(looks).toBe(most);
    }
  });
});

describe("a flush whose answer is lost", () => {
  it("is sent again and counts once", async () => {
    const t = await setup();
    t.worker({ workerKey: "cut" });
    const ids = Array.from({ length: 40 }, (_, k) => k);
    const chain = (k: number) => plan([node(`a${k}`, "hold"), node(`b${k}`, "hold"), node("c", "pure")], [`a${k}>b${k}`, `b${k}>c`]);
    const runs = await Promise.all(ids.map((k) => t.create(chain(k))));
    const admin = new pg.Client({ connectionString: t.adminUrl });
    await admin.connect();
    let cuts = 0;
    for (const step of ["a", "b"]) {
      // All are called by then: no claim is under way, whose lost answer would cost a lease.
      const calls = await Promise.all(ids.map((k) => t.calls.heldNode(`${step}${k}`)));
      for (let k = 0; k < calls.length; k += 5) {
        for (const call of calls.slice(k, k + 5)) call.end();
        // Meets the flush of the five before, during or after its commit.
        const { rowCount } = await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cut'");
        cuts += rowCount ?? 0;
        // Stored at last, over a connection that the next round cuts.
        await t.until(runs[k]!, ({ nodes }) => nodes[`${step}${k}`] === "COMPLETED");
      }
    }
    const finished = await Promise.all(runs.map((runId) => t.finished(runId)));
    // One a round, but for rounds that come before the worker has connected again.
    expect(cuts).toBeGreaterThanOrEqual(8);
    expect(finished.map(({ status }) => status)).toEqual(runs.map(() => "COMPLETED"));
    expect(t.calls.log).toHaveLength(runs.length * 3);
    await admin.end();
  });
});
