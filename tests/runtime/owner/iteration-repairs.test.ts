/** What a literal reading of nested runs breaks, one scenario each: A3, A6, A7, A8, A15, A16, A18, A24, B6, B9, B11 of their design. */
import { randomBytes } from "node:crypto";
import type { Json, JsonObject } from "#shared/json.ts";
import { newId } from "#shared/ids.ts";
import type { NodeExecutor } from "../../../subgraphs/runtime/nodes/executor.ts";
import { unreadResult, type NodeState } from "../../../subgraphs/runtime/engine/frame.ts";
import type { PlanDocument, PlanNode } from "../../../subgraphs/runtime/engine/plan.ts";
import { resultReader } from "../../../subgraphs/runtime/owner/composites/frame-results.ts";
import { definedStatements } from "../../../subgraphs/runtime/queue/statement.ts";
import { runStatusNumber } from "../../../subgraphs/runtime/queue/statuses.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

function each(items: Json, body: PlanDocument, config: JsonObject = {}, id = "each"): PlanNode {
  return node(id, "iteration", { items, body: body as unknown as JsonObject, ...config });
}

/** Ends the call at a path once it is made. */
async function end(t: EngineFixture, runId: string, path: string): Promise<void> {
  await t.until(runId, ({ nodes }) => nodes[path] === "RUNNING");
  for (;;) {
    const call = t.calls.held.get(`${runId}:${path}`);
    if (call !== undefined) return call.end();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function dies(t: EngineFixture, worker: { kill(): Promise<void> }, runId: string): Promise<void> {
  await worker.kill();
  t.calls.held.clear();
  await t.leasesEnd(runId);
}

const writes: NodeExecutor = {
  effect: "pure",
  run: ({ scope }) => ({ kind: "completed", stateUpdates: { last: scope.index ?? "outside", [`of ${scope.index ?? "outside"}`]: true } }),
};

describe("a run with an iteration", () => {
  it("A3: has after a crash the state that its ended items wrote, though their rows are not read again", async () => {
    const t = await EngineFixture.open();
    const executors = (type: string) => (type === "writes" ? writes : t.executors(type));
    const first = t.worker({ executors });
    const body = plan([node("write", "writes"), node("call", "hold")], ["write>call"]);
    const runId = await t.create(plan([node("before", "writes"), each([0, 1, 2], body), node("see", "echo")], ["before>each", "each>see"]));
    for (const item of [0, 1]) await end(t, runId, `each#${item}/call`);
    await t.until(runId, ({ nodes }) => nodes["each#2/call"] === "RUNNING");
    await dies(t, first, runId);
    t.worker({ executors });
    await end(t, runId, "each#2/call");
    const state = { last: 2, "of outside": true, "of 0": true, "of 1": true, "of 2": true };
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", state, outputJson: { state } });
  });

  it("A6: stores at most some 2,000 rows at once, and no item without what is beneath it", async () => {
    const t = await EngineFixture.open();
    let most = 0;
    const counts = (value: unknown): number => (typeof value === "string" ? (value.match(/each#\d+\/a/g)?.length ?? 0) : 0);
    const worker = t.worker({ sends: ({ name, values }) => name.startsWith("flush") && (most = Math.max(most, ...values.map(counts))) });
    const looks: Promise<unknown[]>[] = [];
    // Sets: an anti-join of tables without statistics is a nested loop, which a busy machine does not end within a statement's time.
    const lone = `select path from runtime.node_run where node_type = 'frame' except select parent_path from runtime.node_run where status >= 3`;
    worker.signals.on("flushed", () => void (looks.length < 5 && looks.push(t.pool.query(lone).then(({ rows }) => rows))));
    const runId = await t.create(
      plan([
        each(
          Array.from({ length: 2_500 }, () => 0),
          plan([node("a", "pure")]),
          { parallel: 64 },
        ),
      ]),
    );
    expect((await t.finished(runId)).status).toBe("COMPLETED");
    expect(most).toBeGreaterThan(100);
    expect(most).toBeLessThan(1_100);
    const torn = await Promise.all(looks);
    // A quick machine flushes it in four.
    expect(torn.length).toBeGreaterThan(2);
    expect(torn.flat()).toEqual([]);
  });

  it("A7: has in a new run what ended in the order in which it did, and not in that in which it began", async () => {
    const t = await EngineFixture.open();
    t.worker();
    const ends = ["a", "b"].map((id) => `${id}>last`);
    const old = await t.create(plan([node("a", "hold"), node("b", "hold"), node("last", "fail")], ends));
    const calls = { a: await t.calls.heldNode("a"), b: await t.calls.heldNode("b") };
    for (const id of ["b", "a"] as const) {
      calls[id].end({ kind: "completed", stateUpdates: { by: id } });
      await t.until(old, ({ nodes }) => nodes[id] === "COMPLETED");
    }
    expect(await t.finished(old)).toMatchObject({ status: "FAILED", state: { by: "a" } });
    const newRunId = newId();
    const of = { tenantId: "acme", runId: old, newRunId, statuses: [runStatusNumber("FAILED")], dropped: ["last"] };
    expect(await t.control.forkRun({ ...of, state: { more: true } })).toBe("created");
    expect(await t.finished(newRunId)).toMatchObject({ state: { by: "a", more: true } });
  });

  it("A8: has the items that it opened with, owner after owner, whatever its rows say later", async () => {
    const t = await EngineFixture.open();
    const executors = (type: string) => (type === "writes" ? writes : t.executors(type));
    let worker = t.worker({ executors });
    const body = plan([node("call", "hold"), node("write", "writes")], ["call>write"]);
    const nodes = [
      node("before", "assign", { updates: { rows: ["a", "b", "c"] } }),
      each("{{ state.rows }}", body, { output: "{{ item }}" }),
    ];
    const changes = node("after", "assign", { updates: { rows: [] } });
    const runId = await t.create(plan([...nodes, node("gate", "hold"), changes], ["before>each", "before>gate", "gate>after"]));
    await end(t, runId, "gate");
    for (const item of [0, 1, 2]) {
      await t.until(runId, ({ nodes: seen }) => seen[`each#${item}/call`] === "RUNNING" && seen["after"] === "COMPLETED");
      await dies(t, worker, runId);
      await t.pool.query("update runtime.work set crashes = 0");
      worker = t.worker({ executors, workerKey: `owner-${item}` });
      await end(t, runId, `each#${item}/call`);
    }
    expect((await t.finished(runId)).status).toBe("COMPLETED");
    const { rows } = await t.pool.query("select output_json, opened from runtime.node_run where path = 'each'");
    expect(rows).toEqual([{ output_json: ["a", "b", "c"], opened: { v: 1, count: 3, items: ["a", "b", "c"] } }]);
  });

  it("A15: has of its items the part read that has the one, wherever it stands, by whoever executes that elsewhere", async () => {
    const t = await EngineFixture.open();
    t.worker();
    const count = 60;
    const items = Array.from({ length: count }, () => randomBytes(37_500).toString("base64"));
    const runId = await t.create(plan([each("{{ input.items }}", plan([node("ask", "person")]))]), { input: { items } });
    await t.until(runId, ({ status }) => status === "WAITING");
    const { rows: stored } = await t.pool.query(
      "select count(*)::int as many, max(size_bytes)::int as most from runtime.artifact where run_id = $1",
      [runId],
    );
    expect(stored[0].many).toBeGreaterThan(10);
    const { text } = definedStatements().find(({ name }) => name === "load_some")!;
    for (const ordinal of [0, 1, count - 1]) {
      const values = [runId, ["each"], ["each"], [ordinal], []];
      const [run] = (await t.pool.query(text, values)).rows;
      expect(run.nodes).toMatchObject([{ path: "each", item: items[ordinal] }]);
      const { rows } = await t.pool.query(`explain (analyze, buffers, format json) ${text}`, values);
      const { "Shared Hit Blocks": hit, "Shared Read Blocks": read } = rows[0]["QUERY PLAN"][0].Plan;
      // Each block has 8 KiB. All parts would be some 600.
      expect(hit + read).toBeLessThan((3 * stored[0].most) / 8_192);
    }
  });

  it("A16: knows what its items put out together before it reads what an owner before has seen of them", async () => {
    const t = await EngineFixture.open();
    t.worker();
    const long = "long ".repeat(1_000);
    const body = plan([node("bad", "poison", { items: [1] })]);
    const runId = await t.create(plan([each([0, 1, 2, 3], body, { on_item_error: "remove", output: "{{ index }} {{ input.long }}" })]), {
      input: { long },
    });
    await t.finished(runId);
    const read = async () => {
      const own = { hasFailed: false, output: { output: "own", text: null } };
      const drive = { results: [unreadResult, unreadResult, unreadResult, own] };
      const failure = await resultReader(t.pool).read(runId, { path: "each", drive } as unknown as NodeState, AbortSignal.timeout(60_000));
      return { failure, results: drive.results };
    };
    const { failure, results } = await read();
    expect(failure).toBeUndefined();
    expect(results.map(({ hasFailed, output }) => [hasFailed, output.output ?? output.text])).toEqual([
      [false, `0 ${long}`],
      [true, null],
      [false, `2 ${long}`],
      [false, "own"],
    ]);
    await t.pool.query("update runtime.artifact set size_bytes = 50 * 1024 * 1024 where run_id = $1 and path like 'each#%'", [runId]);
    expect(await read()).toMatchObject({
      failure: { kind: "failed", code: "RUN_OUTPUTS_TOO_LARGE" },
      results: [unreadResult, unreadResult, unreadResult, {}],
    });
  });

  it("A18: has its crashes forgiven while the iteration goes on, when what could go on at the takeover has ended", async () => {
    const t = await EngineFixture.open();
    const first = t.worker();
    const runId = await t.create(plan([each([0, 1, 2], plan([node("call", "hold")]))]));
    await t.until(runId, ({ nodes }) => nodes["each#0/call"] === "RUNNING");
    await dies(t, first, runId);
    t.worker();
    await t.calls.heldNode("call");
    const crashes = async () => (await t.pool.query("select crashes from runtime.work where key = $1", [runId])).rows[0].crashes as number;
    expect(await crashes()).toBe(1);
    await end(t, runId, "each#0/call");
    await t.until(runId, ({ nodes }) => nodes["each#1/call"] === "RUNNING");
    expect(await crashes()).toBe(0);
    for (const item of [1, 2]) await end(t, runId, `each#${item}/call`);
    expect((await t.finished(runId)).status).toBe("COMPLETED");
  });

  it("A24: goes on with more than 1,000 node runs open at once, over the death of its owner, and ends them deepest first", async () => {
    const t = await EngineFixture.open();
    const first = t.worker({ slots: 2 });
    const ten = Array.from({ length: 10 }, (_, index) => index);
    const side = { parallel: 10 };
    const inmost = each(ten, plan([node("ask", "person")]), side, "c");
    const runId = await t.create(plan([each(ten, plan([each(ten, plan([inmost]), side, "b")]), side, "a")]));
    const isOpen = ([path, status]: [string, string]): boolean => path.endsWith("/ask") && status === "WAITING";
    const { nodes } = await t.until(
      runId,
      (view) => view.status === "WAITING" && Object.entries(view.nodes).filter(isOpen).length === 1_000,
    );
    expect(Object.keys(nodes)).toHaveLength(1_111);
    await first.kill();
    await t.pool.query("update runtime.work set visible_at = now() where run_id = $1", [runId]);
    t.worker({ slots: 2 });
    await t.control.cancel({ tenantId: "acme", runId });
    const view = await t.finished(runId);
    expect(view.status).toBe("CANCELLED");
    // Each list, each item, and what waits in them.
    expect(Object.values(view.nodes).filter((status) => status === "CANCELLED")).toHaveLength(1_111 + 1_110);
    const early = `select n.path from runtime.node_run n join runtime.node_run o on o.run_id = n.run_id and o.path = n.parent_path
      where n.run_id = $1 and n.done_seq > o.done_seq`;
    expect((await t.pool.query(early, [runId])).rows).toEqual([]);
  });

  it("B6: fails with OUTPUT_NOT_STORABLE for items that cannot be kept, alone, and may be handled", async () => {
    const t = await EngineFixture.open();
    let deep: Json = 0;
    for (let level = 0; level < 300; level++) deep = [deep];
    const unkept: NodeExecutor = { effect: "pure", run: () => ({ kind: "completed", outputJson: [deep] }) };
    t.worker({ executors: (type) => (type === "iteration" ? unkept : t.executors(type)) });
    const iteration = each([1], plan([node("a", "pure")]));
    const handled = { ...iteration, on_error: { default: { output_text: "instead" } } };
    const ids = await Promise.all([[iteration], [handled], [node("a", "pure")]].map((nodes) => t.create(plan(nodes))));
    const views = await Promise.all(ids.map((id) => t.finished(id)));
    expect(views.map(({ status, errorCode, outputText }) => [status, errorCode, outputText])).toEqual([
      ["FAILED", "OUTPUT_NOT_STORABLE", null],
      ["COMPLETED", null, "instead"],
      ["COMPLETED", null, "a"],
    ]);
  });

  it("B9: counts what its items used once, in a run that takes it over too", async () => {
    const t = await EngineFixture.open();
    const used: NodeExecutor = {
      effect: "pure",
      run: () => ({ kind: "completed", outputText: "x", usage: { modelCalls: 1, promptTokens: 10, completionTokens: 1 } }),
    };
    t.worker({ executors: (type) => (type === "used" ? used : t.executors(type)) });
    const body = plan([node("ask", "used"), node("once", "flaky", { failures: 1, byPath: true })], ["ask>once"]);
    const sums = async (id: string) => {
      const { rows } = await t.pool.query(
        `select r.model_calls, r.prompt_tokens::int as prompt_tokens, (select sum(n.model_calls)::int from runtime.node_run n where n.run_id = r.id) as of_nodes
         from runtime.run r where r.id = $1`,
        [id],
      );
      return rows[0] as object;
    };
    let runId = await t.create(plan([each([0, 1], body)]));
    const seen: object[] = [];
    for (let forks = 0; (await t.finished(runId)).status === "FAILED" && forks < 5; forks++) {
      seen.push(await sums(runId));
      const newRunId = newId();
      await t.control.retryRun({ tenantId: "acme", runId, newRunId });
      runId = newRunId;
    }
    seen.push(await sums(runId));
    expect((await t.view(runId)).status).toBe("COMPLETED");
    expect(seen).toEqual([1, 2, 2].map((calls) => ({ model_calls: calls, prompt_tokens: calls * 10, of_nodes: calls })));
  });

  it("B11: has a row of each item that had one beneath it, begun with the first of these, and its end behind theirs", async () => {
    const t = await EngineFixture.open();
    const first = t.worker();
    const body = plan([node("call", "hold"), node("then", "call", { ms: 1 })], ["call>then"]);
    const runId = await t.create(plan([each([0, 1], body, { parallel: 2 })]));
    for (const item of [0, 1]) await t.until(runId, ({ nodes }) => nodes[`each#${item}/call`] === "RUNNING");
    await end(t, runId, "each#0/call");
    await t.until(runId, ({ nodes }) => nodes["each#0"] === "COMPLETED");
    await dies(t, first, runId);
    t.worker();
    await t.until(runId, ({ nodes }) => nodes["each#1/call"] === "RUNNING");
    await t.control.cancel({ tenantId: "acme", runId });
    await t.finished(runId);
    const { rows } = await t.pool.query(
      `select f.path, f.status, f.started_at <= min(n.started_at) as begins, f.ended_at >= max(n.ended_at) as ends, f.done_seq > max(n.done_seq) as behind
       from runtime.node_run f join runtime.node_run n on n.run_id = f.run_id and n.parent_path = f.path where f.node_type = 'frame'
       group by f.run_id, f.path, f.status, f.started_at, f.ended_at, f.done_seq order by f.path`,
    );
    const whole = { begins: true, ends: true, behind: true };
    expect(rows).toEqual([
      { path: "each#0", status: 3, ...whole },
      { path: "each#1", status: 5, ...whole },
    ]);
  });
});
