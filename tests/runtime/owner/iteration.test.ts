import { newId } from "#shared/ids.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import type { PlanDocument, PlanNode } from "../../../subgraphs/runtime/engine/plan.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

async function setup(): Promise<EngineFixture> {
  return EngineFixture.open();
}

/** An iteration `each` over `items`, whose body is the graph. */
function each(items: Json, body: PlanDocument, config: JsonObject = {}, id = "each"): PlanNode {
  return node(id, "iteration", { items, body: body as unknown as JsonObject, ...config });
}

/** Waits for a person in each item, and fails in one. */
const failing = plan([node("ask", "person"), node("bad", "poison", { items: [1] })]);
const round = (body: PlanDocument): PlanNode => node("loop", "loop", { max_rounds: 2, body: body as unknown as JsonObject });
const inside = node("sub", "sub-workflow", { workflow_version_id: "v1", input: {} });

const ten = Array.from({ length: 10 }, (_, index) => index);

describe("an iteration", () => {
  it("runs its body for each item, with item and index, and gives what they give in their order", async () => {
    const t = await setup();
    t.worker();
    const nodes = [
      each("{{ input.rows }}", plan([node("see", "echo")]), { output: "{{ nodes.see.output.item }}-{{ index }}", parallel: 3 }),
    ];
    const view = await t.finished(await t.create(plan(nodes), { input: { rows: ["a", "b", "c", "d"] } }));
    expect(view).toMatchObject({ status: "COMPLETED", errorCode: null, outputJson: ["a-0", "b-1", "c-2", "d-3"] });
    expect(view.nodes).toMatchObject({ each: "COMPLETED", "each#0": "COMPLETED", "each#3/see": "COMPLETED" });
    expect(Object.keys(view.nodes)).toHaveLength(9);
  });

  it("gives [] for no items", async () => {
    const t = await setup();
    t.worker();
    const view = await t.finished(await t.create(plan([each([], plan([node("see", "echo")])), node("last", "echo")], ["each>last"])));
    expect(view).toMatchObject({ status: "COMPLETED", outputJson: { nodes: { each: { output: [], text: null } } } });
  });

  it.each<[JsonObject, Json]>([
    [{ on_item_error: "continue" }, [0, 1, 2, null, 4, 5, 6, 7, 8, 9]],
    [{ on_item_error: "remove" }, [0, 1, 2, 4, 5, 6, 7, 8, 9]],
    [{ on_item_error: "continue", parallel: 4 }, [0, 1, 2, null, 4, 5, 6, 7, 8, 9]],
  ])("goes on after an item that fails, with %j", async (config, output) => {
    const t = await setup();
    t.worker();
    const view = await t.finished(await t.create(plan([each(ten, plan([node("bad", "poison", { items: [3] })]), config)])));
    expect(view).toMatchObject({ status: "COMPLETED", outputJson: output });
    expect(view.nodes).toMatchObject({ "each#3": "FAILED", "each#3/bad": "FAILED", "each#9": "COMPLETED" });
  });

  it("fails with the first item that fails, and says which", async () => {
    const t = await setup();
    t.worker();
    const body = plan([node("bad", "poison", { items: [3] })]);
    const runId = await t.create(plan([each(ten, body), node("never", "pure")], ["each>never"]));
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "FAILED", errorCode: "POISON", nodes: { each: "FAILED", "each#3": "FAILED" } });
    expect(view.nodes["each#4"]).toBeUndefined();
    const { rows } = await t.pool.query("select error_message from runtime.node_run where run_id = $1 and path = 'each'", [runId]);
    expect(rows).toEqual([{ error_message: "Item 3: The node bad failed: item 3" }]);
  });

  it("nests, and what stands inside hides what stands outside", async () => {
    const t = await setup();
    t.worker();
    const inner = each("{{ item }}", plan([node("see", "echo")]), { output: "{{ item }}{{ index }}{{ nodes.outer.text }}" }, "inner");
    const outer = each([["a", "b"], ["c"]], plan([inner]), { flatten: true, parallel: 2 });
    const view = await t.finished(await t.create(plan([node("outer", "pure"), outer], ["outer>each"])));
    expect(view).toMatchObject({ status: "COMPLETED", outputJson: ["a0outer", "b1outer", "c0outer"] });
    expect(view.nodes).toMatchObject({ "each#0/inner#1/see": "COMPLETED", "each#0/inner#1": "COMPLETED", "each#0/inner": "COMPLETED" });
  });

  it("stops the items beside the one that fails, and the node runs in its own item", async () => {
    const t = await setup();
    t.worker();
    const body = plan(
      [node("slow", "hold"), node("ask", "person"), node("gate", "call", { ms: 30 }), node("bad", "poison", { items: [1] })],
      ["gate>bad"],
    );
    const runId = await t.create(plan([each([0, 1, 2], body, { parallel: 3 }), node("beside", "hold")]));
    await t.until(runId, ({ nodes }) => nodes["each"] === "FAILED" || nodes["beside"] === "CANCELLED");
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "FAILED", errorCode: "POISON" });
    expect(view.nodes).toMatchObject({
      "each#1": "FAILED",
      "each#1/slow": "CANCELLED",
      "each#1/ask": "CANCELLED",
      "each#0": "CANCELLED",
      "each#2/slow": "CANCELLED",
      beside: "CANCELLED",
    });
  });

  // Nothing moves any more when the item has failed: no call that ends, no time that comes.
  const failed = (beside: string) => ({ status: "FAILED", errorCode: "POISON", nodes: { each: "FAILED", [beside]: "CANCELLED" } });
  it.each<[string, PlanDocument, object]>([
    [
      "in its own item",
      plan([each([1], failing, { on_item_error: "continue" })]),
      { status: "COMPLETED", nodes: { "each#0/ask": "CANCELLED" } },
    ],
    ["in an item beside it", plan([each([0, 1], failing, { parallel: 2 })]), failed("each#0/ask")],
    [
      "two iterations deep",
      plan([each([0, 1], plan([each([0, 1], failing, { parallel: 2 }, "inner")]), { parallel: 2 })]),
      failed("each#1/inner#0/ask"),
    ],
    ["around its loop", plan([each([0, 1], plan([node("beside", "person"), round(failing)]), { parallel: 2 })]), failed("each#0/beside")],
    [
      "beside its sub-workflow",
      {
        ...plan([each([0, 1], plan([node("beside", "person"), inside]), { parallel: 2 })]),
        workflows: { v1: plan([node("ask", "person"), node("bad", "poison", { items: [null] })]) },
      },
      failed("each#0/beside"),
    ],
  ])("stops what waits %s, where nothing else goes on", async (_, document, expected) => {
    const t = await setup();
    t.worker();
    expect(await t.finished(await t.create(document))).toMatchObject(expected);
  });

  it("stops only the item that fails where the others go on", async () => {
    const t = await setup();
    t.worker();
    const body = plan([node("slow", "hold"), node("ask", "person"), node("bad", "poison", { items: [1] })], []);
    const runId = await t.create(plan([each([0, 1, 2], body, { parallel: 3, on_item_error: "continue", output: "{{ item }}" })]));
    await t.until(runId, ({ nodes }) => nodes["each#1"] === "FAILED" && nodes["each#2/ask"] === "WAITING");
    for (const call of [...t.calls.held.values()]) call.end();
    for (const item of [0, 2])
      await t.control.answerNode({ tenantId: "acme", runId, path: `each#${item}/ask`, outcome: { kind: "completed" } });
    expect(await t.finished(runId)).toMatchObject({
      status: "COMPLETED",
      outputJson: [0, null, 2],
      nodes: { "each#1/slow": "CANCELLED", "each#1/ask": "CANCELLED", "each#0/slow": "COMPLETED" },
    });
  });

  it("waits when all that is left of it waits, and costs no worker", async () => {
    const t = await setup();
    t.worker();
    const runId = await t.create(plan([each([0, 1, 2], plan([node("ask", "person")]), { parallel: 2 })]));
    await t.until(runId, ({ status }) => status === "WAITING");
    const { rows } = await t.pool.query("select from runtime.work where run_id = $1", [runId]);
    expect(rows).toHaveLength(0);
    for (const item of [1, 0, 2]) {
      await t.until(runId, ({ nodes }) => nodes[`each#${item}/ask`] === "WAITING");
      await t.control.answerNode({
        tenantId: "acme",
        runId,
        path: `each#${item}/ask`,
        outcome: { kind: "completed", outputText: `${item}` },
      });
    }
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputJson: ["0", "1", "2"] });
  });
});

describe("an iteration whose owner dies", () => {
  it("is gone on with by the next, which calls no finished item again", async () => {
    const t = await setup();
    const first = t.worker();
    const body = plan([node("call", "hold"), node("note", "echo")], ["call>note"]);
    const runId = await t.create(plan([each(ten, body, { parallel: 2, output: "{{ nodes.note.output.item }}" })]));
    for (const item of [0, 1, 2, 3]) {
      await t.until(runId, ({ nodes }) => nodes[`each#${item}/call`] === "RUNNING");
      (await heldAt(t, runId, `each#${item}/call`)).end();
    }
    await t.until(runId, ({ nodes }) => nodes["each#3"] === "COMPLETED" && nodes["each#5/call"] === "RUNNING");
    await first.kill();
    for (const call of [...t.calls.held.values()]) call.end();
    const before = t.calls.log.length;
    await t.leasesEnd(runId);
    t.worker();
    for (const item of [4, 5, 6, 7, 8, 9]) (await heldAt(t, runId, `each#${item}/call`)).end();
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputJson: ten });
    expect(t.calls.log.slice(before).filter((id) => id === "call")).toHaveLength(6);
  });

  it("ends what was open in an item that had failed", async () => {
    const t = await setup();
    const first = t.worker();
    const body = plan([node("ask", "person"), node("gate", "hold"), node("bad", "poison", { items: [1] })], ["gate>bad"]);
    const runId = await t.create(plan([each([0, 1], body, { parallel: 2, on_item_error: "continue", output: "{{ item }}" })]));
    await t.until(runId, ({ nodes }) => nodes["each#1/gate"] === "RUNNING" && nodes["each#1/ask"] === "WAITING");
    (await heldAt(t, runId, "each#1/gate")).end();
    await t.until(runId, ({ nodes }) => nodes["each#1/bad"] === "FAILED");
    await first.kill();
    await t.leasesEnd(runId);
    t.worker();
    (await heldAt(t, runId, "each#0/gate")).end();
    await t.until(runId, ({ nodes }) => nodes["each#0/ask"] === "WAITING" && nodes["each#1"] === "FAILED");
    await t.control.answerNode({ tenantId: "acme", runId, path: "each#0/ask", outcome: { kind: "completed" } });
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputJson: [0, null], nodes: { "each#1/ask": "CANCELLED" } });
  });
});

describe("an iteration", () => {
  it("is cancelled with all that is open in it, deepest first", async () => {
    const t = await setup();
    t.worker();
    const inner = each("{{ item }}", plan([node("call", "hold"), node("ask", "person")]), { parallel: 2 }, "inner");
    const runId = await t.create(plan([each([[1, 2], [3]], plan([inner]), { parallel: 2 })]));
    await t.until(runId, ({ nodes }) => Object.values(nodes).filter((status) => status === "WAITING").length === 3);
    await t.control.cancel({ tenantId: "acme", runId, reason: "no" });
    const view = await t.finished(runId);
    expect(view.status).toBe("CANCELLED");
    expect(new Set(Object.values(view.nodes))).toEqual(new Set(["CANCELLED"]));
    expect(Object.keys(view.nodes)).toHaveLength(1 + 2 + 2 + 3 + 6);
    const { rows } = await t.pool.query("select path from runtime.node_run where run_id = $1 order by done_seq", [runId]);
    const order = rows.map(({ path }) => path as string);
    expect(order.indexOf("each#0/inner#1/ask")).toBeLessThan(order.indexOf("each#0/inner#1"));
    expect(order.indexOf("each#0/inner#1")).toBeLessThan(order.indexOf("each#0/inner"));
    expect(order.at(-1)).toBe("each");
  });

  it("offers calls beyond the slots to other workers, which see the item and what is around", async () => {
    const t = await setup();
    t.worker({ slots: 2 });
    t.worker({ slots: 2 });
    const large = Array.from({ length: 30 }, (_, index) => ({ index, text: "x".repeat(20_000) }));
    const seen = node("seen", "see-outside");
    const nodes = [node("outer", "pure"), each("{{ input.rows }}", plan([node("near", "pure"), seen], ["near>seen"]), { parallel: 16 })];
    const runId = await t.create(plan(nodes, ["outer>each"]), { input: { rows: large } });
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "COMPLETED", errorCode: null });
    expect(view.outputJson).toEqual(large.map((item, index) => ({ index, item, nodes: ["near", "outer"] })));
    const { rows } = await t.pool.query(
      "select count(*)::int as many from runtime.artifact where run_id = $1 and artifact_type = 'ITEMS'",
      [runId],
    );
    expect(rows[0].many).toBeGreaterThan(2);
  });

  it("takes and gives more than a MiB, written in turns", async () => {
    const t = await setup();
    t.worker();
    const rows = Array.from({ length: 3 }, (_, index) => `${index} ${"\u00e9".repeat(250_000)}`);
    const inner = each("{{ input.rows }}", plan([node("see", "pure")]), { output: "{{ item }}", parallel: 2 }, "inner");
    const view = await t.finished(await t.create(plan([each([1, 2], plan([inner]), { flatten: true })]), { input: { rows } }));
    expect(view).toMatchObject({ status: "COMPLETED", errorCode: null });
    expect(view.outputJson).toEqual([...rows, ...rows]);
  });

  it.each<[string, Json]>([
    ["a list", "{{ input.rows }}"],
    ["what is put together of it", ["{{ input.rows[0] }}", "{{ input.rows[1] }}", "{{ input.rows[2] }}"]],
    ["what a filter leaves of it", "{{ input.rows | reverse }}"],
  ])("works on items of more than a template may make: %s", async (_, items) => {
    const t = await setup();
    t.worker();
    const rows = Array.from({ length: 3 }, () => "x".repeat(1 << 20));
    const runId = await t.create(plan([each(items, plan([node("see", "pure")]), { output: "{{ item | size }}" })]), { input: { rows } });
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputJson: rows.map(() => 1 << 20) });
  });

  it("is gone on with by a new run from where it failed, and what it had finished is not called again", async () => {
    const t = await setup();
    t.worker();
    const fixed = { failures: 1, byPath: true };
    const body = plan([node("call", "call"), node("once", "flaky", fixed)], ["call>once"]);
    const skipping = each([1, 2, 3], plan([node("bad", "poison", { items: [2] })]), { on_item_error: "continue" }, "skipping");
    const inner = each([7, 8], body, { parallel: 1 }, "inner");
    const runId = await t.create(plan([skipping, each([0, 1, 2], plan([inner]))], ["skipping>each"]));
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", errorCode: "FLAKY" });
    let last = runId;
    for (let forks = 0; forks < 6; forks++) {
      const newRunId = newId();
      expect(await t.control.retryRun({ tenantId: "acme", runId: last, newRunId })).toBe("created");
      await t.finished((last = newRunId));
    }
    const view = await t.finished(last);
    expect(view).toMatchObject({ status: "COMPLETED", nodes: { "skipping#1": "FAILED", "skipping#1/bad": "FAILED" } });
    expect(t.calls.log.filter((id) => id === "call")).toHaveLength(6);
    expect(t.calls.log.filter((id) => id === "bad")).toHaveLength(3);
  });

  it.each<[Json, string, string]>([
    ["{{ input.none }}", "NODE_CONFIG_INVALID", "config.items gives nothing; give a list"],
    ["{{ input.text }}", "NODE_CONFIG_INVALID", 'config.items gives "a", which is no list'],
    ["{{ input.many }}", "ITERATION_TOO_LARGE", "config.items has 10001 items and may have 10000"],
    ["{{ input.large }}", "ITERATION_TOO_LARGE", "config.items takes more than 16777216 bytes"],
    [["{{ input.large }}"], "ITERATION_TOO_LARGE", "config.items takes more than 16777216 bytes"],
    ["{{ input.large | reverse }}", "ITERATION_TOO_LARGE", "config.items takes more than 16777216 bytes"],
    [["a{{ input.large }}"], "TEMPLATE_TOO_LARGE", "more than 1048576 bytes of text"],
  ])("fails for items %j, saying why", async (items, code, message) => {
    const t = await setup();
    t.worker();
    const large = JSON.stringify(items).includes("large") ? Array.from({ length: 17 }, () => "x".repeat(1 << 20)) : [];
    const input = { text: "a", many: Array.from({ length: 10_001 }, () => 0), large };
    const runId = await t.create(plan([each(items, plan([node("see", "pure")]))]), { input });
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", errorCode: code });
    const { rows } = await t.pool.query("select error_message from runtime.node_run where run_id = $1", [runId]);
    expect(rows[0].error_message).toContain(message);
  });
});

async function heldAt(t: EngineFixture, runId: string, path: string) {
  await t.until(runId, ({ nodes }) => nodes[path] === "RUNNING");
  for (;;) {
    const call = t.calls.held.get(`${runId}:${path}`);
    if (call !== undefined) return call;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
