import type { PlanRetry } from "../../../subgraphs/runtime/engine/plan.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

async function setup(): Promise<EngineFixture> {
  return EngineFixture.open();
}

/** A node that says the next text in each attempt, and is asked for `when`; four attempts. */
const asking = (texts: (string | null)[], when: string, more: object = {}, retry: Partial<PlanRetry> = {}) =>
  node("ask", "texts", { texts }, { retry: { max_attempts: 4, backoff_seconds: 0.01, when, ...retry }, ...more });

const rowOf = async (t: EngineFixture, runId: string) => {
  const { rows } = await t.pool.query(
    "select status, attempt, error_code, error_message, output_text, output_json, effect_key from runtime.node_run where run_id = $1 and path = 'ask'",
    [runId],
  );
  return rows[0];
};

describe("retry.when", () => {
  it("makes an attempt again that succeeded, as long as it holds for its output", async () => {
    const t = await setup();
    t.worker();
    const runId = await t.create(plan([asking(["a", "ab", "abc", "abcd"], "output.length < 3")]));
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputText: "abc", handledErrors: 0 });
    expect(await rowOf(t, runId)).toMatchObject({ attempt: 3, error_code: null });
    const { rows } = await t.pool.query(
      "select status, error_code from runtime.span where run_id = $1 and path = 'ask' order by started_at",
      [runId],
    );
    expect(rows).toEqual([
      { status: 2, error_code: "OUTPUT_REJECTED" },
      { status: 2, error_code: "OUTPUT_REJECTED" },
      { status: 1, error_code: null },
    ]);
  });

  it("sends another key with each of them, for the other side would give the same answer again; the same one after a failure", async () => {
    const t = await setup();
    t.worker();
    const runId = await t.create(plan([asking(["a", null, "ab", "abc"], "output.length < 3")]));
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputText: "abc" });
    const [first, second, third, fourth] = t.calls.keys;
    expect(first).toBe(`${runId}:ask`);
    expect(second).not.toBe(first);
    expect(third).toBe(second);
    expect([first, second]).not.toContain(fourth);
  });

  it("fails with OUTPUT_REJECTED when no attempt is left, and keeps what was rejected", async () => {
    const t = await setup();
    t.worker();
    const runId = await t.create(plan([asking(["a", "b", "c", "d", "e"], "text.size() < 3"), node("after", "pure")], ["ask>after"]));
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "FAILED", errorCode: "OUTPUT_REJECTED", nodes: { ask: "FAILED" } });
    const row = await rowOf(t, runId);
    expect(row).toMatchObject({ attempt: 4, output_text: "d", output_json: { length: 1 } });
    expect(row.error_message).toContain("text.size() < 3");
  });

  it("is a failure as any other to on_error: the branch reads what was rejected", async () => {
    const t = await setup();
    t.worker();
    const node1 = asking(["a", "b"], "true", { on_error: "branch" }, { max_attempts: 2 });
    const view = await t.finished(await t.create(plan([node1, node("saved", "echo")], ["ask>saved?error"])));
    expect(view).toMatchObject({ status: "COMPLETED", handledErrors: 1 });
    expect(view.outputJson).toMatchObject({ nodes: { ask: { text: "b", output: { length: 1 }, error: { code: "OUTPUT_REJECTED" } } } });
    const other = asking(["a"], "true", { on_error: { default: { output_text: "none" } } }, { max_attempts: 1 });
    expect(await t.finished(await t.create(plan([other])))).toMatchObject({ status: "COMPLETED", handledErrors: 1, outputText: "none" });
  });

  it("sees the scope beside the output, and is not asked of an attempt that failed", async () => {
    const t = await setup();
    t.worker();
    const nodes = [
      node("set", "assign", { updates: { least: 2 } }),
      asking([null, "a", "ab"], "output.length < state.least && input.strict"),
    ];
    const strict = await t.create(plan(nodes, ["set>ask"]), { input: { strict: true } });
    expect(await t.finished(strict)).toMatchObject({ status: "COMPLETED", outputText: "ab" });
    const lenient = await t.create(plan(nodes, ["set>ask"]), { input: { strict: false } });
    expect(await t.finished(lenient)).toMatchObject({ status: "COMPLETED", outputText: "a" });
  });

  it.each([
    ["output.score < 3", "EXPRESSION_FAILED"],
    ["output.length", "EXPRESSION_NOT_BOOLEAN"],
  ])("that cannot be told (%s) fails the node with %s, says that it was retry.when, and makes no call again", async (when, code) => {
    const t = await setup();
    t.worker();
    const runId = await t.create(plan([asking(["a", "b"], when)]));
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", errorCode: code });
    const row = await rowOf(t, runId);
    expect(row).toMatchObject({ attempt: 1, output_text: "a" });
    expect(row.error_message).toMatch(/^retry\.when: .*output/);
    expect(t.calls.keys).toHaveLength(1);
  });

  it("is asked where the node was offered to another worker, which sends the next attempt's key too", async () => {
    const t = await setup();
    t.worker({ slots: 0, workerKey: "owner" });
    t.worker({ only: ["texts"], slots: 4, workerKey: "other" });
    const runId = await t.create(plan([asking(["a", "ab"], "output.length < 2")]));
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputText: "ab" });
    const { effect_key: key } = await rowOf(t, runId);
    expect(t.calls.keys).toEqual([`${runId}:ask`, key]);
    expect(key).not.toBe(`${runId}:ask`);
  });

  it("is asked of a node that only computes", async () => {
    const t = await setup();
    t.worker();
    const pure = node("p", "pure", {}, { retry: { max_attempts: 2, backoff_seconds: 0, when: 'text == "p"' } });
    expect(await t.finished(await t.create(plan([pure])))).toMatchObject({ status: "FAILED", errorCode: "OUTPUT_REJECTED" });
  });

  it("keeps attempt and key over the death of the owner", async () => {
    const t = await setup();
    const first = t.worker();
    const runId = await t.create(plan([asking(["a", "ab"], "output.length < 2", {}, { backoff_seconds: 3_600 })]));
    await t.until(runId, ({ nodes }) => nodes["ask"] === "WAITING");
    await first.kill();
    await t.pool.query("update runtime.node_run set due_at = now() where run_id = $1", [runId]);
    await t.pool.query("update runtime.work set visible_at = now() where run_id = $1", [runId]);
    t.worker();
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputText: "ab" });
    const { effect_key: key } = await rowOf(t, runId);
    expect(t.calls.keys).toEqual([`${runId}:ask`, key]);
    expect(key).not.toBe(`${runId}:ask`);
  });

  it("is not asked in a dry run, where the output is none", async () => {
    const t = await setup();
    t.worker();
    const runId = await t.create(plan([asking(["a"], "output.score < 3")]), { dryRun: true });
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputText: "a" });
  });

  it("is not asked of what a person answers", async () => {
    const t = await setup();
    t.worker();
    const person = node("ask", "person", {}, { retry: { max_attempts: 3, when: "true" } });
    const runId = await t.create(plan([person]));
    await t.until(runId, ({ status }) => status === "WAITING");
    await t.control.answerNode({ tenantId: "acme", runId, path: "ask", outcome: { kind: "completed", outputText: "mine" } });
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputText: "mine" });
  });
});
