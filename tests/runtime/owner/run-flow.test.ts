import { nodeRunStatusWord } from "../../../subgraphs/runtime/queue/statuses.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

async function setup(): Promise<EngineFixture> {
  return EngineFixture.open();
}

describe("a worker", () => {
  it("S-33: runs a chain, each node once, and stores the output of the last", async () => {
    const t = await setup();
    t.worker();
    const runId = await t.create(plan([node("a", "pure"), node("b", "call"), node("c", "pure", { output: { n: 1 } })], ["a>b", "b>c"]));
    const view = await t.finished(runId);
    expect(view).toMatchObject({
      status: "COMPLETED",
      outputText: "c",
      outputJson: { n: 1 },
      nodes: { a: "COMPLETED", b: "COMPLETED", c: "COMPLETED" },
    });
    expect(t.calls.log).toEqual(["a", "b", "c"]);
  });

  it("S-34: takes the branch of the route, skips the other, and joins behind both", async () => {
    const t = await setup();
    t.worker();
    const nodes = [node("if", "branch", { route: "true" }), node("yes", "pure"), node("no", "pure"), node("join", "pure")];
    const runId = await t.create(plan(nodes, ["if>yes?true", "if>no?false", "yes>join", "no>join"]));
    const view = await t.finished(runId);
    expect(view.nodes).toEqual({ if: "COMPLETED", yes: "COMPLETED", no: "SKIPPED", join: "COMPLETED" });
  });

  it("S-50: gives later nodes the state that assigners wrote, and stores it with the run", async () => {
    const t = await setup();
    t.worker();
    const nodes = [node("set", "assign", { updates: { score: 7 } }), node("see", "echo")];
    const view = await t.finished(await t.create(plan(nodes, ["set>see"]), { input: { q: "hi" } }));
    expect(view.state).toEqual({ score: 7 });
    expect(view.outputJson).toMatchObject({ state: { score: 7 }, input: { q: "hi" }, nodes: { set: { text: null, output: null } } });
  });

  it("S-50: fails the assigner that makes the state larger than 1 MiB, naming the limit, and keeps what was there", async () => {
    const t = await setup();
    t.worker();
    const half = "x".repeat(600 * 1024);
    const nodes = [node("one", "assign", { updates: { a: half } }), node("two", "assign", { updates: { b: half } }), node("see", "pure")];
    const runId = await t.create(plan(nodes, ["one>two", "two>see"]));
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "FAILED", errorCode: "STATE_TOO_LARGE", nodes: { one: "COMPLETED", two: "FAILED" } });
    expect(Object.keys(view.state)).toEqual(["a"]);
    const { rows } = await t.pool.query("select error_message from runtime.node_run where run_id = $1 and path = 'two'", [runId]);
    expect(rows[0].error_message).toContain("1 MiB");
    const same = [node("one", "assign", { updates: { a: half } }), node("again", "assign", { updates: { a: half } })];
    expect((await t.finished(await t.create(plan(same, ["one>again"])))).status).toBe("COMPLETED");
  });

  it("S-50: measures the state in bytes, and what an earlier owner made of it too", async () => {
    const t = await setup();
    t.worker();
    const wide = "\u6f22".repeat(400 * 1024);
    const alone = await t.create(plan([node("one", "assign", { updates: { a: wide } })]));
    expect(await t.finished(alone)).toMatchObject({ status: "FAILED", errorCode: "STATE_TOO_LARGE" });
    const half = "x".repeat(600 * 1024);
    const nodes = [node("one", "assign", { updates: { a: half } }), node("ask", "person"), node("two", "assign", { updates: { b: half } })];
    const runId = await t.create(plan(nodes, ["one>ask", "ask>two"]));
    await t.until(runId, ({ status }) => status === "WAITING");
    await t.control.answerNode({ tenantId: "acme", runId, path: "ask", outcome: { kind: "completed" } });
    expect(await t.finished(runId)).toMatchObject({ errorCode: "STATE_TOO_LARGE", nodes: { one: "COMPLETED", two: "FAILED" } });
  });

  it("runs a fan-out of outside nodes beyond its slots through offers, and each once", async () => {
    const t = await setup();
    t.worker({ slots: 4 });
    t.worker({ slots: 4 });
    const ids = Array.from({ length: 60 }, (_, index) => `n${index}`);
    const nodes = [node("first", "pure"), ...ids.map((id) => node(id, "call", { ms: 5 })), node("last", "pure")];
    const edges = ids.flatMap((id) => [`first>${id}`, `${id}>last`]);
    const view = await t.finished(await t.create(plan(nodes, edges)));
    expect(view.errorCode).toBeNull();
    expect(view.status).toBe("COMPLETED");
    expect(t.calls.log.toSorted()).toEqual(["first", "last", ...ids].toSorted());
  });

  it("fails the run when a node fails that nothing handles, and cancels its siblings", async () => {
    const t = await setup();
    t.worker();
    const nodes = [
      node("slow", "hold"),
      node("wait", "person"),
      node("gate", "call", { ms: 50 }),
      node("bad", "fail"),
      node("never", "pure"),
    ];
    const runId = await t.create(plan(nodes, ["gate>bad", "bad>never"]));
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "FAILED", errorCode: "BROKEN" });
    expect(view.nodes).toEqual({ slow: "CANCELLED", wait: "CANCELLED", gate: "COMPLETED", bad: "FAILED" });
  });

  it("tries a failed node again after its pause, with the same effect key, and records each attempt as a span", async () => {
    const t = await setup();
    t.worker();
    const retry = { max_attempts: 3, backoff_seconds: 0.02 };
    const runId = await t.create(plan([node("f", "flaky", { failures: 2 }, { retry })]));
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputText: "attempt 3" });
    const { rows } = await t.pool.query("select span_type, status from runtime.span where run_id = $1 and path = 'f' order by started_at", [
      runId,
    ]);
    expect(rows).toEqual([
      { span_type: "NODE", status: 2 },
      { span_type: "NODE", status: 2 },
      { span_type: "NODE", status: 1 },
    ]);
  });

  it("wakes a run when its timer is due", async () => {
    const t = await setup();
    t.worker();
    const runId = await t.create(plan([node("t", "timer", { ms: 150 }), node("after", "pure")], ["t>after"]));
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", nodes: { t: "COMPLETED", after: "COMPLETED" } });
    // By then it is long over that it waited; its events tell.
    const { rows } = await t.pool.query("select status from runtime.run_event where run_id = $1 and path = 't' order by seq", [runId]);
    expect(rows.map(({ status }) => nodeRunStatusWord(status))).toEqual(["WAITING", "COMPLETED"]);
  });

  it("stops a node at its deadline and fails it with NODE_TIMEOUT", async () => {
    const t = await setup();
    t.worker();
    const runId = await t.create(plan([node("h", "hold", {}, { timeout_seconds: 0.1 })]));
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", errorCode: "NODE_TIMEOUT" });
  });

  it("keeps large outputs in an artifact and reads them back whole after a takeover", async () => {
    const t = await setup();
    const first = t.worker();
    const text = "x".repeat(5_000);
    const runId = await t.create(
      plan([node("big", "pure", { output: { text } }), node("w", "person"), node("see", "echo")], ["big>w", "w>see"]),
    );
    await t.until(runId, ({ status }) => status === "WAITING");
    await first.stop();
    const { rows } = await t.pool.query(
      "select output_json, output_artifact_id is not null as out from runtime.node_run where path = 'big'",
    );
    expect(rows).toEqual([{ output_json: null, out: true }]);
    t.worker();
    await t.control.answerNode({ tenantId: "acme", runId, path: "w", outcome: { kind: "completed" } });
    expect((await t.finished(runId)).outputJson).toMatchObject({ nodes: { big: { output: { text } } } });
  });

  it.each([
    ["a NUL", 0],
    ["half of a surrogate pair", 0xd800],
  ])("completes a node whose output holds %s, without it, and says so in a span", async (_, code) => {
    const t = await setup();
    t.worker();
    const good = await Promise.all([1, 2, 3].map(() => t.create(plan([node("ok", "pure")]))));
    const bad = await t.create(plan([node("before", "pure"), node("bad", "unstorable", { code })], ["before>bad"]));
    const more = await t.create(plan([node("ok", "pure")]));
    expect(await t.finished(bad)).toMatchObject({ status: "COMPLETED", nodes: { before: "COMPLETED", bad: "COMPLETED" } });
    const { rows } = await t.pool.query("select path, span_type, attributes from runtime.trace_span where run_id = $1", [bad]);
    expect(rows).toEqual([{ path: "bad", span_type: "NODE", attributes: { "output.replaced_characters": 1 } }]);
    for (const runId of [...good, more]) expect((await t.finished(runId)).status).toBe("COMPLETED");
  });

  it("leaves the session's message in the outbox when a run with a session completes", async () => {
    const t = await setup();
    t.worker();
    const runId = await t.create(plan([node("a", "answer", { answer: "hello" })]), { sessionId: "s1" });
    await t.finished(runId);
    const { rows } = await t.pool.query("select run_id, tenant_id, session_id, output_text from runtime.outbox");
    expect(rows).toEqual([{ run_id: runId, tenant_id: "acme", session_id: "s1", output_text: "hello" }]);
  });

  it("works without a single hint, by its slow poll", async () => {
    const t = await setup();
    t.hints.isSilent = true;
    t.worker();
    expect((await t.finished(await t.create(plan([node("a", "call")])))).status).toBe("COMPLETED");
  });
});
