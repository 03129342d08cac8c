import { newId } from "#shared/ids.ts";
import type { JsonObject } from "#shared/json.ts";
import type { PlanDocument, PlanNode } from "../../../subgraphs/runtime/engine/plan.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

async function setup(): Promise<EngineFixture> {
  return EngineFixture.open();
}

/** A loop whose body is the graph. */
function loop(body: PlanDocument, config: JsonObject, id = "loop", more: Partial<PlanNode> = {}): PlanNode {
  return node(id, "loop", { body: body as unknown as JsonObject, ...config }, more);
}

/** Adds one to a variable of the loop. */
const count = (id = "count", name = "n"): PlanNode =>
  node(id, "assigner", { assignments: { [`loop.${name}`]: `{{ loop.${name} | plus: 1 }}` } });

describe("a loop", () => {
  it("goes round until its condition holds, each round with the variables that the one before left", async () => {
    const t = await setup();
    t.worker();
    const body = plan([count(), node("see", "echo")], ["count>see"]);
    const config = {
      variables: { n: "{{ input.from }}", kept: "k" },
      until: "loop.n >= 5",
      output: "{{ index }}:{{ nodes.see.output.loop.n }}",
    };
    const view = await t.finished(await t.create(plan([loop(body, config)]), { input: { from: 2 } }));
    expect(view).toMatchObject({
      status: "COMPLETED",
      errorCode: null,
      outputJson: { result: "2:5", rounds: 3, stopped: "until", variables: { n: 5, kept: "k" } },
    });
    expect(view.nodes).toMatchObject({ "loop#0/see": "COMPLETED", "loop#2": "COMPLETED", loop: "COMPLETED" });
    expect(view.nodes["loop#3"]).toBeUndefined();
  });

  it.each<[string, JsonObject, JsonObject]>([
    ["completes after max_rounds", { until: "false", max_rounds: 3 }, { rounds: 3, stopped: "max_rounds", result: "say" }],
    ["needs no until", { max_rounds: 2 }, { rounds: 2, stopped: "max_rounds", result: "say" }],
    ["has 100 rounds where it does not say", { until: "false" }, { rounds: 100, stopped: "max_rounds" }],
    ["has one round where that is enough", { until: "true" }, { rounds: 1, stopped: "until", result: "say" }],
    ["stops by until in its last round", { until: "index == 1", max_rounds: 2 }, { rounds: 2, stopped: "until" }],
    ["asks for what a node of the round put out", { until: 'nodes.say.text == "say"' }, { rounds: 1 }],
  ])("%s", async (_, config, output) => {
    const t = await setup();
    t.worker();
    const view = await t.finished(await t.create(plan([loop(plan([node("say", "pure")]), config)])));
    expect(view).toMatchObject({ status: "COMPLETED", outputText: "say", outputJson: output });
  });

  it("asks what is not small in a thread, and gives the body's output all the same", async () => {
    const t = await setup();
    t.worker();
    const until = "input.rows.exists(row, row == index)";
    const view = await t.finished(await t.create(plan([loop(plan([node("say", "pure")]), { until })]), { input: { rows: [2, 3] } }));
    expect(view).toMatchObject({ status: "COMPLETED", outputText: "say", outputJson: { rounds: 3, stopped: "until" } });
  });

  it("hides the variables of a loop around it, and changes them through none", async () => {
    const t = await setup();
    t.worker();
    const inner = loop(plan([count("c", "x")]), { variables: { x: "{{ loop.n }}" }, until: "loop.x >= 3" }, "inner");
    const body = plan([count(), inner, node("see", "echo")], ["count>inner", "inner>see"]);
    const view = await t.finished(
      await t.create(plan([loop(body, { variables: { n: 0 }, max_rounds: 2, output: "{{ nodes.see.output.loop }}" })])),
    );
    expect(view.outputJson).toEqual({ result: { n: 2 }, rounds: 2, stopped: "max_rounds", variables: { n: 2 } });
    expect(view.nodes["loop#0/inner#1"]).toBe("COMPLETED");
    expect(view.nodes["loop#1/inner#0"]).toBe("COMPLETED");
    expect(view.nodes["loop#1/inner#1"]).toBeUndefined();
  });

  it("has its variables changed by the items of an iteration in it", async () => {
    const t = await setup();
    t.worker();
    const each = node("each", "iteration", { items: [1, 2, 3], body: plan([count()]) as unknown as JsonObject });
    const view = await t.finished(await t.create(plan([loop(plan([each]), { variables: { n: 0 }, max_rounds: 2 })])));
    expect(view.outputJson).toMatchObject({ variables: { n: 6 } });
  });

  it("fails with the round that fails, and says which; on_error handles it", async () => {
    const t = await setup();
    t.worker();
    const failing = loop(plan([count(), node("gate", "branch", { route: "go" }), node("bad", "fail")], ["count>gate", "gate>bad?go"]), {
      max_rounds: 3,
      variables: { n: 0 },
    });
    const runId = await t.create(plan([failing, node("never", "pure")], ["loop>never"]));
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", errorCode: "BROKEN", nodes: { loop: "FAILED", "loop#0": "FAILED" } });
    const { rows } = await t.pool.query("select error_message from runtime.node_run where run_id = $1 and path = 'loop'", [runId]);
    expect(rows).toEqual([{ error_message: "Round 0: The node bad failed: as told" }]);
    const handled = { ...failing, on_error: "branch" as const };
    const view = await t.finished(await t.create(plan([handled, node("sorry", "pure")], ["loop>sorry?error"])));
    expect(view).toMatchObject({ status: "COMPLETED", outputText: "sorry", nodes: { loop: "FAILED" } });
  });

  it.each<[string, JsonObject, string, string]>([
    ["a condition that gives no truth", { until: "loop.n" }, "EXPRESSION_NOT_BOOLEAN", "Round 0: "],
    ["a condition that reads what is not there", { until: "loop.none > 1" }, "EXPRESSION_FAILED", "Round 0: "],
    ["variables of more than 64 KiB", { until: "false", variables: { n: "x".repeat(70_000) } }, "STATE_TOO_LARGE", "config.variables"],
  ])("fails for %s, saying so", async (_, config, code, message) => {
    const t = await setup();
    t.worker();
    const runId = await t.create(plan([loop(plan([node("say", "pure")]), { variables: { n: 0 }, ...config })]));
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", errorCode: code });
    const { rows } = await t.pool.query("select error_message from runtime.node_run where run_id = $1 and path = 'loop'", [runId]);
    expect(rows[0].error_message).toContain(message);
  });

  it("fails where its variables grow beyond 64 KiB", async () => {
    const t = await setup();
    t.worker();
    const grow = node("grow", "assigner", { assignments: { "loop.t": "{{ loop.t }}{{ loop.t }}" } });
    const runId = await t.create(plan([loop(plan([grow]), { variables: { t: "x".repeat(1_000) }, max_rounds: 50 })]));
    expect(await t.finished(runId)).toMatchObject({
      status: "FAILED",
      errorCode: "STATE_TOO_LARGE",
      nodes: { "loop#5": "COMPLETED", "loop#6": "FAILED" },
    });
  });

  it("waits for a person in a round, and costs no worker", async () => {
    const t = await setup();
    t.worker();
    const runId = await t.create(
      plan([loop(plan([node("ask", "person"), count()], ["ask>count"]), { variables: { n: 0 }, until: "loop.n == 2" })]),
    );
    for (const round of [0, 1]) {
      await t.until(runId, ({ status, nodes }) => status === "WAITING" && nodes[`loop#${round}/ask`] === "WAITING");
      const { rows } = await t.pool.query("select from runtime.work where run_id = $1", [runId]);
      expect(rows).toHaveLength(0);
      await t.control.answerNode({ tenantId: "acme", runId, path: `loop#${round}/ask`, outcome: { kind: "completed", outputText: "on" } });
    }
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputJson: { rounds: 2, variables: { n: 2 } } });
  });
});

describe("a loop whose owner dies in a round", () => {
  it("goes on in that round with its variables, asks no earlier round again, and calls nothing again that had ended", async () => {
    const t = await setup();
    const first = t.worker();
    const each = node("each", "iteration", { items: [1, 2], body: plan([count("c", "sum")]) as unknown as JsonObject });
    const body = plan([count(), each, node("call", "hold"), node("see", "echo")], ["count>each", "each>call", "call>see"]);
    // What the condition reads is another by the time of the takeover.
    const config = { variables: { n: 0, sum: 0 }, until: "loop.n >= 4 || state.stop", output: "{{ nodes.see.output.loop }}" };
    const runId = await t.create(plan([node("start", "assign", { updates: { stop: false } }), loop(body, config)], ["start>loop"]));
    for (const round of [0, 1]) (await heldAt(t, runId, `loop#${round}/call`)).end();
    await heldAt(t, runId, "loop#2/call");
    await first.kill();
    for (const call of [...t.calls.held.values()]) call.end();
    const before = t.calls.log.length;
    await t.leasesEnd(runId);
    t.worker();
    for (const round of [2, 3]) (await heldAt(t, runId, `loop#${round}/call`)).end();
    const view = await t.finished(runId);
    expect(view).toMatchObject({
      status: "COMPLETED",
      outputJson: { rounds: 4, stopped: "until", result: { n: 4, sum: 8 }, variables: { n: 4, sum: 8 } },
    });
    expect(t.calls.log.slice(before).filter((id) => id === "call")).toHaveLength(2);
  });
});

describe("a loop", () => {
  it("is cancelled with all that is open in it, deepest first", async () => {
    const t = await setup();
    t.worker();
    const inner = loop(plan([node("call", "hold"), node("ask", "person")]), { max_rounds: 2 }, "inner");
    const runId = await t.create(plan([loop(plan([inner]), { max_rounds: 2 })]));
    await t.until(runId, ({ nodes }) => nodes["loop#0/inner#0/ask"] === "WAITING" && nodes["loop#0/inner#0/call"] === "RUNNING");
    await t.control.cancel({ tenantId: "acme", runId, reason: "no" });
    const view = await t.finished(runId);
    expect(view.status).toBe("CANCELLED");
    const { rows } = await t.pool.query("select path from runtime.node_run where run_id = $1 order by done_seq", [runId]);
    const order = rows.map(({ path }) => path as string);
    expect(order.slice(2)).toEqual(["loop#0/inner#0", "loop#0/inner", "loop#0", "loop"]);
  });

  it("offers calls beyond the slots, which see the variables as they stand", async () => {
    const t = await setup();
    t.worker({ slots: 1 });
    t.worker({ slots: 1 });
    const calls = [0, 1, 2, 3].map((index) => node(`see${index}`, "see-outside"));
    const body = plan(
      [count(), ...calls],
      calls.map(({ id }) => `count>${id}`),
    );
    const config = {
      variables: { n: 10, kept: "x".repeat(3_000) },
      max_rounds: 3,
      output: calls.map(({ id }) => `{{ nodes.${id}.output.loop.n }}`),
    };
    const view = await t.finished(await t.create(plan([loop(body, config)])));
    expect(view).toMatchObject({ status: "COMPLETED", outputJson: { result: [13, 13, 13, 13] } });
  });

  it("is gone on with by a new run in the round that failed", async () => {
    const t = await setup();
    t.worker();
    const body = plan([count(), node("call", "call"), node("once", "flaky", { failures: 1, byPath: true })], ["count>call", "call>once"]);
    const runId = await t.create(plan([loop(body, { variables: { n: 0 }, max_rounds: 3 })]));
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", errorCode: "FLAKY", nodes: { "loop#0": "FAILED" } });
    let last = runId;
    for (let forks = 0; forks < 3; forks++) {
      const newRunId = newId();
      expect(await t.control.retryRun({ tenantId: "acme", runId: last, newRunId })).toBe("created");
      await t.finished((last = newRunId));
    }
    expect(await t.finished(last)).toMatchObject({ status: "COMPLETED", outputJson: { rounds: 3, variables: { n: 3 } } });
    expect(t.calls.log.filter((id) => id === "call")).toHaveLength(3);
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
