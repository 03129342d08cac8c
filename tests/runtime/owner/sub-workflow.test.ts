import { newId } from "#shared/ids.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import type { PlanDocument, PlanNode } from "../../../subgraphs/runtime/engine/plan.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

async function setup(): Promise<EngineFixture> {
  return EngineFixture.open();
}

/** A node that runs the workflow `version` of the plan. */
function sub(input: Json = {}, version = "v1", id = "sub", more: Partial<PlanNode> = {}): PlanNode {
  return node(id, "sub-workflow", { workflow_version_id: version, input }, more);
}

/** The plan, with these workflows in it. */
function withWorkflows(document: PlanDocument, ...workflows: PlanDocument[]): PlanDocument {
  return { ...document, workflows: Object.fromEntries(workflows.map((workflow, index) => [`v${index + 1}`, workflow])) };
}

const set = (key: string, value: Json, id = `set-${key}`): PlanNode => node(id, "assigner", { assignments: { [key]: value } });

describe("a sub-workflow", () => {
  it("runs with its input, in a state of its own, and gives its output and that state", async () => {
    const t = await setup();
    t.worker();
    const inner = plan(
      [set("mine", "{{ input.city }}"), node("see", "echo"), node("reply", "answer", { answer: "hello" })],
      ["set-mine>see", "see>reply"],
    );
    const outer = plan([set("outer", 1), sub({ city: "{{ input.town }}" }), node("last", "echo")], ["set-outer>sub", "sub>last"]);
    const runId = await t.create(withWorkflows(outer, inner), { input: { town: "Bern" } });
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "COMPLETED", errorCode: null });
    expect(view.outputJson).toMatchObject({
      state: { outer: 1 },
      input: { town: "Bern" },
      nodes: { sub: { text: "hello", output: { result: "hello", state: { mine: "Bern" } } } },
    });
    expect(Object.keys(view.nodes).toSorted()).toEqual(["last", "set-outer", "sub", "sub/reply", "sub/see", "sub/set-mine"]);
    const { rows } = await t.pool.query("select output_json from runtime.node_run where run_id = $1 and path = 'sub/see'", [runId]);
    const { nodes, ...seen } = rows[0].output_json as JsonObject;
    expect(seen).toEqual({ state: { mine: "Bern" }, input: { city: "Bern" } });
    expect(Object.keys(nodes as JsonObject)).toEqual(["set-mine"]);
  });

  it("sees neither nodes nor item nor loop of what is around it", async () => {
    const t = await setup();
    t.worker();
    const inner = plan([node("see", "see-outside", { all: true })]);
    const each = node("each", "iteration", {
      items: [7],
      body: plan([node("near", "pure"), sub({ it: "{{ item }}" })], ["near>sub"]) as unknown as JsonObject,
    });
    const loop = node("loop", "loop", { max_rounds: 1, variables: { n: 1 }, body: plan([each]) as unknown as JsonObject });
    const view = await t.finished(await t.create(withWorkflows(plan([node("outer", "pure"), loop], ["outer>loop"]), inner)));
    const seen = { item: null, index: null, nodes: [], input: { it: 7 }, state: {} };
    // Exactly: of a loop around it nothing is there.
    expect(view.outputJson).toMatchObject({ result: [{ result: seen, state: {} }] });
    expect((view.outputJson as { result: { result: object }[] }).result[0]?.result).toEqual(seen);
    expect(view.nodes["loop#0/each#0/sub/see"]).toBe("COMPLETED");
  });

  it("may be empty, and stand within others of its kind, each in its own state", async () => {
    const t = await setup();
    t.worker();
    const middle = plan(
      [set("k", "middle"), sub({ from: "{{ state.k }}" }, "v2", "deeper"), node("see", "echo")],
      ["set-k>deeper", "deeper>see"],
    );
    const inner = plan([set("k", "{{ input.from }} inner")]);
    const view = await t.finished(await t.create(withWorkflows(plan([sub({}, "v1"), sub({}, "v3", "none")]), middle, inner, plan([]))));
    expect(view).toMatchObject({ status: "COMPLETED", nodes: { "sub/deeper/set-k": "COMPLETED", none: "COMPLETED" } });
    expect(view.outputJson).toMatchObject({
      sub: { state: { k: "middle" }, result: { state: { k: "middle" }, nodes: { deeper: { output: { state: { k: "middle inner" } } } } } },
      none: { result: null, state: {} },
    });
  });

  it("fails with the node that fails in it; on_error and on_item_error handle it", async () => {
    const t = await setup();
    t.worker();
    const inner = plan([node("slow", "hold"), node("ask", "person"), node("gate", "call", { ms: 30 }), node("bad", "fail")], ["gate>bad"]);
    const runId = await t.create(withWorkflows(plan([sub(), node("never", "pure")], ["sub>never"]), inner));
    const view = await t.finished(runId);
    expect(view).toMatchObject({
      status: "FAILED",
      errorCode: "BROKEN",
      nodes: { sub: "FAILED", "sub/bad": "FAILED", "sub/slow": "CANCELLED", "sub/ask": "CANCELLED" },
    });
    const { rows } = await t.pool.query("select error_message from runtime.node_run where run_id = $1 and path = 'sub'", [runId]);
    expect(rows).toEqual([{ error_message: "The node bad failed: as told" }]);
    const handled = withWorkflows(plan([sub({}, "v1", "sub", { on_error: "branch" }), node("sorry", "pure")], ["sub>sorry?error"]), inner);
    expect(await t.finished(await t.create(handled))).toMatchObject({
      status: "COMPLETED",
      outputText: "sorry",
      nodes: { "sub/slow": "CANCELLED" },
    });
    const each = node("each", "iteration", { items: [1, 2], on_item_error: "continue", body: plan([sub()]) as unknown as JsonObject });
    expect(await t.finished(await t.create(withWorkflows(plan([each]), plan([node("bad", "fail")]))))).toMatchObject({
      status: "COMPLETED",
      outputJson: [null, null],
    });
  });

  it("is given more than a template may make, as it is", async () => {
    const t = await setup();
    t.worker();
    const body = plan([node("see", "pure")]) as unknown as JsonObject;
    const inner = plan([node("each", "iteration", { items: "{{ input.rows }}", output: "{{ item | size }}", body })]);
    const rows = Array.from({ length: 3 }, () => "x".repeat(1 << 20));
    const runId = await t.create(withWorkflows(plan([sub({ rows: "{{ input.rows }}" })]), inner), { input: { rows } });
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputJson: { result: rows.map(() => 1 << 20) } });
  });

  it.each<[Json, string, string]>([
    ["{{ input.none }}", "NODE_CONFIG_INVALID", "config.input gives nothing; give an object"],
    ["{{ input.list }}", "NODE_CONFIG_INVALID", "config.input gives [1], which is no object"],
    [{ a: "{{ input.large }}" }, "SUB_WORKFLOW_TOO_LARGE", "config.input takes more than 16777216 bytes"],
  ])("fails for the input %j, saying why", async (input, code, message) => {
    const t = await setup();
    t.worker();
    const large = JSON.stringify(input).includes("large") ? Array.from({ length: 17 }, () => "x".repeat(1 << 20)) : [];
    const given = { list: [1], large };
    const runId = await t.create(withWorkflows(plan([sub(input)]), plan([node("see", "pure")])), { input: given });
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", errorCode: code });
    const { rows } = await t.pool.query("select error_message from runtime.node_run where run_id = $1", [runId]);
    expect(rows[0].error_message).toContain(message);
  });

  it("goes on after its owner's death with its input and state, and calls nothing again that had ended", async () => {
    const t = await setup();
    const first = t.worker();
    const nodes = [
      set("a", "{{ input.text.size }}"),
      node("one", "hold"),
      set("b", "{{ state.a }}"),
      node("two", "hold"),
      node("see", "echo"),
    ];
    const inner = plan(nodes, ["set-a>one", "one>set-b", "set-b>two", "two>see"]);
    const runId = await t.create(withWorkflows(plan([set("outer", 1), sub({ text: "{{ input.text }}" })], ["set-outer>sub"]), inner), {
      input: { text: "x".repeat(5_000) },
    });
    (await heldAt(t, runId, "sub/one")).end();
    await heldAt(t, runId, "sub/two");
    await first.kill();
    for (const call of [...t.calls.held.values()]) call.end();
    await t.leasesEnd(runId);
    t.worker();
    (await heldAt(t, runId, "sub/two")).end();
    const view = await t.finished(runId);
    expect(view).toMatchObject({
      status: "COMPLETED",
      outputJson: { state: { a: 5000, b: 5000 }, result: { state: { a: 5000, b: 5000 } } },
    });
    expect(t.calls.log.filter((id) => id === "one")).toHaveLength(1);
    const { rows } = await t.pool.query("select state from runtime.run where id = $1", [runId]);
    expect(rows).toEqual([{ state: { outer: 1 } }]);
  });

  it("is cancelled with what is open in it, deepest first", async () => {
    const t = await setup();
    t.worker();
    const middle = plan([sub({}, "v2", "deeper")]);
    const runId = await t.create(withWorkflows(plan([sub()]), middle, plan([node("call", "hold"), node("ask", "person")])));
    await t.until(runId, ({ nodes }) => nodes["sub/deeper/ask"] === "WAITING" && nodes["sub/deeper/call"] === "RUNNING");
    await t.control.cancel({ tenantId: "acme", runId, reason: "no" });
    expect((await t.finished(runId)).status).toBe("CANCELLED");
    const { rows } = await t.pool.query("select path from runtime.node_run where run_id = $1 order by done_seq", [runId]);
    expect(rows.map(({ path }) => path as string).slice(2)).toEqual(["sub/deeper", "sub"]);
  });

  it("offers calls beyond the slots, which see its input and its state", async () => {
    const t = await setup();
    t.worker({ slots: 1 });
    t.worker({ slots: 1 });
    const calls = [0, 1, 2, 3].map((index) => node(`see${index}`, "see-outside", { all: true }));
    const inner = plan(
      [set("k", "own"), ...calls],
      calls.map(({ id }) => `set-k>${id}`),
    );
    const text = "x".repeat(3_000);
    const outer = plan([set("k", "outer"), node("near", "pure"), sub({ text: "{{ input.text }}" })], ["set-k>sub", "near>sub"]);
    const view = await t.finished(await t.create(withWorkflows(outer, inner), { input: { text, more: 1 } }));
    expect(view).toMatchObject({ status: "COMPLETED", errorCode: null });
    const seen = (view.outputJson as JsonObject)["result"] as Record<string, { nodes: string[] }>;
    expect(Object.keys(seen).toSorted()).toEqual(calls.map(({ id }) => id));
    // Of the other calls it sees those that had ended when it began: which is up to the workers. Of what is around it, it sees none.
    const mayBeSeen = ["set-k", ...calls.map(({ id }) => id)];
    for (const { nodes, ...rest } of Object.values(seen)) {
      expect(rest).toEqual({ item: null, index: null, input: { text }, state: { k: "own" } });
      expect(nodes).toContain("set-k");
      expect(mayBeSeen).toEqual(expect.arrayContaining(nodes));
    }
  });

  it("is gone on with by a new run from where it failed, in the state that it had", async () => {
    const t = await setup();
    t.worker();
    const nodes = [set("k", 1), node("call", "call"), node("once", "flaky", { failures: 1, byPath: true }), node("see", "echo")];
    const inner = plan(nodes, ["set-k>call", "call>once", "once>see"]);
    const runId = await t.create(withWorkflows(plan([sub({ a: 1 })]), inner));
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", errorCode: "FLAKY" });
    const newRunId = newId();
    expect(await t.control.retryRun({ tenantId: "acme", runId, newRunId })).toBe("created");
    expect(await t.finished(newRunId)).toMatchObject({
      status: "COMPLETED",
      outputJson: { state: { k: 1 }, result: { state: { k: 1 }, input: { a: 1 } } },
    });
    expect(t.calls.log.filter((id) => id === "call")).toHaveLength(1);
  });

  it("fails where its state grows beyond 1 MiB", async () => {
    const t = await setup();
    t.worker();
    const inner = plan([set("k", "{{ input.text }}"), set("l", "{{ input.text }}"), node("never", "pure")], ["set-k>set-l", "set-l>never"]);
    const runId = await t.create(withWorkflows(plan([sub({ text: "{{ input.text }}" })]), inner), { input: { text: "x".repeat(600_000) } });
    expect(await t.finished(runId)).toMatchObject({
      status: "FAILED",
      errorCode: "STATE_TOO_LARGE",
      nodes: { "sub/set-k": "COMPLETED", "sub/set-l": "FAILED" },
    });
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
