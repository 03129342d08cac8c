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

const ten = Array.from({ length: 10 }, (_, index) => index);

describe("an iteration", () => {
  it("runs its body for each item, with item and index, and gives what they give in their order", async () => {
    const t = await setup();
    t.worker();
    const nodes = [each("{{ input.rows }}", plan([node("see", "echo")]), { output: "{{ nodes.see.output.item }}-{{ index }}", parallel: 3 })];
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
    const body = plan([node("slow", "hold"), node("ask", "person"), node("gate", "call", { ms: 30 }), node("bad", "poison", { items: [1] })], ["gate>bad"]);
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

  it("stops only the item that fails where the others go on", async () => {
    const t = await setup();
    t.worker();
    const body = plan([node("slow", "hold"), node("ask", "person"), node("bad", "poison", { items: [1] })], []);
    const runId = await t.create(plan([each([0, 1, 2], body, { parallel: 3, on_item_error: "continue", output: "{{ item }}" })]));
    await t.until(runId, ({ nodes }) => nodes["each#1"] === "FAILED" && nodes["each#2/ask"] === "WAITING");
    for (const call of [...t.calls.held.values()]) call.end();
    for (const item of [0, 2]) await t.control.answerNode({ tenantId: "acme", runId, path: `each#${item}/ask`, outcome: { kind: "completed" } });
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
      await t.control.answerNode({ tenantId: "acme", runId, path: `each#${item}/ask`, outcome: { kind: "completed", outputText: `${item}` } });
    }
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputJson: ["0", "1", "2"] });
  });
});
