import type { NodeExecutor } from "../../../subgraphs/runtime/nodes/executor.ts";
import { query } from "../../testkit/admin-query.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

async function setup(): Promise<EngineFixture> {
  return EngineFixture.open();
}

describe("a node whose call a part of the platform interrupted", () => {
  it("is called again until it is through, though it has no retry, with the same key and as the same attempt", async () => {
    const t = await setup();
    t.worker();
    const runId = await t.create(plan([node("a", "cut", { times: 3 }), node("z", "pure")], ["a>z"]));
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "COMPLETED", nodes: { a: "COMPLETED", z: "COMPLETED" } });
    expect(t.calls.attempts.get(`${runId}:a`)).toBe(4);
    const { rows } = await t.pool.query(
      "select attempt, output_text, error_code, effect_unknown from runtime.node_run where run_id = $1 and path = 'a'",
      [runId],
    );
    expect(rows).toEqual([{ attempt: 1, output_text: "attempt 1", error_code: null, effect_unknown: false }]);
    const spans = await t.pool.query("select from runtime.trace_span where run_id = $1", [runId]);
    expect(spans.rows).toEqual([]);
  });

  it("waits meanwhile, and says for what", async () => {
    const t = await setup();
    t.worker();
    const runId = await t.create(plan([node("a", "cut", { times: 1_000 })]));
    await t.until(runId, ({ nodes }) => nodes["a"] === "WAITING");
    const { rows } = await t.pool.query("select wait_reason, attempt, error_code, error_message from runtime.node_run where run_id = $1", [
      runId,
    ]);
    expect(rows).toEqual([
      { wait_reason: "RETRY", attempt: 1, error_code: "SUBGRAPH_UNREACHABLE", error_message: "the tool subgraph is away" },
    ]);
    expect(await t.control.cancel({ tenantId: "acme", runId })).toBe("applied");
    expect(await t.finished(runId)).toMatchObject({ status: "CANCELLED", nodes: { a: "CANCELLED" } });
  });

  it("has failed where its program is lost for an hour, which no other part may be for too long", async () => {
    const t = await setup();
    t.worker();
    const lost = await t.create(plan([node("a", "cut", { times: 1_000, code: "SANDBOX_LOST" })]));
    const away = await t.create(plan([node("a", "cut", { times: 1_000 })]));
    for (const runId of [lost, away]) await t.until(runId, ({ nodes }) => nodes["a"] === "WAITING");
    await query(t.adminUrl, "update runtime.node_run set created_at = created_at - interval '1 hour'");
    expect(await t.finished(lost)).toMatchObject({ status: "FAILED", nodes: { a: "FAILED" } });
    expect((await t.view(away)).nodes).toEqual({ a: "WAITING" });
  });

  it("goes on the same way where another worker executes it for the run's owner", async () => {
    const t = await setup();
    t.worker({ slots: 1 });
    const ids = ["a", "b", "c"];
    const runId = await t.create(plan(ids.map((id) => node(id, "cut", { times: 2 }))));
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED" });
    expect(ids.map((id) => t.calls.attempts.get(`${runId}:${id}`))).toEqual([3, 3, 3]);
  });

  it("asks a person under at_most_once where the call may have gone out, and only there", async () => {
    const t = await setup();
    t.worker();
    const once = (id: string, effectUnknown: boolean) => node(id, "cut", { times: 1, effectUnknown }, { at_most_once: true });
    const runId = await t.create(plan([once("sent", true), once("unsent", false)]));
    const view = await t.until(runId, ({ nodes, status }) => status === "WAITING" && nodes["unsent"] === "COMPLETED");
    expect(view.nodes).toEqual({ sent: "WAITING", unsent: "COMPLETED" });
    const { rows } = await t.pool.query("select wait_reason from runtime.node_run where run_id = $1 and path = 'sent'", [runId]);
    expect(rows).toEqual([{ wait_reason: "OUTCOME_UNKNOWN" }]);
    expect(t.calls.attempts.get(`${runId}:sent`)).toBe(1);
  });

  it("tells its text from the beginning again, apart from the text of before", async () => {
    const t = await setup();
    let calls = 0;
    const telling: NodeExecutor = {
      effect: "outside",
      run: (context) => {
        context.delta("hello");
        return Promise.resolve(
          calls++ === 0 ? { kind: "interrupted", code: "AWAY", message: "away" } : { kind: "completed", outputText: "hello" },
        );
      },
    };
    t.worker({ executors: (type) => (type === "telling" ? telling : t.executors(type)) });
    await t.finished(await t.create(plan([node("a", "telling")])));
    const deltas = t.hints.sent.map(([, , body]) => body as { attempt: number; epoch: number; offset: number });
    expect(deltas).toMatchObject([
      { attempt: 1, offset: 0 },
      { attempt: 1, offset: 0 },
    ]);
    expect(deltas[1]!.epoch).toBeGreaterThan(deltas[0]!.epoch);
  });

  it("holds nobody up in a run that fails", async () => {
    const t = await setup();
    t.worker();
    const runId = await t.create(plan([node("h", "hold"), node("a", "cut", { times: 1_000 })]));
    const call = await t.calls.heldNode("h");
    await t.until(runId, ({ nodes }) => nodes["a"] === "WAITING");
    call.end({ kind: "failed", code: "BROKEN", message: "as told", retryable: false });
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", errorCode: "BROKEN", nodes: { a: "CANCELLED", h: "FAILED" } });
  });
});
